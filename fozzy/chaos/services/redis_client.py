"""A small client of Redis, to ask a server without the client that is tested and without any proxy.

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/, version 2.
"""

from __future__ import annotations

from typing import Any

from fozzy.chaos.services.wire import SOON_S, Wire
from fozzy.faults.tcp.frames.resp import request_of


class RedisRefusal(Exception):
    """The server answered with an error, which is the text."""


class RedisClient:
    """One connection. *Errors*: `RedisRefusal`, `OSError`. *Closes*: as a context, or by `close`."""

    def __init__(self, port: int, within_s: float = SOON_S) -> None:
        self._wire = Wire(port, within_s)

    def __enter__(self) -> RedisClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, and wait until its place is free again."""
        self._wire.leave()

    def ask(self, *words: str | int | float) -> Any:
        """The reply to a command: bytes, a number, none, or a list of these."""
        self._wire.send(request_of(*map(str, words)))
        return self._reply()

    def _reply(self) -> Any:
        head = self._wire.until(b"\r\n")
        kind, rest = head[:1], head[1:]
        if kind == b"-":
            raise RedisRefusal(rest.decode("utf-8", "replace"))
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self._bulk(int(rest))
        if kind == b"*":
            return None if rest == b"-1" else [self._reply() for _ in range(int(rest))]
        raise ConnectionError(f"what answers is no Redis: {head[:20]!r}")

    def _bulk(self, size: int) -> bytes | None:
        return None if size < 0 else self._wire.exactly(size + 2)[:-2]

"""A small client of PostgreSQL, to ask a server without the client that is tested and without any proxy.

Source: https://www.postgresql.org/docs/current/protocol.html, version 3.0, simple queries, nobody asks for a password.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from fozzy.chaos.services.wire import SOON_S, Wire

VERSION = 3 << 16
_KINDS: dict[int, Callable[[str], Any]] = {  # by the number of a type in pg_type; all others are texts
    16: lambda text: text == "t",
    17: lambda text: bytes.fromhex(text.removeprefix("\\x")),
    **dict.fromkeys((20, 21, 23, 26), int),
    **dict.fromkeys((700, 701), float),
}


class PostgresRefusal(Exception):
    """The server answered with an error; `state` is its SQLSTATE."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(f"{message} ({state})")
        self.state = state


class PostgresClient:
    """One session. *Errors*: `PostgresRefusal`, `OSError`. *Closes*: as a context, or by `close`."""

    def __init__(self, port: int, user: str, database: str, within_s: float = SOON_S) -> None:
        self._wire = Wire(port, within_s)
        try:
            said = b"".join(word.encode() + b"\0" for word in ("user", user, "database", database)) + b"\0"
            self._wire.send(struct.pack("!II", len(said) + 8, VERSION) + said)
            self._answer()
        except BaseException:
            self._wire.close()
            raise

    def __enter__(self) -> PostgresClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, and wait until its place is free again."""
        self._wire.leave(b"X\0\0\0\4")

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement; of several those of the last that has some."""
        body = statement.encode() + b"\0"
        self._wire.send(b"Q" + struct.pack("!I", len(body) + 4) + body)
        return self._answer()

    def _answer(self) -> list[tuple[Any, ...]]:
        """All messages up to the one that says that the server is ready."""
        kinds: list[Callable[[str], Any]] = []
        rows: list[tuple[Any, ...]] = []
        refusal: PostgresRefusal | None = None
        while True:
            of, body = self._message()
            if of == b"T":
                kinds, rows = _kinds(body), []
            elif of == b"D":
                rows.append(_row(body, kinds))
            elif of == b"E":
                refusal = _refusal(body)
                if refusal.args[0].startswith("FATAL"):
                    raise refusal
            elif of == b"Z":
                break
        if refusal is not None:
            raise refusal
        return rows

    def _message(self) -> tuple[bytes, bytes]:
        of, size = struct.unpack("!cI", self._wire.exactly(5))
        return of, self._wire.exactly(size - 4)


def _kinds(body: bytes) -> list[Callable[[str], Any]]:
    """How the columns of a RowDescription are read."""
    found, at = [], 2
    for _ in range(int.from_bytes(body[:2], "big")):
        at = body.index(b"\0", at) + 1
        found.append(_KINDS.get(int.from_bytes(body[at + 6 : at + 10], "big"), str))
        at += 18
    return found


def _row(body: bytes, kinds: list[Callable[[str], Any]]) -> tuple[Any, ...]:
    """A DataRow."""
    found: list[Any] = []
    at = 2
    for kind in kinds:
        (size,) = struct.unpack_from("!i", body, at)
        at += 4
        found.append(None if size < 0 else kind(body[at : at + size].decode()))
        at += max(size, 0)
    return tuple(found)


def _refusal(body: bytes) -> PostgresRefusal:
    """An ErrorResponse."""
    fields = {each[:1]: each[1:].decode("utf-8", "replace") for each in body.split(b"\0") if each}
    return PostgresRefusal(fields.get(b"C", ""), f"{fields.get(b'V', fields.get(b'S', ''))}: {fields.get(b'M', '')}")

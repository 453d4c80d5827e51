"""A private Redis: no files, no configuration but ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from fozzy import wall
from fozzy.chaos.services.binaries import needed
from fozzy.chaos.services.redis_client import RedisClient, RedisRefusal
from fozzy.chaos.services.service import LOOK_NS, Service
from fozzy.chaos.services.wire import SOON_S

QUIET = ("--save", "", "--databases", "16", "--loglevel", "warning", "--hz", "50")
ASK_S = 1.0  # for one look whether it is there


class RedisServer(Service):
    """`redis-server` on a free port. *Errors*: `UsageError` `chaos.no_program` where there is none."""

    name = "redis-server"
    protocol = "redis"

    def __init__(self) -> None:
        super().__init__([self.name], url="redis://127.0.0.1:{port}/0")
        self.is_persistent = False
        self._settings: dict[str, str] = {}

    def command(self) -> list[str]:
        """How it is started."""
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        keeping = ["--appendonly", "yes" if self.is_persistent else "no", "--appendfsync", "always"]
        return [needed("redis-server"), *place, *QUIET, *keeping]

    def answers(self) -> bool:
        """Whether it answers, and no stranger does."""
        with contextlib.suppress(OSError, RedisRefusal), self.direct(ASK_S) as client:
            client.ask("PING")  # refused while it reads its data
            return f"process_id:{self.pid}\r\n".encode() in client.ask("INFO", "server")
        return False

    def direct(self, within_s: float = SOON_S) -> RedisClient:
        """A connection to it that is no client's. *Closes*: by whoever asked for it."""
        return RedisClient(self.port, within_s)

    def ask(self, *words: str | int | float) -> Any:
        """The reply to one command, asked without any client and any proxy. *Errors*: `RedisRefusal`."""
        with self.direct() as client:
            return client.ask(*words)

    def get(self, key: str) -> str | None:
        """What a key holds."""
        held = self.ask("GET", key)
        return None if held is None else held.decode("utf-8", "replace")

    def clear(self) -> None:
        """As new: no data, no scripts, no users, no settings, no clients of others."""
        self.start()
        with self.direct() as client:
            self._settle(client)
            client.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            client.ask("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes")
            for words in (["FLUSHALL"], ["FUNCTION", "FLUSH"], ["SCRIPT", "FLUSH"], ["CONFIG", "RESETSTAT"]):
                client.ask(*words)
            strangers = [name for name in client.ask("ACL", "USERS") if name != b"default"]
            if strangers:
                client.ask("ACL", "DELUSER", *(name.decode("utf-8", "replace") for name in strangers))

    @contextlib.contextmanager
    def persistent(self) -> Iterator[RedisServer]:
        """For a block every write is on disk before it is answered, so a kill loses nothing that was acknowledged."""
        self.is_persistent = True
        try:
            self._keep("yes")
            yield self
        finally:
            self.is_persistent = False
            self.start()
            self._keep("no")

    @contextlib.contextmanager
    def fill(self) -> Iterator[None]:
        """For a block nobody else is let in: who connects hears that there are too many clients."""
        with self.direct() as client:
            before = client.ask("CONFIG", "GET", "maxclients")[1].decode()
            client.ask("CONFIG", "SET", "maxclients", 1)
            try:
                yield
            finally:
                with contextlib.suppress(OSError):  # killed meanwhile, and so as it was
                    client.ask("CONFIG", "SET", "maxclients", before)

    def connect(self) -> RedisClient:
        """One more connection, as a client holds it."""
        client = self.direct()
        client.ask("PING")
        return client

    def _keep(self, word: str) -> None:
        with self.direct() as client:
            client.ask("CONFIG", "SET", "appendonly", word)
            elapsed_ns = wall.stopwatch()
            while b"aof_rewrite_in_progress:1" in client.ask("INFO", "persistence") and elapsed_ns() < SOON_S * 1e9:
                wall.pause_ns(LOOK_NS)

    def _settle(self, client: RedisClient) -> None:
        """Settings as they were when it began."""
        now = _pairs(client.ask("CONFIG", "GET", "*"))
        if not self._settings:
            self._settings = now
        for name, value in self._settings.items():
            if now.get(name) != value:
                with contextlib.suppress(RedisRefusal):  # one that cannot be set while it runs
                    client.ask("CONFIG", "SET", name, value)


def _pairs(flat: list[bytes]) -> dict[str, str]:
    words = [each.decode("utf-8", "replace") for each in flat]
    return dict(zip(words[::2], words[1::2], strict=True))

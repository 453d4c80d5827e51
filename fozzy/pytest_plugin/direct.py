"""A server past its proxy, in a few words: `redis_proxy.direct().get("orders")`, `postgres_proxy.direct().ask("SELECT 1")`.

Every call is a connection of its own, in real time, and no fault strikes it. Within asyncio or trio the answer is awaited;
elsewhere it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any
from urllib.parse import urlsplit

from fozzy.chaos.files.values import address
from fozzy.errors import UsageError
from fozzy.faults.tcp.plan import Proxy


class Ready:
    """An answer that is there, for who awaits it."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, None, Any]:
        return self._value
        yield


class Redis:
    """Each command is a method: `get("orders")`, `set("orders", 1)`. *Errors*: what the server refuses."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, *words: str | int | float) -> Any:
        """The reply to one command: bytes, a number, none, or a list of these."""
        from fozzy.chaos.services.redis_client import RedisClient

        with RedisClient(self._port) as client:
            return answered(client.ask(*words))

    def __getattr__(self, command: str) -> Callable[..., Any]:
        if command.startswith("_"):
            raise AttributeError(command)
        return lambda *words: self.ask(command, *words)


class Postgres:
    """`ask("SELECT 1")` is rows. *Errors*: what the server refuses."""

    def __init__(self, port: int, url: str) -> None:
        parts = urlsplit(url)
        self._session = port, parts.username or "postgres", parts.path.strip("/") or "postgres"

    def ask(self, statement: str) -> Any:
        """The rows of a statement."""
        from fozzy.chaos.services.postgres_client import PostgresClient

        with PostgresClient(*self._session) as client:
            return answered(client.ask(statement))


def direct_to(proxy: Proxy, url: str) -> Redis | Postgres:
    """A server that a proxy stands before. *Errors*: `UsageError` for what we do not speak."""
    port = address(proxy.upstream).port
    if proxy.protocol == "redis":
        return Redis(port)
    if proxy.protocol == "postgres":
        return Postgres(port, url)
    message = f"{proxy.name} speaks {proxy.protocol}, which nobody here does past the proxy"
    raise UsageError("chaos.no_direct", message, hint="redis and postgres can be asked directly")


def answered(value: Any) -> Any:
    """The value, to be awaited where a loop runs in this thread."""
    return Ready(value) if is_in_loop() else value


def is_in_loop() -> bool:
    """Whether asyncio or trio runs this code."""
    import asyncio

    import trio

    if trio.lowlevel.in_trio_run():
        return True
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True

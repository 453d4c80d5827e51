"""Published clients as they are, with no retries: each opens a connection, asks one thing and says what came of it.

`timeout_s`, usually `T_S`, is every timeout a client lets its user set. The clients that have none wait for as long as it takes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import httpx
import psycopg
import psycopg.connection
import psycopg.connection_async
import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from fozzy.chaos.services.postgres_server import DATABASE, USER

T_S = 0.3
FINE = "fine"
EVENTS = 3
ROW = "SELECT 7"
PRESENTS = "INSERT INTO faced VALUES (1) RETURNING 7"
Address = tuple[str, int]


class Client:
    """Base. *Closes*: `close`, whatever was opened."""

    timeout_s = T_S
    _client: Any = None

    def __init__(self, address: Address) -> None:
        self.host, self.port = address

    def open(self) -> None:
        """Connect."""
        raise NotImplementedError

    def ask(self, what: str) -> str:
        """Ask one thing; what came, in words. *Errors*: the client's own."""
        raise NotImplementedError

    def after(self) -> str:
        """What the client thinks of its connection after an error, in words."""
        return ""

    def close(self) -> None:
        """Close it, where it was opened."""


class Looped(Client):
    """Base of those on asyncio, used step by step."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._runner = asyncio.Runner()

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end."""
        return self._runner.run(coroutine)

    def close(self) -> None:
        self._runner.close()


class Redis(Client):
    """redis-py."""

    def open(self) -> None:
        options: dict[str, Any] = {"socket_timeout": self.timeout_s, "socket_connect_timeout": self.timeout_s}
        self._client = redis.Redis(self.host, self.port, retry=Retry(NoBackoff(), 0), **options)
        self._client.ping()

    def ask(self, what: str) -> str:
        return _plain(self._client.set("orders", 7), True)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


class RedisAsyncio(Looped):
    """redis-py on asyncio."""

    def open(self) -> None:
        options: dict[str, Any] = {"socket_timeout": self.timeout_s, "socket_connect_timeout": self.timeout_s}
        self._client = redis.asyncio.Redis(host=self.host, port=self.port, retry=AsyncRetry(NoBackoff(), 0), **options)
        self.wait(self._client.ping())

    def ask(self, what: str) -> str:
        return _plain(self.wait(self._client.set("orders", 7)), True)

    def close(self) -> None:
        if self._client is not None:
            self.wait(self._client.aclose())
        super().close()


class Postgres(Client):
    """psycopg."""

    _connection: psycopg.Connection[Any] | None = None

    def open(self) -> None:
        self._connection = psycopg.connect(**_postgres(self), autocommit=True)

    def ask(self, what: str) -> str:
        assert self._connection is not None
        if what != "commit":
            return _plain(self._connection.execute(ROW).fetchone(), (7,))
        with self._connection.transaction():
            row = self._connection.execute(PRESENTS).fetchone()
        return _plain(row, (7,))

    def after(self) -> str:
        return _health(self._connection)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class PostgresAsyncio(Looped):
    """psycopg on asyncio."""

    _connection: psycopg.AsyncConnection[Any] | None = None

    def open(self) -> None:
        self._connection = self.wait(psycopg.AsyncConnection.connect(**_postgres(self), autocommit=True))

    def ask(self, what: str) -> str:
        return self.wait(self._asked(what))

    async def _asked(self, what: str) -> str:
        assert self._connection is not None
        if what != "commit":
            return _plain(await (await self._connection.execute(ROW)).fetchone(), (7,))
        async with self._connection.transaction():
            row = await (await self._connection.execute(PRESENTS)).fetchone()
        return _plain(row, (7,))

    def after(self) -> str:
        return _health(self._connection)

    def close(self) -> None:
        if self._connection is not None:
            self.wait(self._connection.close())
        super().close()


class Http(Client):
    """httpx."""

    def open(self) -> None:
        self._client = httpx.Client(base_url=f"http://{self.host}:{self.port}", timeout=self.timeout_s, trust_env=False)
        assert self.ask("json") == FINE

    def ask(self, what: str) -> str:
        with self._client.stream("GET", f"/{what}") as answer:
            body = b"".join(answer.iter_bytes())
        return _answered(what, answer.status_code, body)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


class HttpAsyncio(Looped):
    """httpx on asyncio."""

    def open(self) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"http://{self.host}:{self.port}", timeout=self.timeout_s, trust_env=False
        )
        assert self.ask("json") == FINE

    def ask(self, what: str) -> str:
        return self.wait(self._asked(what))

    async def _asked(self, what: str) -> str:
        async with self._client.stream("GET", f"/{what}") as answer:
            body = b"".join([piece async for piece in answer.aiter_bytes()])
        return _answered(what, answer.status_code, body)

    def close(self) -> None:
        if self._client is not None:
            self.wait(self._client.aclose())
        super().close()


CLIENTS: dict[str, tuple[type[Client], type[Client]]] = {
    "redis": (Redis, RedisAsyncio),
    "postgres": (Postgres, PostgresAsyncio),
    "http": (Http, HttpAsyncio),
}


def said_of(error: BaseException) -> str:
    """An error as the page says it: its type, and of the system's error below it the type too."""
    below: BaseException | None = error
    while below is not None and not isinstance(below, ConnectionError):
        below = below.__cause__ or below.__context__
    if isinstance(error, httpx.HTTPError | psycopg.Error | redis.RedisError) and below is None:
        return f"`{type(error).__name__}`"
    words = {ConnectionRefusedError: "refused", ConnectionResetError: "reset"}
    return (
        f"`{type(error).__name__}` ← {words.get(type(below), 'lost')}"
        if below is not None
        else f"`{type(error).__name__}`"
    )


def _plain(found: object, wanted: object) -> str:
    return FINE if found == wanted else f"**`{found!r}` and no error**"


def _answered(what: str, status: int, body: bytes) -> str:
    if status != 200:
        return f"{status}"
    if not what.startswith("events"):
        return _plain(json.loads(body), {"ok": "é" * 10})
    found = [line.removeprefix(b"data: ") for line in body.split(b"\n\n") if line]
    good = [each for each in found if _is_json(each)]
    if len(good) == EVENTS:
        return FINE
    bad = f", {len(found) - len(good)} of them damaged" if len(found) > len(good) else ""
    return f"**200 and no error**: {len(found)} of {EVENTS} events{bad}"


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _postgres(client: Client) -> dict[str, Any]:
    where = {"host": client.host, "port": client.port, "user": USER, "dbname": DATABASE}
    return {**where, "sslmode": "disable", "gssencmode": "disable"}


def _health(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any] | None) -> str:
    if connection is None:
        return ""
    return "" if connection.broken else "closed" if connection.closed else "still healthy"

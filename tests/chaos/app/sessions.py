"""Sessions and orders in PostgreSQL, as the application keeps them. Its broken twins are below.

What belongs together is one transaction. What may have been committed is sent again only with a key that makes it the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

TABLES = """
CREATE TABLE sessions (name text PRIMARY KEY, status text NOT NULL);
CREATE TABLE steps (session text NOT NULL, number int NOT NULL, text text NOT NULL, PRIMARY KEY (session, number));
CREATE TABLE orders (key text, item text NOT NULL);
CREATE UNIQUE INDEX ON orders (key)
"""
LIMIT_S = 0.3  # for a connection
CHECKED_LIMIT_S = 5.0  # the pool waits between checks that fail, about a second each time
WAIT_S = 0.25
TRIES = 3

Step = tuple[int, str]


def pool_of(url: str, size: int = 2, **more: Any) -> AsyncConnectionPool:
    """A pool that is opened and closed as a context."""
    words = {"timeout": LIMIT_S, "open": False, "num_workers": 1, **more}  # connections are made one after the other
    return AsyncConnectionPool(url, min_size=size, max_size=size, **words)


def checking_pool_of(url: str, size: int = 2) -> AsyncConnectionPool:
    """The same; a connection that is dead is found out before it is given to somebody."""
    return pool_of(url, size, timeout=CHECKED_LIMIT_S, check=AsyncConnectionPool.check_connection)


class Sessions:
    """What sessions did. *Errors*: those of psycopg, after which all is as it was."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def keep(self, session: str, status: str, steps: Sequence[Step]) -> None:
        """Steps of a session, and how it stands then: all of it, or nothing."""
        async with self._connection() as wire:
            for number, text in steps:
                await wire.execute("INSERT INTO steps VALUES (%s, %s, %s)", (session, number, text))
            await wire.execute(
                "INSERT INTO sessions VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET status = excluded.status",
                (session, status),
            )

    async def status(self, session: str) -> str | None:
        """How it stands."""
        async with self._connection() as wire:
            row = await (await wire.execute("SELECT status FROM sessions WHERE name = %s", (session,))).fetchone()
        return None if row is None else row[0]

    async def keep_patiently(self, session: str, status: str, steps: Sequence[Step]) -> None:
        """The same; where all connections are taken it comes again."""
        again = retry_if_exception_type(PoolTimeout)
        async for attempt in AsyncRetrying(stop=stop_after_attempt(TRIES), wait=wait_fixed(WAIT_S), retry=again):
            with attempt:
                await self.keep(session, status, steps)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """One of the pool. After an error that is not the server's own nobody knows what is on the wire: it is closed."""
        async with self._pool.connection() as wire:
            try:
                yield wire
            except psycopg.Error as error:
                if error.sqlstate is None:
                    await wire.close()
                raise


class Orders:
    """Orders by their key: one that is sent again is the same order."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def place(self, key: str, item: str) -> None:
        """An order, tried again where the connection was lost."""
        again = retry_if_exception_type(psycopg.OperationalError)
        async for attempt in AsyncRetrying(stop=stop_after_attempt(TRIES), wait=wait_fixed(1), retry=again):
            with attempt:
                await self._insert(key, item)

    async def _insert(self, key: str, item: str) -> None:
        async with self._pool.connection() as wire:
            await wire.execute("INSERT INTO orders VALUES (%s, %s) ON CONFLICT (key) DO NOTHING", (key, item))


# broken twins


class ScatteredSessions(Sessions):
    """Each statement for itself: half of what belongs together can be there."""

    async def keep(self, session: str, status: str, steps: Sequence[Step]) -> None:
        async with self._pool.connection() as wire:
            await wire.set_autocommit(True)
            for number, text in steps:
                await wire.execute("INSERT INTO steps VALUES (%s, %s, %s)", (session, number, text))
            await wire.execute("INSERT INTO sessions VALUES (%s, %s)", (session, status))


class KeylessOrders(Orders):
    """Sends again what may have been committed."""

    async def _insert(self, key: str, item: str) -> None:
        async with self._pool.connection() as wire:
            await wire.execute("INSERT INTO orders VALUES (NULL, %s)", (item,))


class TrustingSessions(Sessions):
    """Gives a connection back whatever came over it."""

    def _connection(self) -> contextlib.AbstractAsyncContextManager[psycopg.AsyncConnection]:
        return self._pool.connection()


class HoardingSessions(Sessions):
    """Takes a connection and gives it back only where all went well."""

    async def keep(self, session: str, status: str, steps: Sequence[Step]) -> None:
        wire = await self._pool.getconn()
        for number, text in steps:
            await wire.execute("INSERT INTO steps VALUES (%s, %s, %s)", (session, number, text))
        await wire.commit()
        await self._pool.putconn(wire)

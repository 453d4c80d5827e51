"""asyncpg: connections and its pool, against a small PostgreSQL.

Statements with parameters, transactions that lock and that fail, a cursor, many rows at once, a listener, a statement
that is cancelled by its timeout, a pool that is full, and reconnection after a power cut of the server.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

DSN = "postgresql://someone@server:80/bank"
LOST = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


async def client(node: Any) -> None:
    """Use it in every way, then through a power cut."""
    await asyncio.sleep(0.5)
    connection = await asyncpg.connect(DSN)
    await statements(connection)
    await listening(connection)
    await patience(connection)
    await connection.close()
    async with asyncpg.create_pool(DSN, min_size=1, max_size=3, command_timeout=1) as pool:
        await transfers(pool)
        await crowd(pool)
    await after_power_cut()


async def statements(connection: Any) -> None:
    """One row, many rows, rows one after the other."""
    await connection.execute("INSERT INTO accounts VALUES ($1, $2)", "ann", 100)
    await connection.executemany("INSERT INTO accounts VALUES ($1, $2)", [("bob", 50), ("cid", 0)])
    assert await connection.fetchval("SELECT amount FROM accounts WHERE name = $1", "ann") == 100
    rows = await connection.fetch("SELECT name, amount FROM accounts ORDER BY name")
    assert [tuple(row) for row in rows] == [("ann", 100), ("bob", 50), ("cid", 0)]
    try:
        await connection.execute("INSERT INTO accounts VALUES ($1, $2)", "ann", 1)
        raise AssertionError("there is one")
    except asyncpg.UniqueViolationError:
        pass
    async with connection.transaction():
        numbers = [row["n"] async for row in connection.cursor("SELECT generate_series(1, $1)", 120, prefetch=50)]
    assert numbers == list(range(1, 121))


async def listening(connection: Any) -> None:
    """Be told by another connection."""
    heard = asyncio.get_running_loop().create_future()
    await connection.add_listener("news", lambda *told: heard.set_result(told[-1]))
    other = await asyncpg.connect(DSN)
    await other.execute("SELECT pg_notify($1, $2)", "news", "rain")
    assert await heard == "rain"
    await other.close()


async def patience(connection: Any) -> None:
    """A statement that takes too long is cancelled at the server too."""
    try:
        await connection.fetchval("SELECT pg_sleep($1)", 60.0, timeout=0.5)
        raise AssertionError("it sleeps too long")
    except TimeoutError:
        pass
    assert await connection.fetchval("SELECT amount FROM accounts WHERE name = $1", "ann") == 100


async def transfers(pool: Any) -> None:
    """Money moves between two accounts, and none is lost."""

    async def move(source: str, target: str) -> None:
        async with pool.acquire() as connection, connection.transaction():
            amounts = {}
            for name in sorted((source, target)):
                query = "SELECT amount FROM accounts WHERE name = $1 FOR UPDATE"
                amounts[name] = await connection.fetchval(query, name)
            update = "UPDATE accounts SET amount = $2 WHERE name = $1"
            await connection.execute(update, source, amounts[source] - 10)
            await connection.execute(update, target, amounts[target] + 10)

    await asyncio.gather(*[move("ann", "bob") for _ in range(4)], *[move("bob", "cid") for _ in range(3)])
    rows = await pool.fetch("SELECT name, amount FROM accounts ORDER BY name")
    assert [tuple(row) for row in rows] == [("ann", 60), ("bob", 60), ("cid", 30)]


async def crowd(pool: Any) -> None:
    """All connections are taken: who waits gives up."""

    async def sleep() -> None:
        async with pool.acquire() as connection:
            await connection.fetchval("SELECT pg_sleep($1)", 0.8)

    asleep = [asyncio.ensure_future(sleep()) for _ in range(3)]
    await asyncio.sleep(0.3)
    try:
        async with pool.acquire(timeout=0.2):
            raise AssertionError("there are three")
    except TimeoutError:
        pass
    await asyncio.gather(*asleep)


async def after_power_cut() -> None:
    """A pool finds its way back."""
    loop, good, bad = asyncio.get_running_loop(), 0, 0
    begun = loop.time()
    async with asyncpg.create_pool(DSN, min_size=0, max_size=2, timeout=2, command_timeout=1) as pool:
        while loop.time() - begun < 10:
            try:
                await pool.fetchval("SELECT generate_series(1, $1)", 1)
                good += 1
            except LOST as error:
                bad += 1
                print("lost", type(error).__name__)
            await asyncio.sleep(0.5)
        assert await pool.fetchval("SELECT generate_series(1, $1)", 1) == 1
    assert good and bad, (good, bad)
    print("done", good, bad)

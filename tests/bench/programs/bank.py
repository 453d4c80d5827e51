"""Transfers through asyncpg's pool: two connections, three transactions, some of them at once."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

DSN = "postgresql://someone@server:80/bank?sslmode=disable"  # the server has no TLS


async def client(node: Any) -> None:
    """Move money about; none is lost."""
    async with asyncpg.create_pool(DSN, min_size=1, max_size=2, timeout=5, command_timeout=5) as pool:
        await pool.execute("INSERT INTO accounts VALUES ($1, $2)", "ann", 100)
        await pool.execute("INSERT INTO accounts VALUES ($1, $2)", "bob", 50)
        await asyncio.gather(*[_move(pool, "ann", "bob") for _ in range(3)])
        rows = await pool.fetch("SELECT name, amount FROM accounts ORDER BY name")
        assert [tuple(row) for row in rows] == [("ann", 70), ("bob", 80)]


async def _move(pool: Any, source: str, target: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        query = "SELECT amount FROM accounts WHERE name = $1 FOR UPDATE"
        amounts = {name: await connection.fetchval(query, name) for name in (source, target)}
        update = "UPDATE accounts SET amount = $2 WHERE name = $1"
        await connection.execute(update, source, amounts[source] - 10)
        await connection.execute(update, target, amounts[target] + 10)

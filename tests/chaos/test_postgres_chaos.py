"""Sessions and orders in PostgreSQL while it fails: psycopg and its pool before a real server, and the application."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tests.chaos.app.sessions import (
    TABLES,
    HoardingSessions,
    KeylessOrders,
    Orders,
    ScatteredSessions,
    Sessions,
    TrustingSessions,
    checking_pool_of,
    pool_of,
)
from tests.chaos.looped import answered, on_a_loop

pytestmark = pytest.mark.chaos(seed=7)

STEPS = [(1, "began"), (2, "went on")]


@pytest.fixture
def tables(postgres_server: Any) -> Any:
    """The server with the tables of the application, asked without any proxy."""
    postgres_server.ask(TABLES)
    return postgres_server


@contextlib.asynccontextmanager
async def opened(pool: AsyncConnectionPool) -> AsyncIterator[AsyncConnectionPool]:
    """A pool that is full."""
    async with pool:
        await pool.wait()
        yield pool


def rows(server: Any, table: str) -> int:
    """How many rows there are, counted by a connection of our own."""
    return int(server.ask(f"SELECT count(*) FROM {table}")[0][0])


# B4: the pool


@pytest.mark.chaos_service
@on_a_loop
async def test_the_third_waits_its_limit(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] Both connections are taken: who comes third is told so after 0.300 s, and the pool has counted it."""
    async with opened(pool_of(postgres_proxy.url)) as pool:
        async with pool.connection(), pool.connection():
            began = virtual_time.now
            with pytest.raises(PoolTimeout):
                await Sessions(pool).keep("a", "open", STEPS)
            assert virtual_time.now - began == pytest.approx(0.3, abs=1e-9)
        stats = pool.get_stats()
    assert (stats["requests_queued"], stats["requests_errors"], stats["pool_size"]) == (1, 1, 2)
    assert rows(tables, "steps") == 0


@pytest.mark.chaos_service
@on_a_loop
async def test_a_full_pool_is_waited_for(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] One connection comes back at 0.5 s: the first try ends at 0.3 s, the second, from 0.55 s on, is served at once."""
    async with opened(pool_of(postgres_proxy.url)) as pool:

        async def holds(seconds: float) -> None:
            async with pool.connection():
                await asyncio.sleep(seconds)

        began = virtual_time.now
        async with asyncio.TaskGroup() as group:
            group.create_task(holds(0.5))
            group.create_task(holds(5))
            await asyncio.sleep(0)
            await Sessions(pool).keep_patiently("a", "open", STEPS)
            assert virtual_time.now - began == pytest.approx(0.55, abs=1e-6)
        stats = pool.get_stats()
    assert (stats["requests_errors"], rows(tables, "steps")) == (1, 2)


@on_a_loop
async def test_what_hoards_is_seen(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] The twin that keeps a connection after an error has none left after two; the right one has both."""
    async with opened(pool_of(postgres_proxy.url)) as pool:
        with postgres_proxy.toxic("pg_error", sqlstate="53100", match="INSERT INTO steps*", first=4):
            for sessions in (Sessions(pool), HoardingSessions(pool)):
                for _ in range(2):
                    with pytest.raises(psycopg.OperationalError):
                        await sessions.keep("a", "open", STEPS)
                assert pool.get_stats()["pool_available"] == (2 if type(sessions) is Sessions else 0)
    chaos.assert_fired("pg_error", times=4)


# B4: a transaction that fails in the middle


@pytest.mark.chaos_network
@pytest.mark.parametrize("at", ["INSERT INTO steps*", "INSERT INTO sessions*", "COMMIT"])
@on_a_loop
async def test_nothing_of_a_broken_transaction_stays(
    postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any, at: str
) -> None:
    """[B4] A reset at the second INSERT, at the one behind it, and before COMMIT: no rows, and the pool fills up again."""
    async with opened(pool_of(postgres_proxy.url)) as pool:
        with (
            postgres_proxy.toxic("reset_peer", match=at, stream="upstream", pattern=".F" if "steps" in at else "F"),
            pytest.raises(psycopg.OperationalError),
        ):
            await Sessions(pool).keep("a", "open", STEPS)
        assert (rows(tables, "steps"), rows(tables, "sessions")) == (0, 0)
        await Sessions(pool).keep("a", "open", STEPS)
        await pool.wait()
        stats = pool.get_stats()
        assert (stats["pool_size"], stats["connections_num"]) == (2, 3)
    assert (rows(tables, "steps"), rows(tables, "sessions")) == (2, 1)
    chaos.assert_fired("reset_peer", times=1)


@on_a_loop
async def test_what_writes_half_is_seen(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] The twin without a transaction leaves a step and no session."""
    async with opened(pool_of(postgres_proxy.url)) as pool:
        with (
            postgres_proxy.toxic("reset_peer", match="INSERT INTO steps*", stream="upstream", pattern=".F"),
            pytest.raises(psycopg.OperationalError),
        ):
            await ScatteredSessions(pool).keep("a", "open", STEPS)
    assert (rows(tables, "steps"), rows(tables, "sessions")) == (1, 0)
    chaos.assert_fired("reset_peer", times=1)


@pytest.mark.chaos_service
@pytest.mark.parametrize("sqlstate", ["40001", "53100", "57014"])
@on_a_loop
async def test_a_refused_statement_harms_no_session(
    postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any, sqlstate: str
) -> None:
    """[B4] An error in the middle: rolled back; the session is as it was, and its next use succeeds on the same connection."""
    async with opened(pool_of(postgres_proxy.url, size=1)) as pool:
        sessions = Sessions(pool)
        await sessions.keep("a", "open", STEPS[:1])
        with (
            postgres_proxy.toxic("pg_error", sqlstate=sqlstate, match="INSERT INTO steps*", first=1),
            pytest.raises(psycopg.Error) as failed,
        ):
            await sessions.keep("a", "closed", STEPS[1:])
        assert failed.value.sqlstate == sqlstate
        assert await sessions.status("a") == "open"
        await sessions.keep("a", "closed", STEPS[1:])
        assert await sessions.status("a") == "closed"
        assert pool.get_stats()["connections_num"] == 1
    assert rows(tables, "steps") == 2
    chaos.assert_fired("pg_error", times=1)


# B4: committed, and nobody was told


@on_a_loop
async def test_a_lost_commit_is_an_error_and_a_row(
    postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any
) -> None:
    """[B4] The reply to COMMIT is lost: the client has an error, and the row is there all the same."""
    async with opened(pool_of(postgres_proxy.url)) as pool:
        with postgres_proxy.toxic("pg_drop_commit_reply", first=1), pytest.raises(psycopg.OperationalError):
            await Sessions(pool).keep("a", "open", STEPS)
    assert (rows(tables, "steps"), rows(tables, "sessions")) == (2, 1)
    chaos.assert_fired("pg_drop_commit_reply", times=1)


@on_a_loop
async def test_an_order_with_a_key_is_one(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] Sent again after the lost commit, an order with a key is one row."""
    async with opened(pool_of(postgres_proxy.url)) as pool:
        with postgres_proxy.toxic("pg_drop_commit_reply", first=1):
            await Orders(pool).place("k1", "lamp")
    assert rows(tables, "orders") == 1
    assert len(answered(chaos.records, "COMMIT")) == 2
    chaos.assert_fired("pg_drop_commit_reply", times=1)


@on_a_loop
async def test_an_order_without_a_key_is_two(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] The twin without a key has two rows for one call without an error, and the oracle says so."""
    async with opened(pool_of(postgres_proxy.url)) as pool:
        with postgres_proxy.toxic("pg_drop_commit_reply", first=1):
            await KeylessOrders(pool).place("k1", "lamp")
    assert rows(tables, "orders") == 2
    chaos.assert_fired("pg_drop_commit_reply", times=1)
    with pytest.raises(AssertionError, match="connection"):
        chaos.assert_at_most_once("INSERT INTO orders*")


# connections that are dead, or not to be trusted


@pytest.mark.chaos_service
@on_a_loop
async def test_dead_connections_are_handed_out(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] After an outage the plain pool gives away both dead connections before a live one; one that checks gives none."""
    async with opened(pool_of(postgres_proxy.url)) as plain, opened(checking_pool_of(postgres_proxy.url)) as checking:
        with postgres_proxy.down():
            await asyncio.sleep(1)
        assert await _failures(Sessions(plain)) == 2
        assert await _failures(Sessions(checking)) == 0
    chaos.assert_fired("down")


async def _failures(sessions: Sessions) -> int:
    """How many uses fail until one succeeds."""
    for failed in range(9):
        with contextlib.suppress(psycopg.OperationalError):
            await sessions.status("a")
            return failed
    raise AssertionError("none succeeds")


@pytest.mark.chaos_service
@on_a_loop
async def test_the_server_dies_and_comes_back(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[B4] Killed between two uses: what was committed is there, and the pool serves again with new connections."""
    async with opened(checking_pool_of(postgres_proxy.url)) as pool:
        sessions = Sessions(pool)
        await sessions.keep("a", "open", STEPS)
        with tables.killed(), pytest.raises((psycopg.OperationalError, PoolTimeout)):
            await sessions.status("a")
        await pool.wait()
        assert await sessions.status("a") == "open"


@pytest.mark.chaos_service(real_time=True)
@on_a_loop
async def test_no_more_connections(tables: Any, virtual_time: Any) -> None:
    """[B4] A server without a free connection, asked without a proxy, says so; once there are some, the pool opens."""
    with tables.exhausted(), pytest.raises(psycopg.OperationalError, match="too many clients"):
        await psycopg.AsyncConnection.connect(tables.url)
    async with opened(pool_of(tables.url, timeout=30)) as pool:
        assert await Sessions(pool).status("a") is None


@pytest.mark.parametrize("kind", [Sessions, TrustingSessions])
@on_a_loop
async def test_a_corrupted_reply_is_noticed(
    postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any, kind: type[Sessions]
) -> None:
    """[B4] After a reply whose first byte was flipped psycopg takes the connection for healthy: the application closes it, its
    trusting twin goes on with it."""
    async with opened(checking_pool_of(postgres_proxy.url, size=1)) as pool:
        with (
            postgres_proxy.toxic("corrupt", bytes=1, offset=0, match="SELECT status*", first=1),
            pytest.raises(psycopg.DatabaseError) as failed,
        ):
            await kind(pool).status("a")
        assert failed.value.sqlstate is None
        assert await kind(pool).status("a") is None
        assert pool.get_stats()["connections_num"] == (2 if kind is Sessions else 1)
    chaos.assert_fired("corrupt", times=1)


# A3.3: how long a limit really takes


@pytest.mark.chaos_network
@on_a_loop
async def test_how_long_a_cancelled_query_hangs(
    postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any
) -> None:
    """[A3.3, B4] Replies are swallowed and the query is cancelled at 3 s: psycopg comes back at 13 s, ten later; that is its bound.
    Its connection is not used again, and its place in the pool is free."""
    async with opened(pool_of(postgres_proxy.url, size=1)) as pool:
        began = virtual_time.now
        with postgres_proxy.toxic("timeout", timeout=0), pytest.raises((TimeoutError, psycopg.OperationalError)):
            async with asyncio.timeout(3):
                await Sessions(pool).status("a")
        assert virtual_time.now - began == pytest.approx(13, abs=0.2)
        await pool.wait()
        assert await Sessions(pool).status("a") is None
        stats = pool.get_stats()
        assert (stats["pool_size"], stats["pool_available"], stats["connections_num"]) == (1, 1, 2)
    assert len(asyncio.all_tasks()) == 1
    chaos.assert_fired("timeout")
    chaos.assert_no_hang(limit=13.2)
    chaos.assert_no_leaked_connections()


@pytest.mark.chaos_network
@on_a_loop
async def test_how_long_a_connection_is_tried(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any) -> None:
    """[A1.1, B4] Nothing answers a new connection: it ends at `connect_timeout`."""
    began = virtual_time.now
    with postgres_proxy.toxic("timeout", timeout=0), pytest.raises(psycopg.errors.ConnectionTimeout):
        await psycopg.AsyncConnection.connect(postgres_proxy.url, connect_timeout=2)
    assert virtual_time.now - began == pytest.approx(2, abs=0.2)
    chaos.assert_fired("timeout")


ENDS = {
    "reset at accept": ("reset_peer", {"on": "connection"}),
    "end at accept": ("limit_data", {"bytes": 0}),
    "reset for a reply": ("drop_reply", {"match": "startup*"}),
    "short reply": ("limit_data", {"bytes": 3, "match": "startup*"}),
}


@pytest.mark.chaos_network
@pytest.mark.parametrize("name", ENDS)
@on_a_loop
async def test_how_psycopg_fails(postgres_proxy: Any, tables: Any, virtual_time: Any, chaos: Any, name: str) -> None:
    """[B1, B4] Each fault of a connection is an `OperationalError`; the next connection is served."""
    kind, words = ENDS[name]
    with postgres_proxy.toxic(kind, **words), pytest.raises(psycopg.OperationalError):
        await psycopg.AsyncConnection.connect(postgres_proxy.url)
    wire = await psycopg.AsyncConnection.connect(postgres_proxy.url)
    await wire.close()
    chaos.assert_fired(kind)

"""What a client does not know when the reply is lost, shown with published clients before real servers.

The server did what it was asked; the client hears an error, or asks again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from psycopg_pool import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from fozzy.chaos.services.postgres_server import PostgresServer
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.core.wires import Connected, Spoken
from tests.chaos.tcp.before import before


def spoken(proxy: TcpProxy, about: str, stream: str) -> list[Spoken]:
    """The messages about something, in one direction."""
    return [
        each
        for each in proxy.records
        if isinstance(each, Spoken) and each.stream == stream and each.about.startswith(about)
    ]


@pytest.fixture
def orders(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """PostgreSQL with an empty table of orders."""
    postgres_server.ask("CREATE TABLE orders (id serial, item text, key text UNIQUE)")
    yield postgres_server
    postgres_server.ask("DROP TABLE orders")


def count(server: PostgresServer) -> int:
    """How many orders there are, asked without the proxy."""
    return int(server.ask("SELECT count(*) FROM orders")[0][0])


def insert(url: str, key: str | None = None) -> None:
    """Order something, in a transaction of its own."""
    statement = "INSERT INTO orders (item, key) VALUES ('pen', %s) ON CONFLICT (key) DO NOTHING"
    with psycopg.connect(url) as client:
        client.execute(statement, (key,))


def test_one_incr_is_stored_as_two(redis_server: RedisServer) -> None:
    """With redis-py's defaults one `incr()` whose reply is lost is sent again, and the server counts both."""
    lost = "drop_reply:match=INCR,first=1"
    with before(redis_server.address, "redis", lost) as proxy:
        client = redis.Redis(*proxy.address)
        assert client.incr("orders") == 2
        client.close()
        assert proxy.applied("drop_reply") == 1
    assert redis_server.get("orders") == "2"
    asked = spoken(proxy, "INCR", "upstream")
    assert [each.connection for each in asked] == [1, 2]
    answered = spoken(proxy, "INCR", "downstream")
    assert [[struck.applied for struck in each.struck] for each in answered] == [[True], []]


@pytest.mark.parametrize("end", ["rst", "fin"])
def test_without_retries_it_is_an_error_and_one(redis_server: RedisServer, end: str) -> None:
    """A client that does not ask again hears an error, and the server counted."""
    with before(redis_server.address, "redis", f"drop_reply:match=INCR,first=1,end={end}") as proxy:
        client = redis.Redis(*proxy.address, retry=Retry(NoBackoff(), 0))
        with pytest.raises(redis.ConnectionError):
            client.incr("orders")
        client.close()
    assert redis_server.get("orders") == "1"


def test_a_lost_commit_reply_is_an_error_and_a_row(orders: PostgresServer) -> None:
    """The transaction is committed, and psycopg says that it failed."""
    with before(orders.address, "postgres", "pg_drop_commit_reply") as proxy:
        with pytest.raises(psycopg.OperationalError):
            insert(orders.url_at(proxy.port))
        assert proxy.applied("pg_drop_commit_reply") == 1
    assert count(orders) == 1


@pytest.mark.parametrize(("key", "rows"), [(None, 2), ("k1", 1)])
def test_asking_again_needs_a_key(orders: PostgresServer, key: str | None, rows: int) -> None:
    """After a lost reply to COMMIT a second attempt makes a second row, unless the rows have a key of the request."""
    with before(orders.address, "postgres", "pg_drop_commit_reply:first=1") as proxy:
        url = orders.url_at(proxy.port)
        with pytest.raises(psycopg.OperationalError):
            insert(url, key)
        insert(url, key)
    assert count(orders) == rows


def test_a_reset_before_commit_leaves_nothing(orders: PostgresServer) -> None:
    """A connection that is lost between two writes and their COMMIT has written nothing, and is not used again."""
    cut = "drop_reply:match=INSERT,after=1,first=2"
    with before(orders.address, "postgres", cut) as proxy:
        client = psycopg.connect(orders.url_at(proxy.port))
        client.execute("INSERT INTO orders (item) VALUES ('pen')")
        with pytest.raises(psycopg.OperationalError):
            client.execute("INSERT INTO orders (item) VALUES ('ink')")
        assert client.broken
        client.close()
    assert count(orders) == 0


def test_a_pool_hands_out_what_is_dead(postgres_server: PostgresServer) -> None:
    """After an outage psycopg_pool gives out each dead connection once before a live one."""
    found: list[Any] = []
    with (
        before(postgres_server.address, "postgres") as proxy,
        ConnectionPool(postgres_server.url_at(proxy.port), min_size=2, max_size=2, open=True) as pool,
    ):
        pool.wait()
        with proxy.down():
            pass
        for _ in range(3):
            try:
                with pool.connection() as client:
                    found.append(client.execute("SELECT 7").fetchone())
            except psycopg.OperationalError:
                found.append("dead")
    assert found == ["dead", "dead", (7,)]
    assert len([each for each in proxy.records if isinstance(each, Connected)]) >= 3

"""The verdict on real clients of real servers, and the same from records alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

import fozzy
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.insight.verdict.oracles import Oracles, Seen
from fozzy.insight.verdict.verdict import verdict_of
from fozzy.pytest_plugin.oracles import seen_of

if TYPE_CHECKING:
    from tests.services.postgres_server import PostgresServer
    from tests.services.redis_server import RedisServer


def oracles(proxy: TcpProxy) -> Oracles:
    """Over what a proxy sees."""

    def look() -> Seen:
        return proxy._hosted.look(lambda run: seen_of(run, proxy._hosted.told))

    return Oracles(look)


@pytest.mark.parametrize("retries", [0, 3])
def test_one_incr_is_stored_as_two(redis_server: RedisServer, retries: int) -> None:
    """redis-py sends an INCR again whose reply was lost: the number is 2, and both connections are named."""
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy:
        client = redis.Redis.from_url(proxy.url, retry=Retry(NoBackoff(), retries))
        with proxy.toxic("drop_reply", match="INCR", first=1):
            if retries:
                client.incr("orders")
            else:
                with pytest.raises(redis.ConnectionError):
                    client.incr("orders")
        oracle = oracles(proxy)
        assert client.get("orders") == (b"2" if retries else b"1")
        if retries:
            with pytest.raises(
                AssertionError, match=r"INCRBY orders may be carried out twice.*connection 1.*connection 2"
            ):
                oracle.assert_at_most_once("INCR orders")
        else:
            oracle.assert_at_most_once("INCR orders")
        oracle.assert_attempts(2 if retries else 1, "INCR orders")
        oracle.assert_fired("drop_reply", times=1)
        oracle.assert_recovers()
        with pytest.raises(AssertionError, match="1 connection was left open"):
            oracle.assert_no_leaked_connections()
        client.close()
        oracle.assert_no_leaked_connections()


@pytest.mark.parametrize("fault", ["down", "refuse"])
def test_faults_of_the_listener(redis_server: RedisServer, fault: str) -> None:
    """Nobody listens, so no record tells of it; the proxy's own numbers do."""
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy:
        client = redis.Redis.from_url(proxy.url, retry=Retry(NoBackoff(), 0))
        with proxy.toxic(fault), pytest.raises(redis.ConnectionError):
            client.get("a")
        oracle = oracles(proxy)
        with pytest.raises(AssertionError, match="no call was made, and none was answered"):
            oracle.assert_recovers()
        assert client.get("a") is None
        client.close()
        oracle.assert_recovers()
        oracle.assert_fired(fault)


@pytest.mark.parametrize("said", ["", " ON CONFLICT DO NOTHING"])
@pytest.mark.parametrize("lost", ["COMMIT", "INSERT"])
def test_a_commit_in_doubt(postgres_server: PostgresServer, said: str, lost: str) -> None:
    """What was in a transaction whose COMMIT nobody heard of is in doubt, unless it says that it may come twice.

    What was never committed is not: the server rolled it back.
    """
    insert = f"INSERT INTO doubted VALUES (%s){said}"
    with psycopg.connect(postgres_server.url, autocommit=True) as direct:
        direct.execute("DROP TABLE IF EXISTS doubted")
        direct.execute("CREATE TABLE doubted (n int UNIQUE)" if said else "CREATE TABLE doubted (n int)")
        with fozzy.chaos.tcp(postgres_server.url, seed=7) as proxy:
            with proxy.toxic("drop_reply", match=lost, first=1):
                for _ in range(2):
                    try:
                        with psycopg.connect(proxy.url) as client:
                            client.execute(insert, (1,))
                    except psycopg.OperationalError:
                        continue
            oracle = oracles(proxy)
            rows = direct.execute("SELECT count(*) FROM doubted").fetchone()
            if lost == "COMMIT" and not said:
                assert rows == (2,)
                with pytest.raises(AssertionError, match="INSERT INTO doubted .* may be carried out twice"):
                    oracle.assert_at_most_once("INSERT INTO doubted*")
            else:
                assert rows == (1,)
                oracle.assert_at_most_once("INSERT INTO doubted*")
        direct.execute("DROP TABLE doubted")


def test_codes_of_errors(redis_server: RedisServer, postgres_server: PostgresServer) -> None:
    """What a server refuses is told with its code, and so is what a toxic does in its place."""
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy:
        client = redis.Redis.from_url(proxy.url, retry=Retry(NoBackoff(), 0))
        client.set("word", "a")
        with pytest.raises(redis.ResponseError):
            client.incr("word")
        with proxy.toxic("resp_error", code="OOM", match="SET"), pytest.raises(redis.ResponseError):
            client.set("a", 1)
        client.close()
        calls = oracles(proxy).verdict().clients[0].calls
        assert [call.said for call in calls] == ["", "ERR", "OOM"]
        assert [call.reached for call in calls] == [True, True, False]
    with fozzy.chaos.tcp(postgres_server.url, seed=7) as proxy:
        with psycopg.connect(proxy.url, autocommit=True) as session:
            with pytest.raises(psycopg.errors.DivisionByZero):
                session.execute("SELECT 1/0")
            toxic = proxy.toxic("pg_error", sqlstate="40001", match="SELECT")
            with toxic, pytest.raises(psycopg.errors.SerializationFailure):
                session.execute("SELECT 1")
        client = oracles(proxy).verdict().clients[0]
        assert [call.said for call in client.calls] == ["22012", "40001"]
        assert client.setup and all(call.fate == "answered" for call in client.setup)


def test_the_same_from_a_trace() -> None:
    """Records that went through JSON, with nothing else known, give the same calls and operations."""
    from fozzy.core.events import Record
    from tests.insight.verdict.test_oracles import retried, streamed

    for client in (retried(1, 2), streamed(True)):
        client.driven.close_all()
        live = client.verdict()
        told = msgspec.json.encode(client.driven.records)
        again = verdict_of(msgspec.json.decode(told, type=list[Record]))
        assert [each.operations for each in again.clients] == [each.operations for each in live.clients]
        assert again.fired == live.fired
        assert msgspec.json.decode(msgspec.json.encode(again), type=type(again)) == again

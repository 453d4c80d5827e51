"""Checkpoints and counters in Redis while it fails: redis-py before a real server, and the application over it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tests.chaos.app.checkpoints import (
    Checkpoints,
    EagerCheckpoints,
    InDoubt,
    LoudCheckpoints,
    Orders,
    TornCheckpoints,
    careless_client_of,
    client_of,
    insisting_client_of,
)
from tests.chaos.looped import answered, gaps_s, on_a_loop, sent
from tests.chaos.seen import connections

pytestmark = pytest.mark.chaos(seed=7)

FIRST = {"step": 1, "text": "began"}
SECOND = {"step": 2, "text": "went on"}


@contextlib.asynccontextmanager
async def connected(client: Redis) -> AsyncIterator[Redis]:
    """A client whose connections are closed at the end."""
    try:
        yield client
    finally:
        await client.aclose()


# B3: a checkpoint that cannot be kept, or read, ends no session


@pytest.mark.chaos_network
@on_a_loop
async def test_a_lost_checkpoint_ends_no_session(redis_proxy: Any, virtual_time: Any, chaos: Any, caplog: Any) -> None:
    """[B3] A reset during SET: it is logged, the session goes on, and the next checkpoint is kept."""
    async with connected(client_of(*redis_proxy.address)) as client:
        kept = Checkpoints(client)
        with redis_proxy.toxic("reset_peer", match="SET session:a", stream="upstream", first=1):
            assert not await kept.save("a", FIRST)
        assert [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING] == [
            "checkpoint of a not kept: ConnectionError"
        ]
        assert await kept.load("a") is None
        assert await kept.save("a", SECOND)
        assert await kept.load("a") == SECOND
    chaos.assert_fired("reset_peer", times=1)


@on_a_loop
async def test_no_checkpoint_is_none_and_no_error(redis_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] A GET while nobody listens: there is no state, nothing is raised; when Redis is back, the state is."""
    async with connected(client_of(*redis_proxy.address)) as client:
        kept = Checkpoints(client)
        assert await kept.save("a", FIRST)
        with redis_proxy.down():
            assert await kept.load("a") is None
        assert await kept.load("a") == FIRST
    chaos.assert_fired("down")


@on_a_loop
async def test_a_silent_server_costs_its_limit(redis_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] Nothing answers: the limit of the client, 2 s, is what a checkpoint costs, and not more."""
    async with connected(client_of(*redis_proxy.address)) as client:
        kept = Checkpoints(client)
        assert await kept.save("a", FIRST)
        began = virtual_time.now
        with redis_proxy.toxic("timeout", timeout=0):
            assert await kept.load("a") is None
        assert virtual_time.now - began == 2.0
        assert await kept.load("a") == FIRST
    chaos.assert_fired("timeout")


@on_a_loop
async def test_what_raises_is_seen(redis_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] The twin that lets errors through ends its session, in both of these."""
    async with connected(client_of(*redis_proxy.address)) as client:
        loud = LoudCheckpoints(client)
        with redis_proxy.toxic("reset_peer", match="SET session:a", first=1), pytest.raises(redis.ConnectionError):
            await loud.save("a", FIRST)
        with redis_proxy.down(), pytest.raises(redis.ConnectionError):
            await loud.load("a")
    chaos.assert_fired("reset_peer", times=1)


# B3: once, or in doubt


@on_a_loop
async def test_an_order_is_counted_once(redis_proxy: Any, redis_server: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] The reply to INCR is lost: the application says that it is in doubt, and the count is 1."""
    async with connected(client_of(*redis_proxy.address)) as client:
        with redis_proxy.toxic("drop_reply", match="INCR", first=1), pytest.raises(InDoubt):
            await Orders(client).count()
    assert redis_server.get("orders") == "1"
    assert len(sent(chaos.records, "INCR")) == 1
    chaos.assert_fired("drop_reply", times=1)
    chaos.assert_at_most_once("INCR orders")


@on_a_loop
async def test_one_incr_is_stored_as_two(redis_proxy: Any, redis_server: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] redis-py as it comes sends it again: one call, no error, and the count is 2; the oracle names both connections."""
    async with connected(careless_client_of(*redis_proxy.address)) as client:
        with redis_proxy.toxic("drop_reply", match="INCR", first=1):
            assert await Orders(client).count() == 2
    assert redis_server.get("orders") == "2"
    chaos.assert_fired("drop_reply", times=1)
    asked = sent(chaos.records, "INCR")
    assert len({each.connection for each in asked}) == len(asked) == 2
    with pytest.raises(AssertionError) as failed:
        chaos.assert_at_most_once("INCR orders")
    for each in asked:
        assert f"connection {each.connection}" in str(failed.value)


# B3: killed, and started again


@pytest.mark.chaos_service
@on_a_loop
async def test_a_session_goes_on_where_it_was(
    redis_proxy: Any, redis_server: Any, virtual_time: Any, chaos: Any
) -> None:
    """[B3] Redis is killed and comes back: the session has the last state that was acknowledged to it."""
    async with connected(client_of(*redis_proxy.address)) as client:
        kept = Checkpoints(client)
        with redis_server.persistent():
            assert await kept.save("a", FIRST)
            with redis_server.killed():
                assert not await kept.save("a", SECOND)
            assert await kept.load("a") == FIRST
            assert await kept.save("a", SECOND)
            redis_server.restart()
            assert await kept.load("a") == SECOND


@pytest.mark.chaos_service
@pytest.mark.parametrize("arrives", [True, False], ids=["reply lost", "request lost"])
@on_a_loop
async def test_an_unacknowledged_state_is_whole_or_absent(
    redis_proxy: Any, redis_server: Any, virtual_time: Any, chaos: Any, arrives: bool
) -> None:
    """[B3] What was in flight when the server died: the trace says whether it got there, and so the state is, all of it."""
    fault = {"kind": "drop_reply"} if arrives else {"kind": "reset_peer", "stream": "upstream"}
    async with connected(client_of(*redis_proxy.address)) as client:
        kept = Checkpoints(client)
        with redis_server.persistent():
            assert await kept.save("a", FIRST)
            with redis_proxy.toxic(fault.pop("kind"), match="SET session:a", first=1, **fault) as struck:
                assert not await kept.save("a", SECOND)
            redis_server.restart()
            assert await kept.load("a") == (SECOND if arrives else FIRST)
    assert struck.applied == 1
    assert len(answered(chaos.records, "SET session:a")) == 1 + arrives


@pytest.mark.chaos_service
@on_a_loop
async def test_what_loses_states_is_seen(redis_proxy: Any, redis_server: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] The twin that keeps a state piece by piece has half of two; the one that says yes too soon has lost one."""
    async with connected(client_of(*redis_proxy.address)) as client:
        torn, eager = TornCheckpoints(client), EagerCheckpoints(client)
        assert await torn.save("a", FIRST)
        assert await eager.save("b", FIRST)
        with redis_proxy.toxic("reset_peer", match="SET session:a:text", stream="upstream", first=1):
            assert not await torn.save("a", SECOND)
        with redis_proxy.toxic("reset_peer", match="SET session:b", stream="upstream", first=1, name="second"):
            assert await eager.save("b", SECOND)
        assert await torn.load("a") == {"step": SECOND["step"], "text": FIRST["text"]}
        assert await eager.load("b") == FIRST
    chaos.assert_fired("reset_peer", times=2)


# B3: what a server in trouble answers


@on_a_loop
async def test_a_loading_server_is_waited_for(redis_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] LOADING three times: four attempts, half a second apart, and the state is kept."""
    async with connected(client_of(*redis_proxy.address)) as client:
        with redis_proxy.toxic("resp_error", code="LOADING", match="SET", first=3):
            assert await Checkpoints(client).save("a", FIRST)
    asked = sent(chaos.records, "SET session:a")
    assert gaps_s(asked) == [0.5, 0.5, 0.5]
    chaos.assert_fired("resp_error", times=3)


@on_a_loop
async def test_a_full_server_is_asked_once(redis_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] OOM is not going to pass by trying again: one attempt, and no state; the twin that insists makes six."""
    async with connected(client_of(*redis_proxy.address)) as client:
        with redis_proxy.toxic("resp_error", code="OOM", match="SET session:a"):
            assert not await Checkpoints(client).save("a", FIRST)
    async with connected(insisting_client_of(*redis_proxy.address)) as client:
        with redis_proxy.toxic("resp_error", code="OOM", match="SET session:b", name="insisted"):
            assert not await Checkpoints(client).save("b", FIRST)
    assert len(sent(chaos.records, "SET session:a")) == 1
    assert len(sent(chaos.records, "SET session:b")) == 6
    chaos.assert_fired("resp_error", times=7)


@on_a_loop
async def test_a_replica_is_left_for_the_primary(
    redis_proxy: Any, redis_server: Any, chaos_proxy: Any, virtual_time: Any, chaos: Any
) -> None:
    """[B3] READONLY: the server has become a replica; this state and those after it go to the other one."""
    standby = chaos_proxy(redis_server, protocol="redis", name="standby")
    async with connected(client_of(*redis_proxy.address)) as one, connected(client_of(*standby.address)) as other:
        kept = Checkpoints(one, standby=other)
        with redis_proxy.toxic("resp_error", code="READONLY"):
            assert await kept.save("a", FIRST)
            assert await kept.save("a", SECOND)
        assert await kept.load("a") == SECOND
    assert [each.at for each in sent(chaos.records, "SET session:a")] == ["redis", "standby", "standby"]
    chaos.assert_fired("resp_error", times=1)


@pytest.mark.chaos_service(real_time=True)
@on_a_loop
async def test_too_many_clients(redis_server: Any, virtual_time: Any) -> None:
    """[B3] A server that lets nobody in, asked without a proxy: no state and no error; once it lets us in, the state is there."""
    async with connected(client_of("127.0.0.1", redis_server.port)) as client:
        assert await Checkpoints(client).save("a", FIRST)
    async with connected(client_of("127.0.0.1", redis_server.port)) as client:
        with redis_server.exhausted():
            assert await Checkpoints(client).load("a") is None
        assert await Checkpoints(client).load("a") == FIRST


@pytest.mark.chaos_network
@on_a_loop
async def test_how_long_redis_py_hides_an_outage(redis_proxy: Any, virtual_time: Any, chaos: Any) -> None:
    """[B3] As it comes it tries eleven connections, with pauses that grow, before anybody hears of it."""
    async with connected(careless_client_of(*redis_proxy.address)) as client:
        with redis_proxy.toxic("reset_peer", on="connection"), pytest.raises(redis.ConnectionError):
            await client.get("orders")
    assert len(connections(chaos.records)) == 11
    assert 2 < virtual_time.now < 60
    chaos.assert_fired("reset_peer", times=11)


# what redis-py does under each fault, without retries

ENDS = {
    "reset at accept": ("reset_peer", {"on": "connection"}, redis.ConnectionError),
    "end at accept": ("limit_data", {"bytes": 0}, redis.ConnectionError),
    "reset for a reply": ("drop_reply", {"match": "GET"}, redis.ConnectionError),
    "end for a reply": ("drop_reply", {"match": "GET", "end": "fin"}, redis.ConnectionError),
    "reply swallowed": ("drop_reply", {"match": "GET", "end": "hang"}, redis.TimeoutError),
    "short reply, end": ("limit_data", {"bytes": 3, "match": "GET"}, redis.ConnectionError),
    "short reply, reset": ("reset_peer", {"after_bytes": 3, "match": "GET"}, redis.ConnectionError),
    "first byte flipped": ("corrupt", {"bytes": 1, "offset": 0, "match": "GET"}, redis.InvalidResponse),
    "slices of a byte": ("slicer", {"average_size": 1, "delay": 1000}, None),
}


@pytest.mark.chaos_network
@pytest.mark.parametrize("name", ENDS)
@on_a_loop
async def test_how_redis_py_fails(redis_proxy: Any, virtual_time: Any, chaos: Any, name: str) -> None:
    """[B3] Each fault is the error that its documentation says, or none at all; the next client is served."""
    kind, words, error = ENDS[name]
    host, port = redis_proxy.address
    said: dict[str, Any] = {"protocol": 2, "socket_timeout": 0.5, "retry": Retry(NoBackoff(), 0)}
    said["driver_info"] = None  # else it says two things at once, and an end may come before or after the second
    async with connected(Redis(host=host, port=port, **said)) as client:
        with redis_proxy.toxic(kind, **words):
            if error is None:
                assert await client.get("orders") is None
            else:
                with pytest.raises(error):
                    await client.get("orders")
        assert await client.get("orders") is None
    chaos.assert_fired(kind)

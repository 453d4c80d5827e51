"""Faults of services last for a block, and are undone at its end, also when the body raises."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from fozzy.chaos.services.redis_client import RedisClient, RedisRefusal
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.services.service import Service
from fozzy.errors import UsageError

BIG = "x" * (8 << 20)


class Oops(Exception):
    """A body that raises."""


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[RedisServer]:
    """A Redis that is well again afterwards."""
    yield redis_server
    assert redis_server.left() == []
    assert redis_server.ask("PING") == b"PONG"


def test_killed(redis: RedisServer) -> None:
    """Whoever comes is refused, who is there is cut off; afterwards there is another process at the same address."""
    first, port = redis.pid, redis.port
    with redis.direct() as client:
        with pytest.raises(Oops), redis.killed() as fault:
            assert fault.applied == 1
            with pytest.raises(ConnectionError):
                client.ask("PING")
            with pytest.raises(ConnectionRefusedError):
                redis.direct()
            raise Oops
        assert (redis.pid != first, redis.port) == (True, port)


def test_killed_by_name_in_async_code(redis: RedisServer) -> None:
    """`async with` does the same."""
    import asyncio

    async def body() -> None:
        async with redis.killed():
            assert not redis.is_alive

    with pytest.raises(UsageError, match="in force already"), redis.frozen() as fault:
        fault.__enter__()
    asyncio.run(body())


def test_frozen(redis: RedisServer) -> None:
    """It takes a connection and answers nothing; afterwards it is the same process and answers what it was asked."""
    first = redis.pid
    with redis.direct() as client, pytest.raises(Oops), redis.frozen() as fault:
        assert fault.applied == 1
        with RedisClient(redis.port, within_s=0.1) as other, pytest.raises(TimeoutError):
            other.ask("PING")
        client._wire.send(b"PING\r\n")
        raise Oops
    assert redis.pid == first


def test_killed_while_frozen(redis: RedisServer) -> None:
    """What happens to it within a block is undone too."""
    with redis.frozen():
        redis.kill()
    assert redis.ask("SET", "a", "b") == b"OK"
    with redis.frozen(), redis.killed():
        assert not redis.is_alive
    assert redis.get("a") is None and redis.is_alive


def test_no_memory_kills_and_it_comes_back(redis: RedisServer) -> None:
    """64 MB are enough for little and not for 160; afterwards for that too."""
    with redis.limited(memory_mb=64) as fault:
        redis.ask("SET", "small", "little")
        with pytest.raises((OSError, RedisRefusal)):
            for number in range(20):
                redis.ask("SET", f"big{number}", BIG)
        assert fault.applied == 1
    assert redis.get("small") is None
    for number in range(20):
        redis.ask("SET", f"big{number}", BIG)


def test_a_share_of_the_processor() -> None:
    """With a tenth of the time it does less work, and afterwards again as much."""
    program = (
        "import sys, time\nwhile True:\n    print(time.process_time(), flush=True)\n    [None for _ in range(20000)]"
    )
    with Service([sys.executable, "-c", program], ready=lambda service: service.log.count("\n") > 3) as busy:

        def done(seconds: float = 0.6) -> float:
            before = float(busy.log.split()[-2])
            time.sleep(seconds)
            return float(busy.log.split()[-2]) - before

        with busy.limited(cpu=0.1):
            little = min(done() for _ in range(3))
        assert little < 0.3
        assert any(done() > 1.5 * little for _ in range(10))


def test_exhausted(redis: RedisServer) -> None:
    """Nobody else is let in; or so many connections are taken."""
    with redis.exhausted(), redis.direct() as client, pytest.raises((RedisRefusal, OSError)):
        client.ask("PING")
    with redis.exhausted(7):
        assert b"connected_clients:8\r\n" in redis.ask("INFO", "clients")
    assert b"connected_clients:1\r\n" in redis.ask("INFO", "clients")


def test_what_cannot_be_is_refused(redis: RedisServer) -> None:
    """Limits that limit nothing, or are none, and numbers of connections that cannot be."""
    for made in (
        lambda: redis.limited(),
        lambda: redis.limited(cpu=0),
        lambda: redis.limited(cpu=1.5),
        lambda: redis.limited(memory_mb=0),
        lambda: redis.exhausted(0),
        lambda: redis.exhausted(10**6),
    ):
        with pytest.raises(UsageError) as caught:
            made()
        assert caught.value.code == "usage.bad_value"
    with Service("sleep 84", ready=lambda service: True) as other, pytest.raises(UsageError, match="not known"):
        other.exhausted().__enter__()

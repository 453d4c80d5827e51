"""What a test holds: proxies that it is given, faults that are counted, servers that are asked directly."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from fozzy.errors import NotAllowedError, UsageError


def asked(port: int, words: bytes) -> bytes:
    """What a server answers, at once or not at all."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        sock.sendall(words)
        return sock.recv(4096)


@pytest.mark.chaos(seed=7)
def test_what_fired_is_counted(redis_proxy: Any, chaos: Any) -> None:
    """By type, by name and by proxy and name; a wrong number says what became of each toxic."""
    with redis_proxy.toxic("resp_error", code="OOM", name="full", match="SET"):
        for _ in range(3):
            assert asked(redis_proxy.port, b"SET a 1\r\n").startswith(b"-OOM")
    for name in ("resp_error", "full", "redis/full"):
        chaos.assert_fired(name)
        chaos.assert_fired(name, times=3)
        assert chaos.fired(name) == 3
    with pytest.raises(AssertionError, match=r"3 times, not 2 times\n  redis/full \(resp_error\) came to pass 3 times"):
        chaos.assert_fired("full", times=2)
    with pytest.raises(UsageError, match='no toxic "ful"'):
        chaos.assert_fired("ful")


@pytest.mark.chaos(seed=7)
def test_a_server_is_asked_past_its_proxy(redis_proxy: Any, postgres_proxy: Any, http_proxy: Any, chaos: Any) -> None:
    """Whatever is in force; an answer is there in a sync test, and awaited in a loop."""
    redis = redis_proxy.direct()
    with redis_proxy.down():
        assert redis.set("orders", 1) == b"OK"
        assert redis.get("orders") == b"1"

        async def main() -> Any:
            return await redis.get("orders"), await postgres_proxy.direct().ask("SELECT 1")

        assert asyncio.run(main()) == (b"1", [(1,)])
    assert postgres_proxy.direct().ask("SELECT 'a'") == [("a",)]
    with pytest.raises(UsageError, match="speaks http"):
        http_proxy.direct()
    assert [record for record in chaos.records if hasattr(record, "connection")] == []


@pytest.mark.chaos(seed=7)
def test_proxies_of_a_test_are_one_run(chaos_proxy: Any, redis_server: Any, chaos: Any) -> None:
    """They share seed and records; names are free ones; what is not on loopback is refused."""
    one, two = chaos_proxy(redis_server, protocol="redis"), chaos_proxy(redis_server.url)
    three = chaos_proxy(redis_server.address, name="raw one", toxics=["latency:latency=1"])
    assert (one.name, two.name, three.name) == ("redis", "redis2", "raw one")
    assert {asked(each.port, b"PING\r\n") for each in (one, two, three)} == {b"+PONG\r\n"}
    assert one.seed == two.seed == chaos.seed == 7
    assert chaos["raw one"] is three
    assert [toxic.type for toxic in three.toxics] == ["latency"]
    with pytest.raises(UsageError, match='there is a proxy "redis" already'):
        chaos_proxy(redis_server, name="redis")
    with pytest.raises(NotAllowedError, match="192.0.2.1:6379"):
        chaos_proxy("192.0.2.1:6379")
    with pytest.raises(UsageError, match="the upstream must be"):
        chaos_proxy(7)


@pytest.mark.chaos(
    seed=7, scenario={"proxies": [{"name": "redis", "upstream": "127.0.0.1:1", "toxics": [{"type": "down"}]}]}
)
def test_a_scenario_declares_faults(redis_proxy: Any, chaos: Any) -> None:
    """Its toxics are in force on the fixture's proxy of the same name, from the beginning to the end."""
    with pytest.raises(ConnectionError):
        asked(redis_proxy.port, b"PING\r\n")
    chaos.assert_fired("down")


@pytest.mark.chaos(seed=7)
def test_what_happens_to_a_service_is_a_fault_too(redis_proxy: Any, redis_server: Any, chaos: Any) -> None:
    """It is counted, and the trace has it with its end."""
    with redis_server.killed(), pytest.raises(ConnectionError):
        asked(redis_proxy.port, b"PING\r\n")
    chaos.assert_fired("killed", times=1)
    assert chaos.fired("redis-server/killed") == 1
    told = [record.fields["over"] for record in chaos.records if getattr(record, "name", "") == "chaos.fault"]
    assert told == [False, True]

"""A service dies or stands still of a request, which it gets and does not answer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import redis

import fozzy
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.core.wires import Spoken
from fozzy.errors import UsageError


def client(url: str, **more: object) -> redis.Redis:
    """One that tries once."""
    return redis.Redis.from_url(url, retry=None, protocol=2, driver_info=None, **more)  # type: ignore[no-any-return]


@pytest.mark.parametrize("after", [0, 2])
def test_killed_by_a_request(redis_server: RedisServer, after: int) -> None:
    """So many are answered; the next one is sent on and gets an error; a new connection works when the block is over."""
    with redis_server.persistent(), fozzy.chaos.tcp(redis_server.url, seed=7) as proxy, client(proxy.url) as wire:
        first = redis_server.pid
        with redis_server.killed(through=proxy, match="INCR", after=after) as fault:
            for number in range(after):
                assert wire.incr("orders") == number + 1
            assert fault.applied == 0
            with pytest.raises(redis.ConnectionError):
                wire.incr("orders")
            assert fault.applied == 1
            assert proxy.applied("killed") == 1
        assert redis_server.pid != first
        assert int(wire.get("orders") or 0) == after
        assert proxy.toxics == []
    sent = [each for each in proxy.records if isinstance(each, Spoken) and each.about.startswith("INCR")]
    assert [each.of for each in sent].count("request") == after + 1
    assert [each.of for each in sent].count("reply") == after


def test_frozen_by_a_request(redis_server: RedisServer) -> None:
    """It stands still from that request on, and answers it when the block is over."""
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy, client(proxy.url, socket_timeout=1) as wire:
        first = redis_server.pid
        with redis_server.frozen(through=proxy, match="SET"):
            assert wire.ping()
            for _ in range(2):
                with pytest.raises(redis.TimeoutError):
                    wire.set("orders", 1)
        assert wire.ping()
        assert redis_server.pid == first
        assert redis_server.get("orders") == "1"


def test_a_request_that_comes_at_once(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks as soon as the toxic is there is struck: no request between uses up the schedule."""
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy, client(proxy.url) as wire:
        assert wire.ping()
        add = TcpProxy.add

        def then_ask(self: TcpProxy, *words: Any) -> str:
            name = add(self, *words)
            with suppress(redis.ConnectionError):
                wire.ping()
            return name

        monkeypatch.setattr(TcpProxy, "add", then_ask)
        with redis_server.killed(through=proxy, first=1) as fault:
            assert (proxy.applied("killed"), fault.applied) == (1, 1)


def test_one_that_never_comes_to_pass_is_undone(redis_server: RedisServer) -> None:
    """Nothing happened, nothing is left."""
    with fozzy.chaos.tcp(redis_server.url, seed=7) as proxy:
        first = redis_server.pid
        with redis_server.killed(through=proxy, after=3) as fault, client(proxy.url) as wire:
            assert wire.ping()
        assert (fault.applied, redis_server.pid, proxy.toxics) == (0, first, [])


def test_a_schedule_needs_a_proxy(redis_server: RedisServer) -> None:
    """Requests are counted where they come through."""
    with pytest.raises(UsageError, match="say which proxy"):
        redis_server.killed(after=3)

"""Breakers of pybreaker, purgatory and circuitbreaker tell their changes, each before the call that it lets through."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import circuitbreaker
import pybreaker
import pytest
from purgatory import AsyncCircuitBreakerFactory, SyncCircuitBreakerFactory

from fozzy.errors import UsageError
from fozzy.insight.verdict.listening import Listener

WANTED = ["open", "call", "half_open", "call", "closed"]


class Heard:
    """What a listener told, and where the calls were between."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.names: set[str] = set()
        self.listener = Listener("orders", self.tell)
        self.fails = True

    def tell(self, name: str, state: str) -> None:
        """A change."""
        self.names.add(name)
        self.told.append(state)

    def call(self) -> None:
        """What the breaker guards."""
        self.told.append("call")
        if self.fails:
            raise ConnectionError


def tried(call: Any) -> None:
    """Call, whatever comes of it."""
    with pytest.raises((ConnectionError, Exception)):
        call()


def test_pybreaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """As its listener: opened by the second failure, half open before the call that closes it again."""
    heard = Heard()
    breaker = heard.listener.watch(pybreaker.CircuitBreaker(fail_max=2, reset_timeout=60))
    for _ in range(4):
        tried(lambda: breaker.call(heard.call))
    assert heard.told == ["call", "call", "open"]
    breaker._state_storage.opened_at -= timedelta(seconds=61)
    heard.fails = False
    breaker.call(heard.call)
    assert heard.told[2:] == ["open", "half_open", "call", "closed"] and heard.names == {"orders"}
    heard.listener.close()
    breaker.open()
    assert heard.told[-1] == "closed"


def test_circuitbreaker() -> None:
    """Which has no listeners: its context tells; after `close` it is the class that it was."""
    heard = Heard()
    breaker = heard.listener.watch(circuitbreaker.CircuitBreaker(failure_threshold=2, recovery_timeout=60, name="b"))
    guarded = breaker(heard.call)
    for _ in range(4):
        tried(guarded)
    assert heard.told == ["call", "call", "open"]
    breaker._opened -= 61
    heard.fails = False
    guarded()
    assert heard.told[2:] == ["open", "half_open", "call", "closed"]
    heard.listener.close()
    assert type(breaker) is circuitbreaker.CircuitBreaker


def test_purgatory_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own hook tells of a half-opening after the call; watched, it tells before."""
    heard = Heard()
    now = [1000.0]
    monkeypatch.setattr("purgatory.domain.model.time.time", lambda: now[0])

    async def test() -> None:
        factory = heard.listener.watch(AsyncCircuitBreakerFactory(default_threshold=2, default_ttl=60))

        async def once() -> None:
            async with await factory.get_breaker("orders"):
                heard.call()

        for _ in range(4):
            with pytest.raises((ConnectionError, Exception)):
                await once()
        now[0] += 61
        heard.fails = False
        await once()
        heard.listener.close()
        assert "get_breaker" not in vars(factory)

    asyncio.run(test())
    assert heard.told == ["call", "call", "open", "half_open", "call", "closed"] and heard.names == {"orders"}


def test_purgatory_that_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of its other half; a circuit of another name is told with both."""
    heard = Heard()
    factory = heard.listener.watch(SyncCircuitBreakerFactory(default_threshold=1))
    with pytest.raises(ConnectionError), factory.get_breaker("carts"):
        heard.call()
    assert heard.told == ["call", "open"] and heard.names == {"orders/carts"}


def test_purgatory_with_its_own_hook() -> None:
    """A listener can be given to a factory as its hook too; a change is told once all the same."""
    heard = Heard()
    factory = SyncCircuitBreakerFactory(default_threshold=1)
    factory.add_listener(heard.listener)
    heard.listener.watch(factory)
    with pytest.raises(ConnectionError), factory.get_breaker("orders"):
        heard.call()
    assert heard.told == ["call", "open"]


def test_purgatory_is_left_as_it_was() -> None:
    """A circuit that outlives who listened tells nothing more; two who listen both hear it, once each."""
    factory = SyncCircuitBreakerFactory(default_threshold=2)
    first, other = Heard(), Heard()
    for each in (first, other):
        each.listener.watch(factory)
    for _ in range(2):
        with pytest.raises(ConnectionError), factory.get_breaker("orders") as breaker:
            first.call()
    assert first.told == ["call", "call", "open"] and other.told == ["open"]
    for each in (other, first):
        each.listener.close()
    assert "set_state" not in vars(breaker.context)


def test_what_is_no_breaker() -> None:
    """It is refused, with what to do instead."""
    with pytest.raises(UsageError, match="object is no breaker") as refused:
        Listener("orders", lambda _who, _state: None).watch(object())
    assert "chaos.transition" in refused.value.hint

"""What libraries keep is put back by what each has for it: the real ones, each brought into a state first."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import types
from typing import Any

import aiobreaker
import aiolimiter
import cachetools
import circuitbreaker
import limits
import limits.aio.storage
import limits.aio.strategies
import limits.storage
import limits.strategies
import purgatory
import pybreaker
import pytest
from cashews import Cache
from purgatory.domain.model import OpenedState

from fozzy.pytest_plugin.libraries import KINDS, InUse, finish

LIMIT = limits.parse("2/minute")


def kind_of(thing: Any) -> Any:
    """The kind that a thing is of."""
    (found,) = [each for each in KINDS if each.loaded is not None and isinstance(thing, each.loaded)]
    return found


def put_back(thing: Any) -> None:
    """Put back one."""
    kind_of(thing).put_back(thing)


def fails() -> None:
    """A call that fails."""
    raise OSError("down")


@pytest.mark.parametrize("library", [pybreaker, aiobreaker])
def test_breakers_close_and_count_anew(library: Any) -> None:
    """One that is open is closed, one that is half way there has not counted; its listeners hear what happened."""
    breaker = library.CircuitBreaker(fail_max=2)
    heard: list[Any] = []
    listener = type(
        "Listener", (library.CircuitBreakerListener,), {"state_change": lambda self, *said: heard.append(1)}
    )
    breaker.add_listener(listener())
    for failures in (1, 2):
        for _ in range(failures):
            with contextlib.suppress(OSError, library.CircuitBreakerError):
                breaker.call(fails)
        assert breaker.fail_counter == failures
        put_back(breaker)
        assert breaker.fail_counter == 0 and breaker.call(lambda: "done") == "done"
    assert len(heard) == 3  # opened, and closed twice
    put_back(breaker)
    assert len(heard) == 3


def test_a_breaker_that_counts_elsewhere_is_left_alone() -> None:
    """Its storage belongs to others, too: nothing is asked of it."""

    class Elsewhere(pybreaker.CircuitMemoryStorage):
        name = "redis"

    breaker = pybreaker.CircuitBreaker(fail_max=1, state_storage=Elsewhere("open"))
    put_back(breaker)
    assert breaker.current_state == "open"


def test_a_breaker_in_use_is_not_waited_for() -> None:
    """pybreaker holds its lock for the time of a call, which a thread that was left behind may never end."""
    breaker = pybreaker.CircuitBreaker(fail_max=1)
    begun, over = threading.Event(), threading.Event()

    def call() -> None:
        begun.set()
        over.wait()

    thread = threading.Thread(target=breaker.call, args=(call,))
    thread.start()
    try:
        begun.wait()
        with pytest.raises(InUse, match="still goes on"):
            put_back(breaker)
    finally:
        over.set()
        thread.join()
    put_back(breaker)


def test_circuitbreaker_closes() -> None:
    """Also one that decorates nothing, which its monitor does not know."""
    breaker = circuitbreaker.CircuitBreaker(failure_threshold=1)
    with pytest.raises(OSError):
        breaker.call(fails)
    assert breaker.opened
    put_back(breaker)
    assert breaker.closed and breaker.failure_count == 0


def test_purgatory_closes_and_tells_nobody() -> None:
    """The context that a factory keeps is closed, with its own threshold; no event of it goes out later."""
    factory = purgatory.SyncCircuitBreakerFactory(default_threshold=9)
    heard: list[str] = []
    breaker = factory.get_breaker("db", threshold=1)
    factory.add_listener(lambda name, kind, event: heard.append(kind))

    def call(wanted: type[BaseException] | None) -> None:
        with contextlib.suppress(OSError) if wanted is None else pytest.raises(wanted), factory.get_breaker("db", 1):
            if wanted is not None:
                fails()

    call(OSError)
    call(OpenedState)
    heard.clear()
    put_back(breaker.context)
    call(None)
    assert breaker.context.state == "closed" and breaker.context.threshold == 1
    assert heard == []


def test_limits_forget_their_hits() -> None:
    """For threads and for asyncio."""
    storage = limits.storage.MemoryStorage()
    limiter = limits.strategies.MovingWindowRateLimiter(storage)
    assert [limiter.hit(LIMIT) for _ in range(3)] == [True, True, False]
    put_back(storage)
    assert limiter.hit(LIMIT)
    later = limits.aio.storage.MemoryStorage()
    waiting = limits.aio.strategies.FixedWindowRateLimiter(later)

    async def hits() -> list[bool]:
        return [await waiting.hit(LIMIT) for _ in range(3)]

    assert asyncio.run(hits()) == [True, True, False]
    put_back(later)
    assert asyncio.run(hits()) == [True, True, False]


def test_an_emptied_limiter_is_as_new() -> None:
    """On another loop nothing is said of the one before; one whose loop lives keeps who waits there."""
    limiter = aiolimiter.AsyncLimiter(2, 60)

    async def fill() -> None:
        await limiter.acquire(2)
        assert not limiter.has_capacity()

    async def fill_twice() -> None:
        await fill()
        waiting = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(0)
        put_back(limiter)
        assert limiter.has_capacity(2) and not waiting.done()
        waiting.cancel()

    asyncio.run(fill())
    put_back(limiter)
    asyncio.run(fill_twice())  # aiolimiter warns of another loop, and a warning is an error here


def test_caches_are_empty() -> None:
    """cachetools, a class that inherits from it, and the memory of cashews."""

    class Own(cachetools.LRUCache[str, int]):
        pass

    for cache in (cachetools.TTLCache[str, int](9, 60), Own(9)):
        cache["a"] = 1
        put_back(cache)
        assert not cache and cache.currsize == 0
        cache["a"] = 1
    cache = Cache()
    backend = cache.setup("mem://", check_interval=0)
    asyncio.run(backend.set("a", 1))
    put_back(backend)
    assert asyncio.run(backend.get("a")) is None


def test_what_has_the_same_name_is_somebody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of one's own named as a library, and one that is not loaded, have no class of ours."""
    own: Any = types.ModuleType("circuitbreaker")
    own.CircuitBreaker = type("CircuitBreaker", (), {"reset": fails})
    (kind,) = [each for each in KINDS if each.module == "circuitbreaker"]
    assert kind.loaded is circuitbreaker.CircuitBreaker
    monkeypatch.setitem(sys.modules, "circuitbreaker", own)
    assert kind.loaded is None
    monkeypatch.delitem(sys.modules, "circuitbreaker")
    assert kind.loaded is None


def test_what_has_to_be_waited_for_is_not_finished() -> None:
    """A coroutine that waits is ended, and said to be in use."""

    async def waits() -> None:
        await asyncio.sleep(0)

    with pytest.raises(InUse, match="waited for"):
        finish(waits())


def test_every_kind_is_there() -> None:
    """Each class is found in the library as it is published now."""
    assert [each for each in KINDS if each.loaded is None] == []

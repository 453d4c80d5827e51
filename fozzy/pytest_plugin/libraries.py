"""What libraries keep from one test to the next, and how each is put back: breakers closed, limits unused, caches empty.

Rule 1: no library is imported here; what is not loaded has no state.
Rule 2: what is kept elsewhere, as in Redis or in a file, is not touched: it ends with the service or the folder.
Rule 3: nothing here waits. Who is in use by a thread that a test left behind says so.
To add one: a line in `KINDS` with what puts one instance back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple


class InUse(Exception):
    """It cannot be put back now."""


class Kind(NamedTuple):
    """A class of a library, by its name in a module; `has` is what only that class has, whoever has a module so named."""

    module: str
    name: str
    has: str
    put_back: Callable[[Any], None]

    @property
    def loaded(self) -> type | None:
        """The class, where its library is loaded."""
        found = getattr(sys.modules.get(self.module), self.name, None)
        return found if isinstance(found, type) and hasattr(found, self.has) else None


def close_breaker(breaker: Any) -> None:
    """One of pybreaker or aiobreaker, where it counts in memory; its listeners are told, as by anybody who closes it."""
    if breaker._state_storage.name != "memory":
        return
    lock = getattr(breaker, "_lock", None)  # pybreaker holds it for the time of a call
    if lock is not None and not lock.acquire(blocking=False):
        raise InUse("a call of it still goes on")
    try:
        if breaker.fail_counter or _named(breaker.current_state) != "closed":
            breaker.close()
    finally:
        if lock is not None:
            lock.release()


def reset_breaker(breaker: Any) -> None:
    """One of circuitbreaker."""
    breaker.reset()


def close_context(context: Any) -> None:
    """One of purgatory. Nobody is told: its events go out with the next call."""
    closed: Any = sys.modules["purgatory.domain.model"]
    type(context).set_state(context, closed.ClosedState())  # past who listens to this one
    context.messages.clear()


def forget_hits(storage: Any) -> None:
    """The memory of limits, for threads."""
    storage.reset()


def forget_hits_async(storage: Any) -> None:
    """The memory of limits, for asyncio."""
    finish(storage.reset())


def empty_bucket(limiter: Any) -> None:
    """One of aiolimiter. It has no such method, so it is made anew; who waits on a loop that lives goes on waiting."""
    loop = getattr(limiter, "_event_loop", None)
    if loop is not None and not loop.is_closed():
        limiter._level = 0.0
        return
    made_by = next(each for each in type(limiter).__mro__ if each.__name__ == "AsyncLimiter")
    made_by.__init__(limiter, limiter.max_rate, limiter.time_period)  # type: ignore[misc]
    if loop is not None:
        del limiter._event_loop


def clear_cache(cache: Any) -> None:
    """One of cachetools."""
    cache.clear()


def clear_backend(backend: Any) -> None:
    """The memory of cashews."""
    finish(backend.clear())


KINDS = (
    Kind("pybreaker", "CircuitBreaker", "current_state", close_breaker),
    Kind("aiobreaker", "CircuitBreaker", "current_state", close_breaker),
    Kind("circuitbreaker", "CircuitBreaker", "open_remaining", reset_breaker),
    Kind("purgatory.domain.model", "Context", "set_state", close_context),
    Kind("limits.storage", "MemoryStorage", "acquire_entry", forget_hits),
    Kind("limits.aio.storage", "MemoryStorage", "acquire_entry", forget_hits_async),
    Kind("aiolimiter", "AsyncLimiter", "has_capacity", empty_bucket),
    Kind("cachetools", "Cache", "getsizeof", clear_cache),
    Kind("cashews.backends.memory", "Memory", "get_many", clear_backend),
)


def finish(work: Coroutine[Any, Any, Any]) -> None:
    """Run a coroutine that waits for nothing. *Errors*: `InUse` where it does wait."""
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise InUse("it has to be waited for")


def _named(state: Any) -> str:
    """A state's name: a text of pybreaker, a member of aiobreaker."""
    return str(getattr(state, "name", state)).lower()

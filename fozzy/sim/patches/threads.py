"""Threads: what a program gives to a thread pool runs at once; a thread of its own is fenced, and so is waiting for one.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from types import ModuleType
from typing import Any

from fozzy.sim import context
from fozzy.sim.patches import doors, late
from fozzy.sim.patches.fences import fence, fenced, fenced_method, is_fence

THREAD = "a simulated machine runs no threads; use a task, or await asyncio.to_thread(...), which runs at once."
WAIT = (
    "no thread can end this wait, since a simulated machine runs none; await an asyncio.Event or asyncio.Queue instead."
)
PROCESSES = "a simulated machine starts no processes; use a ThreadPoolExecutor, which runs at once."
FROM_THREAD = (
    "what is given to a worker thread runs at once, so it cannot wait for a coroutine; make it async and await."
)


def inline(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function as a worker thread would: no event loop is running there."""
    with _running(None):
        return function(*args, **kwargs)


@contextmanager
def _running(loop: Any) -> Iterator[Any]:
    """While asyncio believes that this loop runs here. Gives the one before."""
    events: Any = sys.modules.get("asyncio.events")
    if events is None:
        yield None
        return
    before = events._get_running_loop()
    events._set_running_loop(loop)
    try:
        yield before
    finally:
        events._set_running_loop(before)


def _patch_pool(module: Any) -> None:
    def make(true: Any) -> Any:
        def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            if context.current is None:
                return true(self, fn, *args, **kwargs)
            if self._broken:
                raise module.BrokenThreadPool(self._broken)
            if self._shutdown:
                raise RuntimeError("cannot schedule new futures after shutdown")
            _begin(self)
            return _finished(module._base.Future(), fn, args, kwargs)

        return submit

    doors.method(module.ThreadPoolExecutor, "submit", make)


def _begin(executor: Any) -> None:
    """Run the initializer of a pool, before its first call."""
    initializer = getattr(executor, "_initializer", None)
    if initializer is not None and not getattr(executor, "_has_begun", False):
        executor._has_begun = True
        inline(initializer, *getattr(executor, "_initargs", ()))


def _finished(future: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The future of a call, which is over. What ends the run is not kept for later."""
    future.set_running_or_notify_cancel()
    try:
        result = Context().run(inline, function, *args, **kwargs)  # a thread has no variables of its caller
    except BaseException as error:
        if is_fence(error):
            raise
        future.set_exception(error)
    else:
        future.set_result(result)
    return future


def _patch_threading(module: Any) -> None:
    doors.method(module.Thread, "start", fenced_method("threading.Thread.start", THREAD))
    doors.method(module.Condition, "wait", _make_wait)


def _make_wait(true: Any) -> Any:
    def wait(self: Any, timeout: float | None = None) -> bool:
        """Nobody can end it, so it lasts as long as it may."""
        machine = context.current
        if machine is None:
            return true(self, timeout)  # type: ignore[no-any-return]
        if not self._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        if timeout is None:
            raise fence(machine, "threading.Condition.wait", WAIT)
        machine.block(max(0, round(timeout * 10**9)))
        return False

    return wait


def _patch_thread(module: ModuleType) -> None:
    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        doors.put(module, name, fenced(f"_thread.{name}", THREAD))


def _patch_process_pool(module: Any) -> None:
    call = "concurrent.futures.ProcessPoolExecutor.submit"
    doors.method(module.ProcessPoolExecutor, "submit", fenced_method(call, PROCESSES))


def _patch_anyio(module: Any) -> None:
    """Sync endpoints of Starlette and FastAPI go to anyio's own threads."""
    kind = module.AsyncIOBackend
    doors.method(kind, "run_sync_in_worker_thread", lambda true: _make_worker(module, true))
    doors.method(kind, "run_async_from_thread", _make_async_from_thread)
    doors.method(kind, "run_sync_from_thread", _make_sync_from_thread)


def _make_worker(module: Any, true: Any) -> Any:
    async def run_sync_in_worker_thread(
        cls: Any, func: Callable[..., Any], args: Any, abandon_on_cancel: bool = False, limiter: Any = None
    ) -> Any:
        if context.current is None:
            return await true.__get__(None, cls)(func, args, abandon_on_cancel, limiter)
        await cls.checkpoint()
        if limiter is None:  # calls that are over at once are never too many
            return _as_worker(module, cls, func, args)
        async with limiter:
            return _as_worker(module, cls, func, args)

    return classmethod(run_sync_in_worker_thread)


def _as_worker(module: Any, backend: Any, function: Callable[..., Any], args: Any) -> Any:
    own = copy_context()
    own.run(getattr(module, "set_current_async_library", lambda _: None), None)
    here = module.threadlocals
    with _running(None) as loop:
        core = sys.modules.get("anyio._core._eventloop")
        claim: Any = getattr(core, "claim_worker_thread", None)
        here.current_cancel_scope = None
        try:
            if claim is None:
                return own.run(function, *args)
            with claim(backend, loop):
                return own.run(function, *args)
        finally:
            del here.current_cancel_scope


def _make_async_from_thread(true: Any) -> Any:
    def run_async_from_thread(cls: Any, func: Callable[..., Any], args: Any, token: Any) -> Any:
        machine = context.current
        if machine is None:
            return true.__get__(None, cls)(func, args, token)
        raise fence(machine, "anyio.from_thread.run", FROM_THREAD)

    return classmethod(run_async_from_thread)


def _make_sync_from_thread(true: Any) -> Any:
    def run_sync_from_thread(cls: Any, func: Callable[..., Any], args: Any, token: Any) -> Any:
        if context.current is None:
            return true.__get__(None, cls)(func, args, token)
        loop = token or sys.modules["anyio._core._eventloop"].threadlocals.current_token.native_token
        with _running(loop):
            return func(*args)

    return classmethod(run_sync_from_thread)


def install() -> None:
    """Put thread pools in place, and fences around threads."""
    late.when_imported("_thread", _patch_thread)
    late.when_imported("threading", _patch_threading)
    late.when_imported("concurrent.futures.thread", _patch_pool)
    late.when_imported("concurrent.futures.process", _patch_process_pool)
    late.when_imported("anyio._backends._asyncio", _patch_anyio)

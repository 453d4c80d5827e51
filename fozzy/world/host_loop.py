"""The host loop: one trio loop per run, on its own thread, where real processes and sockets live.

Rule 1: it starts with the first call and ends with the run; a run that asks nothing of the host never imports trio.
Rule 2: callers are synchronous. They hand over one coroutine function and wait, so nothing above the world is async.
Rule 3: an interrupt in the waiting thread cancels the call in flight before it goes on, so nothing is left half done.
Rule 4: what outlives a call runs in `nursery`; whoever puts something there tells `at_close` how to end it.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar

from fozzy import wall

if TYPE_CHECKING:
    import trio

A = TypeVar("A")
Work = Callable[[], Awaitable[A]]
Closer = Callable[[], Awaitable[None]]

SLICE_S = 0.25  # how often a waiting thread looks up: a signal the system gave to another thread wakes nobody


class _Flag:
    """Set once, waited for by one thread. A bare lock: an interrupt inside `threading.Event` can leave it broken."""

    __slots__ = ("is_set", "_lock")

    def __init__(self) -> None:
        self.is_set = False
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        if not self.is_set:
            self.is_set = True
            self._lock.release()

    def wait(self) -> None:
        """Return when it is set, or after `SLICE_S`."""
        if not self.is_set:
            self._lock.acquire(timeout=SLICE_S)


class _Job(Generic[A]):
    """One call on its way through the loop. Everything but `done` is written by the loop's thread alone."""

    def __init__(self, work: Work[A]) -> None:
        self.done = _Flag()
        self.results: list[A] = []
        self.error: Exception | None = None
        self.took_ns = 0
        self._work = work
        self._scope: trio.CancelScope | None = None

    def begin(self, nursery: trio.Nursery) -> None:
        """Start it; the scope exists from here on, so that a cancel that comes before the first step still counts."""
        import trio

        self._scope = trio.CancelScope()
        nursery.start_soon(self._run, self._scope)

    def cancel(self) -> None:
        """End it early, or see that it never begins."""
        if self._scope is None:
            self.done.set()
        else:
            self._scope.cancel()

    async def _run(self, scope: trio.CancelScope) -> None:
        began = wall.elapsed_ns()
        try:
            with scope:
                self.results.append(await self._work())
        except Exception as error:  # raised again in the calling thread
            self.error = error
        finally:
            self.took_ns = wall.elapsed_ns() - began
            self.done.set()


class HostLoop:
    """Runs coroutine functions for synchronous callers. *Closes*: with `close`, at the latest when Python ends."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._ready = _Flag()
        self._closed = False
        self._closers: list[Closer] = []
        self._crash: BaseException | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._closing: trio.Event | None = None

    @property
    def nursery(self) -> trio.Nursery:
        """Where background tasks run; only to be used on the loop. Its tasks must not raise."""
        assert self._nursery is not None, "the host loop has not started"
        return self._nursery

    def at_close(self, closer: Closer) -> None:
        """Have `closer` awaited when the loop closes, beside the others. It must end by itself and must not raise."""
        self._closers.append(closer)

    def call(self, work: Work[A]) -> tuple[A, int]:
        """The result of `work`, run on the loop, and the nanoseconds it took there.

        *Limits*: none of its own; `work` bounds itself. *Errors*: what `work` raises. Whatever interrupts the waiting
        thread cancels `work`, waits until it has cleaned up, and goes on.
        """
        token = self._start()
        job = _Job(work)
        try:
            token.run_sync_soon(job.begin, self.nursery)
            self._wait(job.done)
        except BaseException:
            self._withdraw(token, job)
            raise
        if job.error is not None:
            raise job.error
        if not job.results:
            raise RuntimeError("the host loop ended during a call") from self._crash
        return job.results[0], job.took_ns

    def close(self) -> None:
        """End background work and the thread. Again and again if you like. *Errors*: if the loop itself broke."""
        self._closed = True
        if self._thread is None:
            return
        self._wait(self._ready)
        if self._token is not None:
            self._soon(self._token, self._begin_closing)
        while self._thread.is_alive():
            self._thread.join(SLICE_S)
        self._thread = None
        atexit.unregister(self.close)
        if self._crash is not None:
            raise RuntimeError("the host loop broke") from self._crash

    def _start(self) -> trio.lowlevel.TrioToken:
        assert not self._closed, "the run is over"
        assert threading.current_thread() is not self._thread, "a call on the loop would wait for itself"
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="fozzy-host", daemon=True)
            atexit.register(self.close)  # an exit past the run's own `close` must not leave processes behind
            self._thread.start()
        self._wait(self._ready)
        if self._token is None:
            raise RuntimeError("the host loop did not start") from self._crash
        return self._token

    def _wait(self, flag: _Flag) -> None:
        assert self._thread is not None
        while not flag.is_set and (self._thread.is_alive() or self._thread.ident is None):
            flag.wait()

    def _withdraw(self, token: trio.lowlevel.TrioToken, job: _Job[A]) -> None:
        self._soon(token, job.cancel)
        self._wait(job.done)

    def _soon(self, token: trio.lowlevel.TrioToken, function: Callable[[], None]) -> None:
        import trio

        with suppress(trio.RunFinishedError):  # then there is nothing left to tell it
            token.run_sync_soon(function)

    def _begin_closing(self) -> None:
        assert self._closing is not None
        self._closing.set()

    def _run(self) -> None:
        try:
            import trio

            trio.run(self._main)
        except BaseException as error:  # kept for the waiting thread, which could not see it otherwise
            self._crash = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        import trio

        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._closing = trio.Event()
            self._token = trio.lowlevel.current_trio_token()
            self._ready.set()
            await self._closing.wait()
            async with trio.open_nursery() as closers:
                for closer in self._closers:
                    closers.start_soon(closer)
            nursery.cancel_scope.cancel()

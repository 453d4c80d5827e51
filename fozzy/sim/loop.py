"""asyncio's event loop of one run of a program on a simulated machine. It has no loop: the kernel runs its handles.

Rule 1: it keeps asyncio's promises: first in, first out; a callback never runs inside `call_soon`.
Rule 2: what asks the operating system is answered by the simulated one (`loop_network`), or refused by name.
Rule 3: a loop lives as long as its program. After a crash its handles never run again.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

from fozzy.sim import context as machines
from fozzy.sim.context import UPTIME_NS
from fozzy.sim.loop_network import NetworkCalls
from fozzy.sim.patches.threads import inline
from fozzy.sim.tasks import SimFuture, SimTask

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.node import Node


EAGER: Any = getattr(asyncio, "eager_task_factory", None)  # from 3.12 on; the tasks it makes are ours
NEVER_S = 4e9  # more than a century: no run lasts as long
NEVER_NS = int(NEVER_S) * 10**9


class Handle(asyncio.Handle):
    """A callback that is ready. It is made bare, and who makes it puts in what is called: one call less for each of the
    many a run makes. `handle_of` does both."""

    __slots__ = ()
    __init__: Any = object.__init__
    _loop: Any
    _context: Any
    _callback: Any
    _args: Any
    _repr: Any = None
    _source_traceback: Any = None

    def cancel(self) -> None:
        self._cancelled = True


def handle_of(handle: Any, callback: Any, args: Any, loop: Any, context: Context | None) -> Any:
    """A bare handle made whole."""
    handle._context = copy_context() if context is None else context
    handle._loop = loop
    handle._cancelled = False
    handle._callback = callback
    handle._args = args
    return handle


class Timer(Handle, asyncio.TimerHandle):
    """A callback that becomes ready at an instant."""

    __slots__ = ()
    _when: Any
    _scheduled: bool

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            self._loop.kernel.timer_cancelled()

    def __hash__(self) -> int:
        return hash(self._when)


class SimLoop(NetworkCalls):
    """*Limits*: none of its own; the kernel bounds steps. *Errors*: `RuntimeError` where asyncio has them."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.cluster: Cluster = node.cluster
        self.kernel = node.kernel
        self.futures_numbered = 0
        self.base = Context()
        self.visitors: dict[Any, None] = {}  # tasks of steps, which are not the program's own
        self.endpoints: dict[Any, None] = {}  # its streams that are open
        self.executor: Any = None
        self._ready = node.ready
        self._is_closed = False
        self._debug = False
        self._handler: Callable[[Any, dict[str, Any]], Any] | None = None
        self._factory: Any = None

    # Callbacks

    def time(self) -> float:
        node = self.node
        return (self.kernel.clock.now + node.lag_ns + UPTIME_NS) / 1e9

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Handle:
        if self._is_closed:
            raise RuntimeError("Event loop is closed")
        handle: Handle = Handle()
        handle._context = copy_context() if context is None else context
        handle._loop = self
        handle._cancelled = False
        handle._callback = callback
        handle._args = args
        self._ready.append(handle)
        if not self.node.is_queued:
            self.node.wake()
        return handle

    call_soon_threadsafe = call_soon

    def arrived(self, callback: Any, args: tuple[Any, ...], context: Context | None) -> None:
        """The machine has something for the program; unlike a program it may say so to a loop that is closed."""
        handle = Handle()
        handle._context = self.base if context is None else context
        handle._loop = self
        handle._cancelled = False
        handle._callback = callback
        handle._args = args
        self._ready.append(handle)
        if not self.node.is_queued:
            self.node.wake()

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Timer:
        if delay is None:
            raise TypeError("delay must not be None")
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> Timer:
        if when is None:
            raise TypeError("when cannot be None")
        if self._is_closed:
            raise RuntimeError("Event loop is closed")
        timer: Timer = handle_of(Timer(), callback, args, self, context)
        node = self.node
        timer._when, timer._scheduled = when, True
        if when <= self.time() and machines.current is node and node.may_hurry():
            node.overdue.append(timer)
        else:
            self.kernel.timer(_ns(when), node, timer)
        return timer

    def _timer_handle_cancelled(self, handle: Timer) -> None:
        self.kernel.timer_cancelled()

    # Futures and tasks

    def create_future(self) -> SimFuture:
        return SimFuture(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, Any], **more: Any) -> Any:
        if self._is_closed:
            coro.close()
            raise RuntimeError("Event loop is closed")
        if self._factory is not None:
            if self._factory is EAGER:
                return SimTask(coro, loop=self, eager_start=True, **more)
            return self._factory(self, coro, **more)
        return SimTask(coro, loop=self, **more)

    def set_task_factory(self, factory: Any) -> None:
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._factory = factory

    def get_task_factory(self) -> Any:
        return self._factory

    # Executors run what they are given at a step of their own

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> SimFuture:
        future, user = self.create_future(), self.cluster.user
        asked_at = user.caller()

        def run() -> None:
            if future.cancelled():
                return
            user.led_here = asked_at
            try:
                future.set_result(_run_in_thread(executor, func, args))
            except BaseException as error:  # a thread keeps whatever it is for who waits
                if getattr(error, "is_fence", False):
                    raise
                if isinstance(error, StopIteration):
                    error = RuntimeError(f"{func} raised StopIteration")
                future.set_exception(error)
            finally:
                user.led_here = ""

        self.call_soon(run, context=Context())  # a thread does not inherit
        return future

    def set_default_executor(self, executor: Any) -> None:
        self.executor = executor

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        return None

    async def shutdown_asyncgens(self) -> None:
        return None

    # Running

    def is_running(self) -> bool:
        return not self._is_closed

    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """The program closes its loop; nothing more may be scheduled."""
        self._is_closed = True

    def stop(self) -> None:
        self._refuse("loop.stop", "the machine's loop runs as long as its program; return from main instead")

    def run_forever(self) -> None:
        raise RuntimeError("This event loop is already running")

    def run_until_complete(self, future: Any) -> Any:
        if asyncio.iscoroutine(future):
            future.close()
        raise RuntimeError("This event loop is already running")

    def get_debug(self) -> bool:
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        self._debug = enabled

    # Exceptions

    def set_exception_handler(self, handler: Any) -> None:
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._handler = handler

    def get_exception_handler(self) -> Any:
        return self._handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """What nobody handled is a finding, and the machine's own last words."""
        self.cluster.unhandled(self.node, context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if self.node.loop is not self or self.cluster.is_over:
            return  # its program is gone
        if self._handler is None:
            self.default_exception_handler(context)
            return
        try:
            self._handler(self, context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self.default_exception_handler({**context, "exception": error})

    # Signals: nobody sends one

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:
        self.node.handlers[int(sig)] = (callback, args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self.node.handlers.pop(int(sig), None) is not None

    def __repr__(self) -> str:
        return f"<SimLoop of {self.node.name}>"


def _run_in_thread(executor: Any, func: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """What a call in a worker thread comes to: there is no running loop there. An executor of the program's own may be
    one of processes, which refuses."""
    return inline(func, *args) if executor is None else executor.submit(func, *args).result()


def _ns(when: float) -> int:
    """An instant of a loop's clock as the kernel has it."""
    return round(when * 1e9) - UPTIME_NS if when < NEVER_S else NEVER_NS


def install_hooks(kernel: Any) -> None:
    """Have asynchronous generators that are dropped closed by the loop that began them."""
    owners: dict[int, Any] = {}

    def first(agen: Any) -> None:
        if kernel.current is not None:
            owners[id(agen)] = kernel.current.loop

    def last(agen: Any) -> None:
        loop = owners.pop(id(agen), None)
        if loop is not None and loop.node.loop is loop and not loop.is_closed() and not loop.cluster.is_over:
            loop.call_soon(loop.create_task, agen.aclose())

    sys.set_asyncgen_hooks(first, last)

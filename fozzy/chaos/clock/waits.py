"""How threads wait for each other, and for several sockets at once, on the shared clock: conditions, and so events, queues,
semaphores and futures; the end of a thread; selectors.

Rule 1: only who asks for it waits so: code under test, directly or by `queue`, `threading` and `concurrent.futures`, in the
thread of the test or in one that it started. What else of Python's own library waits, as `subprocess` does, and what is
ours, waits in real time.
Rule 2: who waits without a limit is idle too, so that time goes on for whoever is going to wake it.
"""

from __future__ import annotations

import queue
import selectors
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from fozzy import wall
from fozzy.chaos.clock.chance import begins, has_begun
from fozzy.chaos.clock.threads import Threads, due_in

KEPT = ("fozzy", "_pytest", "pytest", "pluggy", "xdist", "execnet", "trio", "anyio", "hypothesis")
BETWEEN = ("threading", "queue", "concurrent")  # through which others wait
STARTERS = (*BETWEEN, "asyncio")  # and begin threads
OF_CHILDREN = ("subprocess", "multiprocessing.popen_fork", "multiprocessing.connection")
MULTIPROCESSING = "multiprocessing."
LOOK_NS = 5 * 10**5  # between two looks whether a thread has ended
SELECTORS = ("SelectSelector", "PollSelector", "EpollSelector", "KqueueSelector", "DevpollSelector")


def rebindings(threads: Threads, monotonic: Callable[[], float]) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """What is to stand where, while a test runs."""
    yield threading.Condition, "wait", waiting_condition(threads, threading.Condition.wait)
    yield threading.Thread, "join", waiting_join(threads, threading.Thread.join)
    yield threading.Thread, "start", starting(threads, threading.Thread.start)
    yield threading.Thread, "_bootstrap_inner", begun(threads, threading.Thread._bootstrap_inner)  # type: ignore[attr-defined]
    yield queue, "SimpleQueue", queue._PySimpleQueue  # type: ignore[attr-defined]  # an executor's; the other one is C
    for module, name in ((threading, "_time"), (queue, "time")):  # with which those count what is left of a limit
        if hasattr(module, name):
            yield module, name, _asked(threads, monotonic, getattr(module, name))
    for kind in {getattr(selectors, name) for name in SELECTORS if hasattr(selectors, name)}:
        yield kind, "select", waiting_select(threads, kind.select)
    waiting: Any = sys.modules.get("psycopg.waiting")
    if hasattr(waiting, "wait_selector"):  # the other one waits in C
        yield waiting, "wait", waiting.wait_selector


def sleeping(threads: Threads, call: Callable[[float], None]) -> Callable[[float], None]:
    """`time.sleep`; who looks after a child lives in real time, as the child does."""

    def sleeps(seconds: float, /) -> None:
        name = sys._getframe(1).f_globals.get("__name__", "")
        (call if name in OF_CHILDREN else threads.sleep)(seconds)

    return sleeps


def counting(mine: Callable[[], Any], theirs: Callable[[], Any]) -> Callable[[], Any]:
    """`time.monotonic`; who waits for children in real time counts in it what is left of a limit."""

    def counts() -> Any:
        name = str(sys._getframe(1).f_globals.get("__name__", ""))
        return theirs() if name.startswith(MULTIPROCESSING) else mine()

    return counts


def measuring(mine: Callable[[], Any], theirs: Callable[[], Any]) -> Callable[[], Any]:
    """`time.perf_counter`; pytest, Hypothesis and their like measure in real time what it takes."""

    def measures() -> Any:
        top = str(sys._getframe(1).f_globals.get("__name__", "")).partition(".")[0]
        return theirs() if _is_kept(top) or top in sys.stdlib_module_names else mine()

    return measures


def waiting_condition(threads: Threads, call: Callable[..., bool]) -> Callable[..., bool]:
    """`Condition.wait`."""

    def waits(condition: Any, timeout: float | None = None) -> bool:
        if not threads.knows or not _is_asked_for(BETWEEN):
            return call(condition, timeout)
        if not condition._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        if timeout is not None and timeout <= 0:
            return call(condition, timeout)
        return _wait(threads, condition, due_in(threads.now_ns(), timeout))

    return waits


def _wait(threads: Threads, condition: Any, due_ns: int) -> bool:
    """As `Condition.wait` does: who notifies lets go of the lock that stands in the list."""
    waiter = threading.Lock()
    waiter.acquire()
    condition._waiters.append(waiter)
    saved, was_notified = condition._release_save(), False
    try:
        was_notified = threads.is_let_go(waiter, due_ns)
    finally:
        condition._acquire_restore(saved)
        if not was_notified and waiter in condition._waiters:
            condition._waiters.remove(waiter)
    return was_notified


def waiting_join(threads: Threads, call: Callable[..., None]) -> Callable[..., None]:
    """`Thread.join`."""

    def joins(thread: threading.Thread, timeout: float | None = None) -> None:
        if (
            not threads.knows
            or not _is_asked_for(BETWEEN)
            or not thread.is_alive()
            or thread is threading.current_thread()
        ):
            call(thread, timeout)
            return
        has_ended = lambda: not thread.is_alive()  # noqa: E731
        if threads.until(has_ended, due_in(threads.now_ns(), timeout), lambda: wall.pause_ns(LOOK_NS)):
            call(thread)

    return joins


def starting(threads: Threads, call: Callable[..., None]) -> Callable[..., None]:
    """`Thread.start`: the thread has a seat before it runs, so time stands until it waits."""

    def starts(thread: threading.Thread) -> None:
        if threads.is_over or not _is_asked_for(STARTERS):
            call(thread)
            return
        threads.expect(thread)
        begins(thread)
        try:
            call(thread)
        except BaseException:
            threads.expect_no_more(thread)
            raise

    return starts


def begun(threads: Threads, call: Callable[..., None]) -> Callable[..., None]:
    """`Thread._bootstrap_inner`: all that a thread does."""

    def runs(thread: threading.Thread) -> None:
        threads.come(thread)
        has_begun(thread)
        try:
            call(thread)
        finally:
            threads.end()

    return runs


def waiting_select(threads: Threads, call: Callable[..., Any]) -> Callable[..., Any]:
    """`select` of a selector, for who calls it itself."""

    def selects(selector: Any, timeout: float | None = None) -> Any:
        if (timeout is not None and timeout <= 0) or not threads.knows or not _is_asked_for(()):
            return call(selector, timeout)
        due_ns = due_in(threads.now_ns(), timeout)
        fileno = getattr(selector, "fileno", None)
        if fileno is not None:
            threads.is_polled(fileno(), [key.fd for key in selector.get_map().values()], due_ns)
        else:
            threads.until(lambda: bool(call(selector, 0)), due_ns, lambda: wall.pause_ns(LOOK_NS))
        return call(selector, 0)

    return selects


def _asked(threads: Threads, mine: Callable[[], float], theirs: Callable[[], float]) -> Callable[[], float]:
    return lambda: mine() if threads.knows and _is_asked_for(BETWEEN) else theirs()


def _is_asked_for(between: tuple[str, ...]) -> bool:
    """Whether code under test waits, through these modules or itself."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        top = name.partition(".")[0]
        if top not in between and name != __name__:  # `begun`, below all that a thread does
            return not _is_kept(top) and top not in sys.stdlib_module_names
        frame = frame.f_back
    return True  # a thread that is nobody else's, as an executor's


def _is_kept(top: str) -> bool:
    return top in KEPT or top.startswith("pytest_")

"""Threads: what goes to a pool runs at once, as in a thread; waiting for a thread is fenced or takes virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

POOL = """
patches.install()
import concurrent.futures as f, threading
def run(pool, *call):
    with on(Machine()): return pool.submit(*call)
"""


def test_a_pool_runs_at_once(told: Told) -> None:
    """A call is over when `submit` returns, in order, on no thread; what it raises is kept for who asks."""
    script = f"""{POOL}
seen, names = [], set()
def note(each): seen.append(each); names.add(threading.current_thread().name); return each * 2
def fail(): raise KeyError("no")
machine = Machine()
with on(machine), f.ThreadPoolExecutor(2) as pool:
    first = pool.submit(note, 1)
    results = [first.done(), list(pool.map(note, [2, 3])), type(pool.submit(fail).exception()).__name__]
    results += [len(list(f.as_completed([first]))), first.result(timeout=1), f.wait([first]).not_done == set()]
try: run(pool, print)
except RuntimeError as error: results.append(str(error))
told([results, seen, sorted(names), machine.blocked])
"""
    expected = [True, [4, 6], "KeyError", 1, 2, True, "cannot schedule new futures after shutdown"]
    assert told(script) == [expected, [1, 2, 3], ["MainThread"], []]


def test_a_pool_begins_once(told: Told) -> None:
    """The initializer of a pool runs before its first call, once."""
    script = f"""{POOL}
seen = []
pool = f.ThreadPoolExecutor(3, initializer=seen.append, initargs=("begin",))
for each in "ab": run(pool, seen.append, each)
told(seen)
"""
    assert told(script) == ["begin", "a", "b"]


def test_a_call_in_a_pool_is_as_in_a_thread(told: Told) -> None:
    """No event loop runs there, and variables of the caller's context are not seen."""
    script = f"""{POOL}
import asyncio, contextvars
var = contextvars.ContextVar("var", default="none")
var.set("caller")
def look():
    try: asyncio.get_running_loop()
    except RuntimeError: return var.get()
class Loop(asyncio.AbstractEventLoop): pass
asyncio._set_running_loop(loop := Loop())
found = run(f.ThreadPoolExecutor(), look).result()
back = asyncio.get_running_loop() is loop
asyncio._set_running_loop(None)
told([found, back])
"""
    assert told(script) == ["none", True]


def test_a_fence_goes_through_a_pool(told: Told) -> None:
    """What ends the run is not kept in a future that nobody may look at."""
    script = f"""{POOL}
import os
try: run(f.ThreadPoolExecutor(), os.fork)
except Stop as stop: told(str(stop))
"""
    assert told(script).startswith("os.fork: ")


def test_waiting_with_a_limit_takes_that_time(told: Told) -> None:
    """Events, queues and conditions time out, as no thread can end the wait, and the machine waits meanwhile."""
    script = """
patches.install()
import queue, threading
machine = Machine()
seen = []
with on(machine):
    seen.append(threading.Event().wait(1.5))
    try: queue.Queue().get(timeout=2)
    except queue.Empty: seen.append("empty")
    lock = threading.Condition()
    with lock: seen.append(lock.wait_for(lambda: False, timeout=0.25))
    event = threading.Event(); event.set(); seen.append(event.wait())
    try: threading.Condition().wait()
    except RuntimeError as error: seen.append(str(error))
told([seen, machine.blocked])
"""
    seen = [False, "empty", False, True, "cannot wait on un-acquired lock"]
    assert told(script) == [seen, [1_500_000_000, 2_000_000_000, 250_000_000]]


ANYIO = """
patches.install()
import asyncio, threading
import anyio, anyio.from_thread, anyio.to_thread
machine = Machine()
class Shown(asyncio.SelectorEventLoop):
    def _run_once(self):
        with on(machine): super()._run_once()
def run(main):
    loop = Shown()
    try: return loop.run_until_complete(main())
    finally: loop.close()
"""


def test_anyio_runs_at_once(told: Told) -> None:
    """A function for anyio's threads runs inline after a checkpoint, sees the caller's variables, and cannot be raced."""
    pytest.importorskip("anyio")
    script = f"""{ANYIO}
import contextvars
var = contextvars.ContextVar("var")
order = []
def look():
    order.append("work")
    try: asyncio.get_running_loop()
    except RuntimeError: pass
    anyio.from_thread.check_cancelled()
    inner = anyio.from_thread.run_sync(asyncio.get_running_loop)
    return [var.get(), threading.current_thread().name, inner is loop[0]]
loop = []
async def main():
    loop.append(asyncio.get_running_loop())
    var.set("caller")
    loop[0].call_soon(order.append, "other")
    first = await anyio.to_thread.run_sync(look)
    second = await anyio.to_thread.run_sync(look, limiter=anyio.CapacityLimiter(1))
    return [first, second, order]
told(run(main))
"""
    assert told(script) == [["caller", "MainThread", True]] * 2 + [["other", "work", "work"]]


def test_a_worker_of_anyio_cannot_wait_for_a_coroutine(told: Told) -> None:
    """It would wait for ever, so it is fenced."""
    pytest.importorskip("anyio")
    script = f"""{ANYIO}
async def main():
    try: await anyio.to_thread.run_sync(anyio.from_thread.run, anyio.sleep, 1)
    except Stop as stop: return str(stop)
told(run(main))
"""
    assert told(script).startswith("anyio.from_thread.run: ")


def test_anyio_outside_has_threads(told: Told) -> None:
    """Where no machine runs, anyio's workers are threads."""
    pytest.importorskip("anyio")
    script = f"""{ANYIO}
async def main(): return await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(anyio.sleep, 0) or threading.current_thread().name)
told(asyncio.run(main()))
"""
    assert told(script) == "AnyIO worker thread"

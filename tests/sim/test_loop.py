"""The loop keeps asyncio's promises: the same programs say the same, in the same order, on asyncio's own loop."""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.harness import S, alone, stock

Say = Callable[..., None]


async def soon_in_order(say: Say) -> None:
    loop = asyncio.get_running_loop()
    for number in range(5):
        loop.call_soon(say, number)
    loop.call_soon(lambda: loop.call_soon(say, "inner"))
    loop.call_soon(say, "after").cancel()
    say("main")
    await asyncio.sleep(0)
    say("turn")
    await asyncio.sleep(0)
    say("turn")


async def later_in_order_of_time(say: Say) -> None:
    loop = asyncio.get_running_loop()
    for delay in (0.3, 0.1, 0.2, 0.15):
        loop.call_later(delay, say, delay)
    loop.call_at(loop.time() + 0.05, say, "at")
    gone = loop.call_later(0.12, say, "never")
    gone.cancel()
    say(gone.cancelled(), gone.when() > loop.time())
    await asyncio.sleep(1)


async def later_at_once(say: Say) -> None:
    """A timer that is due comes after what is ready, and before what that makes ready."""
    loop = asyncio.get_running_loop()

    async def spin() -> None:
        for turn in range(4):
            say("spin", turn)
            await asyncio.sleep(0)

    task = loop.create_task(spin())
    loop.call_soon(say, "soon 1")
    loop.call_later(0, say, "later")
    loop.call_at(loop.time() - 1, say, "past")
    loop.call_soon(say, "soon 2")
    loop.call_soon(loop.call_soon, say, "inner")
    await task


async def later_ends_a_spin(say: Say) -> None:
    """A task that spins until a timer that is due has come ends."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(0, done.set)
    while not done.is_set():
        await asyncio.sleep(0)
    say("done")


async def gathered(say: Say) -> None:
    async def work(name: str, turns: int) -> str:
        for turn in range(turns):
            say(name, turn)
            await asyncio.sleep(0)
        if name == "bad":
            raise ValueError(name)
        return name

    say(await asyncio.gather(work("a", 3), work("b", 1), work("c", 2)))
    say([str(each) for each in await asyncio.gather(work("a", 1), work("bad", 1), return_exceptions=True)])
    try:
        await asyncio.gather(work("slow", 5), work("bad", 1))
    except ValueError as error:
        say("raised", str(error))
    await asyncio.sleep(1)


async def waited(say: Say) -> None:
    async def work(seconds: float) -> float:
        try:
            await asyncio.sleep(seconds)
        finally:
            say("end", seconds)
        if seconds == 0.2:
            raise KeyError(seconds)
        return seconds

    tasks = [asyncio.create_task(work(each)) for each in (0.3, 0.1, 0.2)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    say(len(done), len(pending))
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    say(len(done), len(pending))
    done, pending = await asyncio.wait(pending, timeout=0.05)
    say(len(done), len(pending))
    for each in asyncio.as_completed([work(0.2 + 0.1), work(0.15)]):
        say("completed", await each)
    tasks[2].exception()


async def groups(say: Say) -> None:
    async def work(name: str, seconds: float) -> None:
        try:
            say("begin", name)
            await asyncio.sleep(seconds)
            if name == "bad":
                raise ValueError(name)
            say("end", name)
        except asyncio.CancelledError:
            say("cancelled", name)
            raise

    async with asyncio.TaskGroup() as group:
        group.create_task(work("a", 0.2))
        group.create_task(work("b", 0.1))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work("a", 0.2))
            group.create_task(work("bad", 0.1))
            await work("body", 0.3)
    except* ValueError as several:
        say([str(each) for each in several.exceptions])


async def timeouts(say: Say) -> None:
    try:
        async with asyncio.timeout(0.1) as limit:
            await asyncio.sleep(1)
    except TimeoutError:
        say("timeout", limit.expired())
    async with asyncio.timeout(1) as limit:
        limit.reschedule(asyncio.get_running_loop().time() + 5)
        await asyncio.sleep(2)
    say(limit.expired())
    try:
        async with asyncio.timeout(0):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            say("not reached")
    except TimeoutError:
        say("at once")
    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.2)
    except TimeoutError:
        say("wait_for")
    say(await asyncio.wait_for(asyncio.sleep(0.1, "in time"), 0.2))
    try:
        async with asyncio.timeout(1), asyncio.timeout(0.5):
            await asyncio.sleep(2)
    except TimeoutError:
        say("inner")


async def queues(say: Say) -> None:
    queue: asyncio.Queue[int] = asyncio.Queue(2)

    async def put() -> None:
        for number in range(6):
            await queue.put(number)
            say("put", number, queue.qsize())

    async def get(name: str) -> None:
        while True:
            say(name, await queue.get())
            queue.task_done()
            await asyncio.sleep(0)

    getters = [asyncio.create_task(get(name)) for name in "ab"]
    await put()
    await queue.join()
    for each in getters:
        each.cancel()
    say([str(type(each).__name__) for each in await asyncio.gather(*getters, return_exceptions=True)])
    heap: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
    for number in (3, 1, 2):
        heap.put_nowait(number)
    say([await heap.get() for _ in range(3)])


async def locks(say: Say) -> None:
    lock, semaphore, event, condition = asyncio.Lock(), asyncio.Semaphore(2), asyncio.Event(), asyncio.Condition()
    barrier = asyncio.Barrier(3)

    async def work(name: str) -> None:
        async with lock:
            say(name, "lock")
            await asyncio.sleep(0)
        async with semaphore:
            say(name, "semaphore")
            await asyncio.sleep(0.1)
        await event.wait()
        say(name, "event")
        async with condition:
            await condition.wait()
            say(name, "condition")
        say(name, "barrier", await barrier.wait())

    tasks = [asyncio.create_task(work(name)) for name in "abc"]
    await asyncio.sleep(1)
    tasks.append(asyncio.create_task(lock.acquire()))
    event.set()
    await asyncio.sleep(0)
    async with condition:
        condition.notify(2)
    await asyncio.sleep(0.1)
    async with condition:
        condition.notify_all()
    await asyncio.gather(*tasks)


async def shielded(say: Say) -> None:
    async def work() -> str:
        await asyncio.sleep(0.2)
        say("inner ends")
        return "value"

    inner = asyncio.create_task(work())

    async def outer() -> None:
        try:
            await asyncio.shield(inner)
        except asyncio.CancelledError:
            say("outer cancelled")
            raise

    task = asyncio.create_task(outer())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait([task])
    say(task.cancelled(), await inner)


async def cancelled_in_every_state(say: Say) -> None:
    async def work(name: str, *, stubborn: bool = False) -> str:
        try:
            say(name, "begins")
            await asyncio.sleep(0.1)
        except asyncio.CancelledError as error:
            say(name, "cancelled", error.args)
            if not stubborn:
                raise
            asyncio.current_task().uncancel()  # type: ignore[union-attr]
            await asyncio.sleep(0)
        finally:
            say(name, "finally")
        return name

    unborn = asyncio.create_task(work("unborn"))
    unborn.cancel()
    waiting = asyncio.create_task(work("waiting"))
    stubborn = asyncio.create_task(work("stubborn", stubborn=True))
    await asyncio.sleep(0)
    waiting.cancel("why")
    stubborn.cancel()
    stubborn.cancel()
    done = asyncio.create_task(work("done"))
    await done
    say(done.cancel(), done.cancelled(), stubborn.cancelling())
    for each in (unborn, waiting, stubborn):
        say(each.cancelled(), each.done())
    woken = asyncio.get_running_loop().create_future()

    async def awaits() -> None:
        try:
            await woken
        except asyncio.CancelledError:
            say("after the result")

    task = asyncio.create_task(awaits())
    await asyncio.sleep(0)
    woken.set_result(1)
    task.cancel()
    await asyncio.wait([task])
    say(task.cancelled())


async def contexts(say: Say) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    loop = asyncio.get_running_loop()

    async def child(name: str) -> None:
        say(name, variable.get())
        variable.set(name)
        await asyncio.sleep(0)
        say(name, variable.get())

    variable.set("main")
    tasks = [asyncio.create_task(child(name)) for name in "ab"]
    variable.set("later")
    loop.call_soon(lambda: say("callback", variable.get()))
    other = contextvars.copy_context()
    other.run(variable.set, "other")
    loop.call_soon(lambda: say("given", variable.get()), context=other)
    tasks.append(loop.create_task(child("c"), context=other))
    await asyncio.gather(*tasks)
    say("main", variable.get(), other[variable])
    say("thread", await asyncio.to_thread(variable.get))
    say("executor", await loop.run_in_executor(None, variable.get))
    loop.call_later(0.1, lambda: say("timer", variable.get()))
    variable.set("too late")
    await asyncio.sleep(0.2)


async def failing_callbacks(say: Say) -> None:
    loop = asyncio.get_running_loop()
    told: list[Any] = []
    loop.set_exception_handler(
        lambda _loop, context: told.append((context["message"][:21], repr(context["exception"])))
    )

    def bad() -> None:
        raise ValueError("callback")

    loop.call_soon(bad)
    loop.call_later(0.1, bad)
    loop.call_soon(say, "goes on")
    await asyncio.sleep(0.2)
    future = loop.create_future()
    future.add_done_callback(lambda _done: bad())
    future.add_done_callback(lambda _done: say("second"))
    future.set_result(None)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    say(told)


async def generators(say: Say) -> None:
    async def count() -> Any:
        try:
            for number in range(5):
                yield number
                await asyncio.sleep(0)
        finally:
            say("closing")
            await asyncio.sleep(0)
            say("closed")

    async for number in count():
        say(number)
        if number == 1:
            break
    for _ in range(5):
        await asyncio.sleep(0)
    given_up = count()
    say(await anext(given_up))
    await given_up.aclose()
    async for number in count():
        say(number)


async def threads(say: Say) -> None:
    loop = asyncio.get_running_loop()

    def work(name: str) -> str:
        if name == "bad":
            raise ValueError(name)
        return name

    say(await asyncio.to_thread(work, "a"), await loop.run_in_executor(None, work, "b"))
    say(await asyncio.gather(*(asyncio.to_thread(work, name) for name in "cde")))
    try:
        await asyncio.to_thread(work, "bad")
    except ValueError as error:
        say("raised", str(error))

    class Own(BaseException):
        pass

    def own() -> None:
        raise Own

    try:
        await asyncio.to_thread(own)
    except Own:
        say("own")


async def task_names_and_results(say: Say) -> None:
    async def value() -> int:
        return 3

    task = asyncio.create_task(value(), name="mine")
    say(task.get_name(), await task, task.result())
    task.add_done_callback(lambda done: say("late callback", done.result()))
    await asyncio.sleep(0)
    future = asyncio.get_running_loop().create_future()
    future.set_exception(KeyError("k"))
    try:
        await future
    except KeyError as error:
        say(repr(error))
    for call in (lambda: future.set_result(1), lambda: asyncio.ensure_future(3)):  # type: ignore[arg-type]
        try:
            call()
        except (asyncio.InvalidStateError, TypeError) as error:
            say(type(error).__name__)


async def readers(say: Say) -> None:
    reader = asyncio.StreamReader(limit=8)
    reader.feed_data(b"one\ntwo\nlong without an end")
    say(await reader.readline(), await reader.readuntil(b"\n"))
    try:
        await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError as error:
        say(error.consumed)
    try:
        await reader.readline()
    except ValueError as error:
        say(str(error))
    reader.feed_data(b"abc")
    reader.feed_eof()
    try:
        await reader.readexactly(5)
    except asyncio.IncompleteReadError as error:
        say(error.partial, error.expected)
    say(reader.at_eof(), await reader.read())


async def factories(say: Say) -> None:
    loop = asyncio.get_running_loop()

    def factory(own: Any, coro: Any, **more: Any) -> Any:
        say("made")
        return asyncio.Task(coro, loop=own, **more)

    loop.set_task_factory(factory)
    say(loop.get_task_factory() is factory)
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0.1))
    loop.set_task_factory(None)
    with pytest.raises(TypeError):
        loop.set_task_factory(3)  # type: ignore[arg-type]


async def forever(say: Say) -> None:
    """A sleep without end is one, and can be cancelled."""
    task = asyncio.create_task(asyncio.sleep(math.inf))
    timer = asyncio.get_running_loop().call_later(math.inf, say, "never")
    await asyncio.sleep(0.1)
    task.cancel()
    timer.cancel()
    say(task.cancelled())
    await asyncio.wait([task])
    say(task.cancelled())


PROGRAMS = [
    soon_in_order, later_in_order_of_time, later_at_once, later_ends_a_spin, gathered, waited, groups, timeouts, queues,
    locks, shielded, cancelled_in_every_state, contexts, failing_callbacks, generators, threads, task_names_and_results,
    readers, factories, forever,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_it_says_what_asyncios_own_loop_says(program: Any) -> None:
    """A program cannot tell the loops apart by the order of what happens."""
    expected = stock(program)
    assert expected
    assert alone(program) == expected


# Programs that nobody thought of

OPS = st.one_of(
    st.sampled_from([("turn",), ("sleep",), ("put",), ("get",), ("set",), ("wait",), ("clear",), ("lock",)]),
    st.sampled_from([("release",), ("soon",), ("later",), ("now",), ("yield_lock",), ("limit",), ("shield",)]),
    st.tuples(st.sampled_from(["cancel", "await", "gather", "race"]), st.integers(0, 4)),
    st.just(("spawn",)),
)
SCRIPTS = st.lists(st.lists(OPS, min_size=1, max_size=7), min_size=2, max_size=6)


def program_of(scripts: list[list[tuple[Any, ...]]]) -> Any:
    """Tasks that do what their scripts say; every delay is another power of two, so no two sums of them are equal."""

    async def program(say: Say) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        queue: asyncio.Queue[str] = asyncio.Queue(2)
        event, lock = asyncio.Event(), asyncio.Lock()
        tasks: list[asyncio.Task[Any]] = []
        delays = iter([2**power * 1e-6 for power in range(26)])
        nows = iter(range(8))  # more of them would make time pass
        left = list(enumerate(scripts))

        def tell(*what: Any) -> None:
            say(*what, round((loop.time() - began) * 1e6))

        async def run(number: int, script: list[tuple[Any, ...]]) -> int:
            try:
                for place, op in enumerate(script):
                    tell(number, place, op[0])
                    await act(number, place, op)
            except asyncio.CancelledError:
                tell(number, "cancelled")
                raise
            finally:
                tell(number, "ends")
            return number

        async def act(number: int, place: int, op: tuple[Any, ...]) -> None:
            name = op[0]
            if name == "turn":
                await asyncio.sleep(0)
            elif name == "sleep":
                await asyncio.sleep(next(delays, 0))
            elif name == "put":
                await queue.put(f"{number}.{place}")
            elif name == "get":
                tell(number, "got", await queue.get())
            elif name == "set":
                event.set()
            elif name == "clear":
                event.clear()
            elif name == "wait":
                await event.wait()
            elif name == "lock":
                await lock.acquire()
            elif name == "yield_lock":
                async with lock:
                    await asyncio.sleep(0)
            elif name == "release":
                if lock.locked():
                    lock.release()
            elif name == "soon":
                loop.call_soon(tell, number, place, "called")
            elif name == "later":
                loop.call_later(next(delays, 0), tell, number, place, "called later")
            elif name == "now":
                if (past := next(nows, None)) is not None:
                    loop.call_later(past * -1e-6, tell, number, place, "called now")
            elif name == "spawn" and left:
                tasks.append(asyncio.create_task(run(*left.pop(0))))
            elif name == "limit":
                try:
                    async with asyncio.timeout(next(delays, 0)):
                        await event.wait()
                except TimeoutError:
                    tell(number, place, "timeout")
            elif name == "shield":
                await asyncio.shield(asyncio.sleep(next(delays, 0)))
            elif name in ("cancel", "await", "gather", "race") and op[1] < len(tasks):
                task = tasks[op[1]]
                if name == "cancel":
                    tell("cancel", task.cancel())
                elif name == "await" and task is not asyncio.current_task():
                    await asyncio.wait([task], timeout=next(delays, 0))
                elif name == "gather" and task.done():
                    told = await asyncio.gather(task, asyncio.sleep(0, number), return_exceptions=True)
                    tell([type(each).__name__ for each in told])
                elif name == "race" and task is not asyncio.current_task():
                    done, pending = await asyncio.wait([task, asyncio.create_task(asyncio.sleep(next(delays, 0)))])
                    tell(len(done), len(pending))

        tasks.append(asyncio.create_task(run(*left.pop(0))))
        tasks.append(asyncio.create_task(run(*left.pop(0))))
        await asyncio.sleep(100)
        for task in tasks:
            if task.cancel():
                await asyncio.wait([task], timeout=next(delays, 0))
        tell([task.done() for task in tasks])

    return program


@settings(max_examples=150)
@given(SCRIPTS)
def test_any_program_runs_in_the_order_of_asyncios_own_loop(scripts: list[list[tuple[Any, ...]]]) -> None:
    """Whatever tasks do with queues, events, locks, timers, each other and cancellation, first in is first out."""
    program = program_of(scripts)
    assert alone(program, duration_ns=10**9 * S) == stock(program)

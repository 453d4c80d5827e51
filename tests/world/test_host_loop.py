"""The loop on which real processes and sockets live."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from fozzy.world.host_loop import HostLoop

pytestmark = pytest.mark.usefixtures("bounded")
ROOT = Path(__file__).parents[2]


async def number() -> int:
    return 7


def test_a_call_returns_its_result_and_duration(loop: HostLoop) -> None:
    """A call gives what the coroutine returned, and at least the time it slept."""

    async def work() -> str:
        await trio.sleep(0.02)
        return "done"

    result, took_ns = loop.call(work)
    assert result == "done"
    assert 20_000_000 <= took_ns < 5 * 10**9


def test_a_call_raises_what_the_work_raises(loop: HostLoop) -> None:
    """An exception of the work reaches the caller as it is, and the loop goes on."""

    async def work() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        loop.call(work)
    assert loop.call(number)[0] == 7


def test_a_loop_never_used_costs_nothing() -> None:
    """Making and closing a loop starts no thread and imports neither trio nor httpx nor asyncio; nor do the hosts."""
    script = """
        import sys, threading
        import fozzy.world.fs.host, fozzy.world.http.host, fozzy.world.proc.host
        from fozzy.world.host_loop import HostLoop
        loop = HostLoop()
        loop.close()
        assert threading.active_count() == 1
        assert not {"trio", "httpx", "asyncio", "ssl"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, cwd=ROOT)


def test_the_loop_is_one_and_of_its_own_thread(loop: HostLoop) -> None:
    """All calls run on the same thread, which is a daemon and not the caller's."""

    async def where() -> threading.Thread:
        return threading.current_thread()

    thread = loop.call(where)[0]
    assert thread is loop.call(where)[0] is not threading.current_thread()
    assert thread.daemon


def test_calls_from_several_threads_run_side_by_side(loop: HostLoop) -> None:
    """Callers do not wait for each other."""
    both = threading.Barrier(2, timeout=5)
    met: list[int] = []

    async def work() -> None:
        met.append(await trio.to_thread.run_sync(both.wait))

    threads = [threading.Thread(target=loop.call, args=(work,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(met) == [0, 1]


def test_close_ends_background_work(loop: HostLoop) -> None:
    """Closing awaits every closer, then cancels what still runs in the nursery; closing again does nothing."""
    said: list[str] = []

    async def background() -> None:
        try:
            await trio.sleep_forever()
        finally:
            said.append("cancelled")

    async def closer() -> None:
        await trio.sleep(0.01)
        said.append("closed")

    async def start() -> None:
        loop.nursery.start_soon(background)

    loop.at_close(closer)
    loop.at_close(closer)
    loop.call(start)
    loop.close()
    loop.close()
    assert said == ["closed", "closed", "cancelled"]


def test_nothing_is_called_after_close(loop: HostLoop) -> None:
    """A call on a closed loop is a programmer's error."""
    loop.call(number)
    loop.close()
    with pytest.raises(AssertionError, match="the run is over"):
        loop.call(number)


def test_a_broken_loop_is_told() -> None:
    """When a background task breaks its promise not to raise, calls and `close` say so instead of waiting for ever."""
    loop = HostLoop()

    async def bad() -> None:
        raise ZeroDivisionError

    async def work() -> None:
        loop.nursery.start_soon(bad)
        await trio.sleep_forever()

    with pytest.raises(RuntimeError, match="ended during a call"):
        loop.call(work)
    with pytest.raises(RuntimeError, match="broke"):
        loop.close()


def test_an_interrupt_cancels_the_call(loop: HostLoop) -> None:
    """Ctrl-C while a call is waited for cancels it, waits for its clean-up and is raised; the loop goes on."""
    said: list[str] = []
    main = threading.get_ident()

    async def work() -> None:
        try:
            signal.pthread_kill(main, signal.SIGINT)
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.05)
            said.append("clean")

    with pytest.raises(KeyboardInterrupt):
        loop.call(work)
    assert said == ["clean"]
    assert loop.call(number)[0] == 7


def test_an_interrupt_reaches_the_call_by_any_thread(loop: HostLoop) -> None:
    """Also when the system hands the signal to another thread, the waiting one notices."""
    timer = threading.Timer(0.1, lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        loop.call(trio.sleep_forever)
    timer.join()


def test_interrupts_at_any_moment_leave_the_loop_usable(loop: HostLoop) -> None:
    """However the interrupt falls between handing over the work and its end, nothing hangs and nothing is lost."""
    loop.call(number)
    main = threading.get_ident()
    over = threading.Event()
    armed: list[bool] = []
    caught = 0

    def hit(*_: object) -> None:
        if armed:  # one interrupt per call, so that none falls outside the block that expects it
            armed.clear()
            raise KeyboardInterrupt

    def pester() -> None:
        while not over.wait(0.0007):
            signal.pthread_kill(main, signal.SIGINT)

    before = signal.signal(signal.SIGINT, hit)
    thread = threading.Thread(target=pester)
    thread.start()
    end = time.monotonic() + 20
    while caught <= 200 and time.monotonic() < end:
        try:
            armed.append(True)
            loop.call(number)
            armed.clear()
        except KeyboardInterrupt:
            caught += 1
    over.set()
    thread.join()
    signal.signal(signal.SIGINT, before)
    assert caught > 10
    assert loop.call(number)[0] == 7


def test_processes_do_not_outlive_an_exit(gone: Callable[[int], bool], tmp_path: Path) -> None:
    """A program that ends without closing the loop, by an exception or by Ctrl-C, leaves no process behind."""
    script = """
        import sys
        from pathlib import Path
        from fozzy.core.choice import Choices
        from fozzy.core.clock import Clock
        from fozzy.core.limits import Limits
        from fozzy.core.log import Log
        from fozzy.core.redact import Redactor
        from fozzy.core.sources import Seeded
        from fozzy.world.host_loop import HostLoop
        from fozzy.world.proc.base import AwaitReady, Probe, Spawn, Start
        from fozzy.world.proc.host import HostProc
        choices = Choices(Seeded(1), Clock(), Log(), Redactor(), 30 * 10**9)
        proc = HostProc(choices, HostLoop(), Limits(), Path("."))
        proc.start(Start(name="a", cmd="sh", args=["-c", "trap '' TERM; echo $$; while :; do sleep 1; done"]))
        ready = proc.await_ready(AwaitReady(name="a", probe=Probe(stdout_matches="\\n"), within_ms=5000))
        print(ready.stdout.text.strip(), flush=True)
        proc.spawn(Spawn(cmd="sh", args=["-c", f"echo $$ > {sys.argv[1]}; exec sleep 60"]))
    """
    path = tmp_path / "pid"
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as program:
        assert program.stdout is not None
        background = int(program.stdout.readline())
        while not path.exists() or not path.read_text().strip():
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        errors = program.communicate()[1]
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert gone(background) and gone(int(path.read_text()))

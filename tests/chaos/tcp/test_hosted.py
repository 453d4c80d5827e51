"""A session in a thread: started once, stopped whatever happens, asked from anywhere."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.chaos.tcp.hosted import Hosted
from fozzy.chaos.tcp.parts import TcpParts, TcpRunning
from fozzy.chaos.tcp.running import running
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.errors import FozzyError, UsageError
from fozzy.faults.tcp.plan import Proxy, TcpPlan

SETTINGS = TcpSettings(plan=TcpPlan(proxies=[Proxy(name="a", upstream="127.0.0.1:1")]), seed=7)


def test_it_is_asked_from_any_thread() -> None:
    """Each waits for its own answer; all of them are given by the one loop."""
    hosted = Hosted(SETTINGS)
    hosted.start()
    try:
        names: list[str] = []
        ask = lambda: names.append(hosted.look(lambda _: threading.current_thread().name))  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert names == ["fozzy-tcp"] * 8
    finally:
        hosted.stop()
    assert not hosted.is_running


def test_an_error_of_what_is_done_is_raised_where_it_was_asked() -> None:
    """And the loop goes on."""

    async def fail(_: TcpRunning) -> None:
        await trio.lowlevel.checkpoint()
        raise ZeroDivisionError

    hosted = Hosted(SETTINGS)
    hosted.start()
    try:
        with pytest.raises(ZeroDivisionError):
            hosted.do(fail)
        assert hosted.look(lambda run: run.seed) == 7
    finally:
        hosted.stop()


def test_it_runs_once_at_a_time_and_may_run_again() -> None:
    """Stopping what does not run does nothing; asking it is an error."""
    hosted = Hosted(SETTINGS)
    hosted.stop()
    for _ in range(2):
        hosted.start()
        with pytest.raises(UsageError):
            hosted.start()
        hosted.stop()
        with pytest.raises(UsageError) as caught:
            hosted.look(lambda _: 1)
        assert caught.value.code == "chaos.not_running"


def test_who_waits_when_it_stops_is_told() -> None:
    """Nobody waits for ever."""
    hosted = Hosted(SETTINGS)
    hosted.start()
    begun = threading.Event()
    errors: list[BaseException] = []

    async def forever(_: TcpRunning) -> None:
        begun.set()
        await trio.sleep_forever()

    def wait() -> None:
        try:
            hosted.do(forever)
        except UsageError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    begun.wait()
    hosted.stop()
    thread.join()
    assert [each.code for each in errors if isinstance(each, UsageError)] == ["chaos.not_running"]


def test_who_asks_while_it_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """That it does not run; its end goes on, which takes a while after the last work was taken on."""
    hosted = Hosted(SETTINGS)
    ending, asked = threading.Event(), threading.Event()

    @asynccontextmanager
    async def slowly(settings: TcpSettings, parts: TcpParts) -> AsyncIterator[TcpRunning]:
        async with running(settings, parts) as proxy:
            yield proxy
            ending.set()
            while not asked.is_set():
                await trio.sleep(0.001)

    monkeypatch.setattr("fozzy.chaos.tcp.hosted.running", slowly)
    hosted.start()
    thread = hosted._thread
    stopping = threading.Thread(target=hosted.stop)
    stopping.start()
    ending.wait()
    hosted._thread = thread  # as for who looked just before it was stopped
    with pytest.raises(UsageError) as caught:
        hosted.do(_nothing)
    asked.set()
    stopping.join()
    assert (caught.value.code, hosted.trouble) == ("chaos.not_running", None)


def test_what_takes_too_long_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a code; what the work itself raises stays what it is, also where that is a `TimeoutError`."""

    async def late(_: TcpRunning) -> None:
        raise TimeoutError("its own")

    hosted = Hosted(SETTINGS)
    hosted.start()
    try:
        with pytest.raises(TimeoutError, match="its own"):
            hosted.do(late)
        monkeypatch.setattr("fozzy.chaos.tcp.hosted.ANSWER_S", 0.01)
        with pytest.raises(FozzyError, match="have not answered") as caught:
            hosted.do(_forever)
    finally:
        hosted.stop()
    assert caught.value.code == "chaos.no_answer"


async def _nothing(_: TcpRunning) -> None:
    """Done at once."""


async def _forever(_: TcpRunning) -> None:
    await trio.sleep_forever()


def test_a_clock_of_the_tests_is_the_loops() -> None:
    """All delays are on it."""
    from trio.testing import MockClock

    hosted = Hosted(SETTINGS, MockClock(rate=1000))
    hosted.start()
    try:

        async def sleep(_: TcpRunning) -> float:
            began = trio.current_time()
            await trio.sleep(10)
            return trio.current_time() - began

        assert hosted.do(sleep) >= 10
    finally:
        hosted.stop()


def test_a_bug_that_ends_it_is_told() -> None:
    """To whoever asks next, and at the end of its block; what was told until then is there."""
    hosted = Hosted(SETTINGS)
    hosted.start()

    def fail() -> None:
        raise ZeroDivisionError("pop")

    async def die(_: TcpRunning) -> None:
        trio.lowlevel.current_trio_token().run_sync_soon(fail)
        await trio.sleep_forever()

    with pytest.raises(FozzyError):
        hosted.do(die)
    handle = TcpProxy(hosted, "a", {})
    with pytest.raises(FozzyError, match="ended by a bug of fozzy: ZeroDivisionError: pop"):
        handle.__exit__(None, None, None)
    assert (hosted.is_running, hosted.records()) == (False, [])
    hosted.start()
    assert hosted.trouble is None
    hosted.stop()

"""What stands until it is stopped: it is shown meanwhile, and ended by the first thing that says so."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from fozzy.chaos.standing import only, stand


class Parts:
    """Something that stands, and notes what it is told."""

    def __init__(self) -> None:
        self.stopped = trio.Event()
        self.told: list[str] = []

    def stop(self) -> None:
        """Stop it."""
        self.told.append("stop")
        self.stopped.set()

    def hurry(self) -> None:
        """End now."""
        self.told.append("hurry")


class Front:
    """Who shows it; after three looks somebody does something."""

    tick_s = 0.001

    def __init__(self, does: object) -> None:
        self.seen: list[str] = []
        self._does = does

    def begun(self, running: str, /) -> None:
        """It listens."""
        self.seen.append(running)

    def tick(self) -> None:
        """Time to show what is new."""
        self.seen.append("tick")
        if self.seen.count("tick") == 3:
            assert callable(self._does)
            self._does()


def test_it_is_shown_until_it_is_stopped() -> None:
    """The front is told once that it listens, then called again and again; what goes on meanwhile ends."""
    ended: list[str] = []

    @asynccontextmanager
    async def running() -> AsyncIterator[str]:
        yield "listening"
        ended.append("running")

    async def meanwhile() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append("meanwhile")

    async def throughout() -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append("throughout")

    async def main() -> Front:
        parts = Parts()
        front = Front(lambda: parts.stop())
        await stand(parts, front, running(), throughout=[throughout], meanwhile=[meanwhile])
        return front

    front = trio.run(main)
    assert front.seen == ["listening", "tick", "tick", "tick"]
    assert ended == ["meanwhile", "running", "throughout"]


def test_a_signal_stops_it_and_a_second_one_at_once() -> None:
    """The first is a reason to stop; the second cancels what would still take its time."""
    is_patient: list[bool] = []

    @asynccontextmanager
    async def running() -> AsyncIterator[str]:
        yield "listening"
        os.kill(os.getpid(), signal.SIGINT)
        await trio.sleep_forever()
        is_patient.append(True)

    async def main() -> Parts:
        parts = Parts()
        front = Front(lambda: os.kill(os.getpid(), signal.SIGTERM))
        await stand(parts, front, running())
        return parts

    assert trio.run(main).told == ["stop", "hurry", "stop"]
    assert is_patient == []


def test_what_goes_wrong_is_told_as_it_is() -> None:
    """One error in groups of one comes out by itself; several stay a group."""

    @asynccontextmanager
    async def running() -> AsyncIterator[str]:
        raise KeyError("it")
        yield "never"

    async def main() -> None:
        await stand(Parts(), Front(print), running())

    with pytest.raises(KeyError, match="it"):
        trio.run(main)
    both = BaseExceptionGroup("two", [KeyError("a"), KeyError("b")])
    assert only(BaseExceptionGroup("one", [both])) is both

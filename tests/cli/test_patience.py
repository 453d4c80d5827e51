"""The first signal while a result is written is remembered, the second stops, and afterwards all is as before."""

from __future__ import annotations

import os
import signal

import pytest

from fozzy.cli.patience import patient
from fozzy.errors import Exit, Terminated


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, Exit.INTERRUPTED), (signal.SIGTERM, Exit.TERMINATED)])
def test_the_first_signal_waits(number: signal.Signals, status: Exit) -> None:
    """What is inside comes to its end; the signal is known afterwards, and the handlers are those of before."""
    before = signal.getsignal(number)
    done = []
    with patient() as patience:
        os.kill(os.getpid(), number)
        done.append("written")
    assert (done, patience.exit_status) == (["written"], status)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_the_second_signal_stops(number: signal.Signals, raised: type[BaseException]) -> None:
    """Asked twice, it stops at once."""
    before = signal.getsignal(number)
    with pytest.raises(raised), patient():
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        raise AssertionError("it went on")
    assert signal.getsignal(number) is before


def test_nothing_happens_without_a_signal() -> None:
    """Nobody asked: it passes."""
    with patient() as patience:
        pass
    assert patience.exit_status == Exit.PASS

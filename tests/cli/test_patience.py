"""The first signal while a result is written is remembered, the second stops, and afterwards all is as before."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli import proxy_run, proxy_tcp_run
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


def test_the_first_signal_is_heard_at_once() -> None:
    """Whoever has something to stop is told, once."""
    heard = []
    with patient(lambda: heard.append("stop")):
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == ["stop"]


@pytest.mark.parametrize("stage", ["before", "after"])
@pytest.mark.parametrize("kind", ["http", "tcp"])
def test_a_proxy_that_is_asked_to_stop_beside_its_run_says_what_came_of_it(
    kind: str, stage: str, project: Path, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal before it listens, or a second one after it stopped, loses neither the last lines nor the status."""
    module = {"http": proxy_run, "tcp": proxy_tcp_run}[kind]

    def ran(parts: Any, front: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        assert parts.stopped.is_set()
        real(parts, front)

    def ends(parts: Any, front: Any) -> None:
        parts.stop()
        real(parts, front)
        signal.raise_signal(signal.SIGINT)

    real = module.run
    monkeypatch.setattr(module, "run", {"before": ran, "after": ends}[stage])
    upstream = {"http": "http://127.0.0.1:9", "tcp": "127.0.0.1:9"}[kind]
    said = fz("proxy", kind, "--listen", "127.0.0.1:0", "--upstream", upstream)
    assert said.code == 0, said.said
    assert f"0 {'exchanges' if kind == 'http' else 'connections'}" in said.out

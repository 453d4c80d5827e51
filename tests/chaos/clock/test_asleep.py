"""Whether threads of this process run."""

from __future__ import annotations

import threading
import time

import pytest

from fozzy.chaos.clock import asleep
from fozzy.chaos.clock.asleep import is_any_thread_running

SOON_S = 30.0


@pytest.mark.skipif(not asleep.TASKS.is_dir(), reason="the system does not tell which threads run")
def test_who_computes_runs_and_who_waits_for_a_lock_does_not() -> None:
    """Whatever else runs in this process is gone soon."""
    stops, gate = threading.Event(), threading.Lock()

    def compute() -> None:
        while not stops.is_set():
            sum(range(1000))

    def wait() -> None:
        gate.acquire()

    gate.acquire()
    threads = [threading.Thread(target=each) for each in (compute, wait)]
    for thread in threads:
        thread.start()
    try:
        assert _comes_to_be(True)
    finally:
        stops.set()
        threads[0].join()
    assert _comes_to_be(False)
    gate.release()
    threads[1].join()


def _comes_to_be(wanted: bool) -> bool:
    until_s = time.monotonic() + SOON_S
    while time.monotonic() < until_s:
        if is_any_thread_running() is wanted:
            return True
        time.sleep(0.001)
    return False


def test_a_system_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody runs there, as far as we know."""
    monkeypatch.setattr(asleep, "TASKS", asleep.TASKS / "nowhere")
    assert not is_any_thread_running()

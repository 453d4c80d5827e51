"""The one reader of wall time, entropy and process facts."""

from __future__ import annotations

import re
import signal
import sys
import threading

import pytest

from fozzy import wall
from fozzy.wall import fresh_seed  # as it is: tests have their own in its place


def test_times_are_iso_in_utc() -> None:
    """An instant is written in UTC with milliseconds."""
    assert wall.iso(0) == "1970-01-01T00:00:00.000Z"
    assert wall.iso(1_700_000_000.25) == "2023-11-14T22:13:20.250Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", wall.now_iso())
    assert wall.now_iso() <= wall.iso(wall.now_s() + 1)


def test_elapsed_time_goes_on() -> None:
    """A monotonic reading never goes back, and a pause takes its time."""
    before = wall.elapsed_ns()
    wall.pause_ns(1_000_000)
    assert wall.elapsed_ns() - before >= 1_000_000
    worked = wall.worked_ns()
    sum(range(1_000_000))
    assert wall.worked_ns() > worked


def test_seeds_and_names_are_fresh() -> None:
    """A fresh seed survives a double, a run's name is eight hexadecimal digits, and neither repeats."""
    seeds = {fresh_seed() for _ in range(100)}
    assert len(seeds) == 100 and all(0 <= seed < 2**53 for seed in seeds) and max(seeds) > 2**45
    names = {wall.fresh_run_id() for _ in range(100)}
    assert len(names) == 100 and all(re.fullmatch("[0-9a-f]{8}", name) for name in names)


def test_the_process_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """What made a run is told in a few words."""
    assert wall.python_version() == ".".join(map(str, sys.version_info[:3]))
    assert wall.system_name().startswith(sys.platform) and wall.system_name() == wall.system_name().lower()
    assert wall.peak_rss_bytes() > 1 << 20
    monkeypatch.setenv("PYTHONHASHSEED", "5")
    assert wall.hash_seed() == "5"
    monkeypatch.delenv("PYTHONHASHSEED")
    assert wall.hash_seed() == "random"
    monkeypatch.setenv("FOZZY_X", "")
    assert wall.environment("FOZZY_X") == "" and wall.environment("FOZZY_Y_NOT_SET") is None


def test_a_stopwatch_begins_now() -> None:
    """It only goes forward, from nothing."""
    watch = wall.stopwatch()
    first, second = watch(), watch()
    assert 0 <= first <= second


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_that_are_held_come_afterwards(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not inside the block, and not never."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before, done = signal.signal(number, stop), []
    try:
        with pytest.raises(KeyboardInterrupt), wall.signals_held():
            signal.pthread_kill(threading.get_ident(), number)
            done.append(sum(range(1000)))
    finally:
        signal.signal(number, before)
    assert done == [499_500]
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGTERM}

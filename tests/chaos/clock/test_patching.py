"""Code under test reads the shared clock, whatever name it bound; afterwards all is as it was."""

from __future__ import annotations

import datetime
import socket
import sys
import time
from types import ModuleType

import pytest

from fozzy import wall
from fozzy.chaos.clock.patching import EPOCH_S, MONOTONIC_S, _datetime, patched
from fozzy.chaos.clock.shared import SharedClock
from fozzy.chaos.clock.threads import Threads
from fozzy.errors import UsageError

NAMES = ("sleep", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")


@pytest.fixture
def a_library(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that bound names at its import, as redis-py and others do."""
    library = ModuleType("a_library_of_somebody")
    exec("from time import sleep, monotonic as now", library.__dict__)
    monkeypatch.setitem(sys.modules, "a_library_of_somebody", library)
    return library


def test_all_that_reads_time_reads_the_clock(a_library: ModuleType) -> None:
    """`time`, names bound at import and `datetime` move together, by exactly what was slept."""
    with SharedClock() as clock:
        threads = Threads(clock)
        with patched(clock, threads):
            threads.begin("test")
            time.sleep(1)
            a_library.sleep(2)
            assert time.time() == EPOCH_S + 3
            assert time.time_ns() == (EPOCH_S + 3) * 10**9
            assert time.monotonic() == a_library.now() == MONOTONIC_S + 3
            assert time.monotonic_ns() == int((MONOTONIC_S + 3) * 1e9)
            assert time.perf_counter() == MONOTONIC_S + 3
            assert time.perf_counter_ns() == int((MONOTONIC_S + 3) * 1e9)
            assert datetime.datetime.now(datetime.UTC).timestamp() == EPOCH_S + 3
        threads.close()


def test_everything_is_put_back(a_library: ModuleType) -> None:
    """Also when the block raises; the same functions stand at the same names."""
    before = [getattr(time, name) for name in NAMES]
    sockets = {name: vars(socket.socket).get(name) for name in ("recv", "connect", "accept")}
    bound = dict(vars(a_library))
    with SharedClock() as clock:
        threads = Threads(clock)
        with pytest.raises(KeyError), patched(clock, threads):
            assert time.sleep is not before[0]
            raise KeyError
        threads.close()
    assert [getattr(time, name) for name in NAMES] == before
    assert {name: vars(socket.socket).get(name) for name in sockets} == sockets
    assert dict(vars(a_library)) == bound
    assert abs(datetime.datetime.now(datetime.UTC).timestamp() - wall.now_s()) < 60


def test_fozzy_stays_in_real_time() -> None:
    """What measures for us still measures real time."""
    with SharedClock() as clock:
        threads = Threads(clock)
        with patched(clock, threads):
            began = wall.elapsed_ns()
            threads.begin("test")
            time.sleep(3600)
            assert 0 < wall.elapsed_ns() - began < 60 * 10**9
        threads.close()


def test_without_time_machine_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """`datetime` cannot be moved without it: an error of ours, with the way to get it."""
    monkeypatch.setitem(sys.modules, "time_machine", None)
    with pytest.raises(UsageError) as caught, _datetime(SharedClock()):
        pass
    assert caught.value.code == "chaos.not_installed" and "fozzy[pytest]" in str(caught.value.hint)

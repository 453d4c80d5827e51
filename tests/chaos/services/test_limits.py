"""Limits of memory are set from outside, for a process and its children, and put back."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fozzy.chaos.services.limits import MB, Throttle, memory_kept_within
from tests.leftovers import SOON_S

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prlimit is of Linux")


def limit_of(pid: int) -> str:
    """The limit of addresses, as the system says it."""
    lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
    return next(line.split()[3] for line in lines if line.startswith("Max address space"))


@pytest.fixture
def other() -> Iterator[int]:
    """A process."""
    process = subprocess.Popen(["sleep", "85"])
    yield process.pid
    process.kill()
    process.wait()


def test_memory_is_limited_for_a_block(other: int) -> None:
    """The limit is what it has reserved and does not use, and the memory on top; afterwards it is as it was."""
    before = limit_of(other)
    with pytest.raises(KeyError), memory_kept_within(other, 64):
        assert 64 * MB <= int(limit_of(other)) < 64 * MB + (1 << 30)
        raise KeyError
    assert limit_of(other) == before


def test_a_permission_error_of_the_body_stays_one(other: int) -> None:
    """What the body raises is not taken for ours."""
    with pytest.raises(PermissionError, match="mine"), memory_kept_within(other, 64):
        raise PermissionError("mine")


def test_a_throttled_process_stops_and_runs(other: int) -> None:
    """It is seen stopped now and then, and runs when the block is over."""

    def state() -> str:
        return Path(f"/proc/{other}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]

    end_s = time.monotonic() + SOON_S
    seen: set[str] = set()
    with Throttle(lambda: other, 0.5, threading.Lock()):
        while not ("T" in seen and seen & set("RS")) and time.monotonic() < end_s:
            seen.add(state())
    assert "T" in seen
    assert seen & set("RS")
    while state() == "T" and time.monotonic() < end_s:  # a signal takes a moment
        time.sleep(0.001)
    assert state() in "RS"


def test_who_is_dead_is_not_throttled() -> None:
    """While there is no process there is nothing to stop."""
    asked = 0

    def leader() -> None:
        nonlocal asked
        asked += 1

    with Throttle(leader, 0.5, threading.Lock()):
        end_s = time.monotonic() + 10
        while asked < 2 and time.monotonic() < end_s:
            time.sleep(0.001)
    assert asked >= 2, "it goes on looking"

"""A process is stopped, continued and killed with all its descendants."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fozzy.chaos.services import processes
from tests.leftovers import SOON_S

TREE = "sh -c 'setsid sleep 77 & sleep 77 & wait' & wait"


def state_of(pid: int) -> str:
    """`S`, `T`, `Z` …; nothing where there is none."""
    said = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return said.strip()[:1]


def soon(pids: list[int], states: str) -> bool:
    """Whether all are in one of these states before long; an empty one is that of who is gone."""
    end_s = time.monotonic() + SOON_S
    while not all((state_of(pid) or "-") in states for pid in pids):
        if time.monotonic() > end_s:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def tree() -> Iterator[list[int]]:
    """Four processes, one of which is in a session of its own."""
    leader = subprocess.Popen(["/bin/sh", "-c", TREE], start_new_session=True)
    end_s = time.monotonic() + SOON_S
    while len(found := processes.family(leader.pid)) < 4 and time.monotonic() < end_s:
        time.sleep(0.01)
    yield found
    processes.send(reversed(processes.stop(leader.pid)), processes.signal.SIGKILL)
    leader.wait()
    assert soon(found, "-Z")


def test_the_whole_family_is_stopped_and_goes_on(tree: list[int]) -> None:
    """Children and their children stop, in whatever session they are, and all go on."""
    assert len(tree) == 4
    assert sorted(processes.stop(tree[0])) == sorted(tree)
    assert soon(tree, "T")
    processes.send(tree, processes.signal.SIGCONT)
    assert soon(tree, "SR")


def test_it_is_the_same_where_the_kernel_lists_no_children(tree: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without such files `ps` tells."""
    monkeypatch.setattr(processes, "_PROC", Path("/nonexistent"))
    assert sorted(processes.family(tree[0])) == sorted(tree)


def test_who_is_gone_gets_no_signal() -> None:
    """A process that has ended is nobody's error."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    processes.send([gone.pid], processes.signal.SIGKILL)
    processes.send_group(gone.pid)

"""A process is stopped, continued and killed with all its descendants."""

from __future__ import annotations

import signal
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
    processes.send(reversed(processes.stop(leader.pid)), signal.SIGKILL)
    leader.wait()
    assert soon(found, "-Z")


def test_the_whole_family_is_stopped_and_goes_on(tree: list[int]) -> None:
    """Children and their children stop, in whatever session they are, and all go on."""
    assert len(tree) == 4
    assert sorted(processes.stop(tree[0])) == sorted(tree)
    assert soon(tree, "T")
    processes.send(tree, signal.SIGCONT)
    assert soon(tree, "SR")


def test_it_is_the_same_where_the_kernel_lists_no_children(tree: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without such files `ps` tells."""
    monkeypatch.setattr(processes, "_PROC", Path("/nonexistent"))
    assert sorted(processes.family(tree[0])) == sorted(tree)


@pytest.mark.parametrize("error", [ProcessLookupError, PermissionError])
def test_who_is_gone_is_nobodys_error(error: type[OSError], monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has ended, or whose number somebody else has by now, is passed over; the others get their signal."""
    sent: list[tuple[int, int]] = []

    def refused(pid: int, number: int) -> None:
        sent.append((pid, number))
        if pid == 71:
            raise error

    monkeypatch.setattr("os.kill", refused)
    monkeypatch.setattr("os.killpg", refused)
    processes.send([70, 71, 72], signal.SIGTERM)
    processes.send_group(71)
    processes.send_group(73)
    assert sent == [*((pid, signal.SIGTERM) for pid in (70, 71, 72)), (71, signal.SIGKILL), (73, signal.SIGKILL)]


def test_how_it_ended_is_said() -> None:
    """By itself, or of a signal, also of one that has no name here."""
    assert [processes.ended_said(status) for status in (None, 3, -signal.SIGSEGV, -200)] == [
        *["ended", "ended", "died of SIGSEGV", "died of signal 200"]
    ]


def test_a_command_is_words() -> None:
    """A text is split as a shell would, and what is split stays so."""
    assert processes.words_of("shop --say 'it is open'") == ["shop", "--say", "it is open"]
    assert processes.words_of(["shop", "it is open"]) == ["shop", "it is open"]

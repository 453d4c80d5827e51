"""Services of tests that were killed are ended, and their folders go."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fozzy.chaos.services.guard import Guard, private_folder
from fozzy.errors import UsageError
from tests.leftovers import SOON_S, gone, processes

ROOT = Path(__file__).parents[3]
SLEEP = f"sleep {78_000_000 + os.getpid()}"  # no other process has these words
PROGRAM = f"""
import sys, time
from fozzy.chaos.services.service import Service
with Service(["sh", "-c", "{SLEEP} & {SLEEP}"], ready=lambda service: True) as service:
    print(service.folder, flush=True)
    time.sleep(60)
"""


def test_a_killed_test_leaves_no_service() -> None:
    """Who started a service is killed outright: its processes end, and so does its folder."""
    tests = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert tests.stdout is not None
    folder = Path(tests.stdout.readline().strip())
    assert folder.is_dir()
    assert len(processes(SLEEP)) >= 1
    tests.kill()
    tests.wait()
    tests.stdout.close()
    assert gone(SLEEP)
    end_s = time.monotonic() + SOON_S
    while folder.exists() and time.monotonic() < end_s:
        time.sleep(0.01)
    assert not folder.exists()


def test_a_dismissed_guard_does_nothing(tmp_path: Path) -> None:
    """When all has ended well the folder is not the guard's any more, nor are the processes."""
    other = subprocess.Popen(["sleep", "79"])
    guard = Guard(tmp_path)
    guard.watch([other.pid])
    guard.dismiss()
    assert tmp_path.is_dir()
    assert other.poll() is None
    other.kill()
    other.wait()


def test_where_nobody_can_guard_none_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a service is refused, with what to do, before anything is made."""
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(UsageError, match="Linux and macOS") as refused:
        private_folder()
    monkeypatch.undo()
    assert refused.value.code == "chaos.no_program" and "WSL" in refused.value.hint

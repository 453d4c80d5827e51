"""A suite in a pytest of its own: what came of each test is known, whatever it did to its process."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import Exit, StoreError
from fozzy.gate.resilience import suite
from fozzy.gate.resilience.suite import Asked, Came, command_of, run
from fozzy.gate.resilience.told import Ended
from tests.following import STRANGERS

ROOT = Path(__file__).parents[3]

STUCK = """
import signal
import time

import pytest


@pytest.mark.chaos(real_time=True)
def test_cannot_be_ended():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(60)
"""

DIES = """
import os
import signal

import pytest


@pytest.mark.chaos
def test_fine():
    pass


@pytest.mark.chaos
def test_dies():
    os.kill(os.getpid(), signal.SIGKILL)
"""


def ran(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch, limit_s: float = 60.0) -> tuple[Came, str]:
    """A suite of one file, and what its pytest said."""
    path = folder / "test_it.py"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_ADDOPTS", STRANGERS)
    said: list[str] = []
    asked = Asked(words=["-p", "no:cacheprovider", str(path)], told=folder / "told", limit_s=limit_s)
    return run(asked, said.append), "".join(said)


def test_who_cannot_be_ended_is_ended_with_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that hears no signal is named, its process is gone, and the status is that of a timeout."""
    monkeypatch.setattr(suite, "GRACE_S", 0.2)
    came, _ = ran(tmp_path, STUCK, monkeypatch, limit_s=2)
    assert [each.rpartition("::")[2] for each in came.stuck] == ["test_cannot_be_ended"]
    assert came.exit_status == Exit.TIMEOUT
    assert came.status < 0


def test_a_pytest_that_dies_is_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was over before is known, and nobody takes the rest for well."""
    came, _ = ran(tmp_path, DIES, monkeypatch)
    assert [(each.test.rpartition("::")[2], each.outcome) for each in came.tests] == [("test_fine", "passed")]
    assert (came.status, came.exit_status, came.chosen) == (-9, Exit.CRASH, 2)


SAYS = """
from pathlib import Path

import pytest


@pytest.mark.chaos
def test_says_much():
    print("x" * 200_000)
    Path("ran").touch()
"""


def test_what_cannot_be_said_fails_no_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the output cannot be written, all tests are run to their ends, and then it is an error."""

    def say(_line: str) -> None:
        raise StoreError("report.unwritable", "cannot write the answer")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path = tmp_path / "test_it.py"
    path.write_text(SAYS, encoding="utf-8")
    asked = Asked(words=["-s", "-p", "no:cacheprovider", str(path)], told=tmp_path / "told")
    with pytest.raises(StoreError, match="cannot write"):
        run(asked, say)
    assert (tmp_path / "ran").exists()


STANDS = """
import signal
import threading

import pytest


@pytest.mark.chaos
def test_fine():
    pass


@pytest.mark.chaos
def test_stands():
    signal.pthread_sigmask(signal.SIG_BLOCK, {BLOCKED})
    threading.Event().wait()
"""


def test_who_interrupts_it_as_it_begins_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes when the process is there and nobody knows it yet ends it all the same, in order."""
    path = tmp_path / "test_it.py"
    path.write_text(STANDS.replace("BLOCKED", ""), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_ADDOPTS", STRANGERS)
    monkeypatch.chdir(tmp_path)
    processes: list[subprocess.Popen[str]] = []

    class Seen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            processes.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(suite.subprocess, "Popen", Seen)
    came = run(Asked(words=["-p", "no:cacheprovider", "test_it.py"], told=tmp_path / "told"), lambda _: None)
    assert came.exit_status == Exit.INTERRUPTED
    assert [process.poll() is not None for process in processes] == [True]


@pytest.mark.parametrize(("blocked", "times", "died"), [("", 1, False), ("signal.SIGINT, signal.SIGALRM", 2, True)])
def test_who_interrupts_it_gets_what_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blocked: str, times: int, died: bool
) -> None:
    """Ctrl-C ends it in order, a second one at once where it hears none; its process is gone, what was over is known."""
    path = tmp_path / "test_it.py"
    path.write_text(STANDS.replace("BLOCKED", blocked), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_ADDOPTS", STRANGERS)
    processes: list[Any] = []

    class Seen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *words: Any, **more: Any) -> None:
            super().__init__(*words, **more)
            processes.append(self)

        def wait(self, timeout: float | None = None) -> int:
            told = (tmp_path / "told").read_text(encoding="utf-8") if (tmp_path / "told").exists() else ""
            if (
                timeout
                and interrupts
                and told.rpartition('"test":')[2].startswith('"test_it.py::test_stands","phase":"call"')
            ):
                interrupts.pop()
                raise KeyboardInterrupt
            return super().wait(timeout)

    interrupts = [None] * times
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(suite.subprocess, "Popen", Seen)
    said: list[str] = []
    came = run(Asked(words=["-p", "no:cacheprovider", "test_it.py"], told=tmp_path / "told"), said.append)
    assert (came.exit_status, came.count("passed"), came.not_run, interrupts) == (Exit.INTERRUPTED, 1, 1, [])
    assert processes[0].returncode == (-9 if died else 2), "".join(said)


@pytest.mark.parametrize(
    ("status", "wanted"),
    [(0, Exit.PASS), (1, Exit.FAIL), (2, Exit.USAGE), (3, Exit.CRASH), (4, Exit.USAGE), (5, Exit.NOTHING)],
)
def test_every_status_of_pytest_has_one_here(status: int, wanted: Exit) -> None:
    """None of them but 0 is well."""
    assert Came(status=status).exit_status == wanted


def test_a_test_over_its_limit_says_so_in_the_status() -> None:
    """It comes before that a test failed."""
    assert Came(status=1, tests=[Ended(test="a", outcome="timeout")]).exit_status == Exit.TIMEOUT


def test_the_plugin_is_loaded_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By name only where no entry point has it; coverage runs around pytest."""
    asked = Asked(words=["tests"], told=tmp_path / "told", coverage=["--source=."])
    monkeypatch.setattr(suite, "entry_points", lambda group: ())
    words = command_of(asked)
    assert words[1:4] == ["-m", "coverage", "run"] and words[-1] == "tests"
    assert words.count(suite.PLUGIN) == 1
    monkeypatch.setattr(suite, "entry_points", lambda group: [type("Entry", (), {"value": suite.PLUGIN})])
    assert suite.PLUGIN not in command_of(asked)

"""`fozzy test --watch` on a real terminal, in a pipe, and in front of every mistake: real files, real processes."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.seat import ROOT, SOON_S, Seat

SCREENS = Path(__file__).parent / "screens" / "watch"
UPDATE = os.environ.get("FOZZY_UPDATE_SCREENS") == "1"
CLEARED = "\x1b[H\x1b[2J"
STANDS = r"watching .*\r\n.*\[q\] quit.*\r\n"
CALLS = """\
{
  "version": 1,
  "name": "twice",
  "steps": [
    { "type": "call", "function": "shop:twice", "args": [2], "expect": 4 }
  ]
}
"""
KEPT = """\
{
  "version": 1,
  "name": "kept",
  "steps": [
    { "type": "set_kv", "key": "a", "value": "1" }
  ]
}
"""
SLOW = """\
{
  "version": 1,
  "name": "slow",
  "backends": { "proc": "host" },
  "steps": [
    { "type": "proc_spawn", "cmd": "sleep", "args": ["60"] }
  ]
}
"""


def normal(screen: str) -> str:
    """A screen without colours and erased lines, times and names of runs."""
    screen = re.sub(r"\x1b\[[0-9;]*m", "", screen.split(CLEARED)[-1]).replace("\r\n", "\n")
    screen = re.sub(r"^.*\r", "", re.sub(r"\x1b\[2K", "\r", screen), flags=re.MULTILINE)
    screen = re.sub(r" +\d[\d.]*(ms|s)$", "  TIME", screen, flags=re.MULTILINE)
    return re.sub(r"(replay|shrink) [0-9a-f]{4,8}", r"\1 7f3c", screen).strip("\n") + "\n"


def compare(name: str, screen: str) -> None:
    """Hold a screen against the kept one."""
    path = SCREENS / f"{name}.txt"
    if UPDATE:
        path.write_text(normal(screen), encoding="utf-8")
    assert normal(screen) == path.read_text(encoding="utf-8")


@pytest.fixture
def folder(project: Path) -> Path:
    """A scenario that calls, one that does not."""
    (project / "fozzy.toml").write_text("det = true\nallow_code = true\n")
    (project / "scenarios").mkdir()
    (project / "scenarios" / "twice.fozzy.json").write_text(CALLS)
    (project / "scenarios" / "kept.fozzy.json").write_text(KEPT)
    (project / "shop.py").write_text("from price import factor\n\n\ndef twice(x):\n    return x * factor\n")
    (project / "price.py").write_text("factor = 2\n")
    return project


@pytest.fixture
def sit(project: Path) -> Iterator[Callable[..., Seat]]:
    """Starts a watch on a terminal; everything is gone at the end."""
    seats: list[Seat] = []

    def start(*words: str, **more: str) -> Seat:
        seats.append(Seat(project, "test", "--watch", "--seed", "7", "-j2", *words, rows=40, **more))
        return seats[-1]

    yield start
    for seat in seats:
        seat.close()


def stands(seat: Seat) -> str:
    """Wait for the last lines after a run; returns all there was since the last time."""
    seat.sees(rf"(?s)^.*{STANDS}")
    said, seat.said = seat.said, ""
    return said


def test_a_session_at_a_terminal(sit: Callable[..., Seat], folder: Path) -> None:
    """A module, a mistake while typing, its mending, a new file, keys: each is a screen of its own, and q ends it."""
    seat = sit()
    first = stands(seat)
    assert CLEARED not in first
    compare("first", first)
    (folder / "price.py").write_text("factor = 30\n")
    changed = stands(seat)
    assert changed.startswith(CLEARED)
    compare("module", changed)
    (folder / "scenarios" / "kept.fozzy.json").write_text(KEPT.replace('"1" }', '"1"'))
    compare("mistake", stands(seat))
    (folder / "scenarios" / "kept.fozzy.json").write_text(KEPT)
    compare("mended", stands(seat))
    seat.types("f")
    assert "1 scenario: 0 passed, 1 failed" in stands(seat)
    (folder / "price.py").write_text("factor = 2\n")
    assert "watching 2 scenarios: 2 passed" in normal(stands(seat))
    seat.types("f")
    assert "nothing has failed" in stands(seat)
    (folder / "scenarios" / "new.fozzy.json").write_text(KEPT)
    assert "changed  scenarios/new.fozzy.json" in normal(stands(seat))
    (folder / "scenarios" / "new.fozzy.json").unlink()
    compare("gone", stands(seat))
    seat.types("\r")
    assert "2 scenarios: 2 passed" in stands(seat)
    seat.types("?")
    compare("help", stands(seat))
    seat.types("q")
    assert seat.ends() == 0
    assert seat.is_as_before()


def test_a_configuration_that_is_half_written(sit: Callable[..., Seat], folder: Path) -> None:
    """It is shown, nothing runs until it is mended, and then everything does; q says what is wrong by its status."""
    seat = sit()
    stands(seat)
    (folder / "fozzy.toml").write_text("det = \n")
    compare("config", stands(seat))
    (folder / "fozzy.toml").write_text("det = true\n")
    said = stands(seat)
    assert "code.not_allowed" in said and "1 scenario: 1 passed" in said
    seat.types("q")
    assert seat.ends() == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGQUIT, -signal.SIGQUIT), (signal.SIGHUP, -signal.SIGHUP)],
)
def test_a_signal_leaves_the_terminal_as_it_was(
    sent: signal.Signals, status: int, sit: Callable[..., Seat], folder: Path
) -> None:
    """However it ends; who interrupts a watch that waits is told nothing, for nothing was lost."""
    seat = sit("scenarios/kept.fozzy.json")
    stands(seat)
    seat.hides_keys()
    seat.process.send_signal(sent)
    assert seat.ends() == status
    assert seat.is_as_before()
    assert "error" not in seat.said


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(sit: Callable[..., Seat], folder: Path) -> None:
    """Stopped with its workers, the terminal is as it was; going on, keys work again, and so do changes."""
    seat = sit()
    stands(seat)
    os.write(seat.ours, b"\x1a")
    seat.stops()
    os.killpg(seat.process.pid, signal.SIGCONT)
    (folder / "price.py").write_text("factor = 30\n")
    assert "1 scenario: 0 passed, 1 failed" in stands(seat)
    seat.hides_keys()
    seat.types("q")
    assert seat.ends() == 1
    assert seat.is_as_before()


def test_q_ends_a_run_in_the_middle(sit: Callable[..., Seat], folder: Path) -> None:
    """Nobody waits for a scenario that takes a minute."""
    (folder / "scenarios" / "slow.fozzy.json").write_text(SLOW)
    seat = sit("scenarios/kept.fozzy.json", "scenarios/slow.fozzy.json")
    seat.sees("PASS +kept")
    seat.types("q")
    seat.sees(r"watching 2 scenarios: .*1 passed, 1 not run yet")
    assert seat.ends() == 0
    assert seat.is_as_before()


def test_a_bug_of_ours_leaves_the_terminal_as_it_was(sit: Callable[..., Seat], folder: Path) -> None:
    """Whatever is raised."""
    (folder / "sitecustomize.py").write_text(
        "import fozzy.engine.stamps as stamps\n\n\ndef broken(self):\n    raise ZeroDivisionError\n\n\n"
        "stamps.Stamps.changed = broken\n"
    )
    seat = sit("scenarios/kept.fozzy.json", PYTHONPATH=f"{folder}{os.pathsep}{ROOT}")
    seat.sees("ZeroDivisionError")
    assert seat.ends() == 70
    assert seat.is_as_before()


class Piped:
    """A watch with pipes for all three streams."""

    def __init__(self, folder: Path, *words: str, **more: Any) -> None:
        env = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "GITHUB_ACTIONS")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fozzy", "test", "--watch", "--seed", "7", *words],
            cwd=folder,
            env={**env, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            **{"stdin": subprocess.PIPE, "stderr": subprocess.STDOUT, **more},
        )
        self.said = ""

    def sees(self, pattern: str) -> None:
        """Wait for it; what stands before it is forgotten."""
        assert self.process.stdout is not None
        end_s = time.monotonic() + SOON_S
        while not (found := re.search(pattern, self.said)):
            assert time.monotonic() < end_s, self.said
            if select.select([self.process.stdout], [], [], 0.1)[0]:
                self.said += os.read(self.process.stdout.fileno(), 65536).decode()
        self.said = self.said[found.end() :]

    def __enter__(self) -> Piped:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def test_in_a_pipe_it_says_the_same_without_keys(folder: Path) -> None:
    """Changes run what they affect, nothing is erased, and when stdin closes it ends with the verdict."""
    with Piped(folder) as piped:
        piped.sees("watching 2 scenarios: 2 passed\n")
        (folder / "price.py").write_text("factor = 30\n")
        piped.sees(r"\A\s+changed  price.py\n.*\n +FAIL  twice")
        piped.sees("watching 2 scenarios: 1 passed, 1 failed\n")
        assert piped.process.stdin is not None and "[q]" not in piped.said and "\x1b" not in piped.said
        piped.process.stdin.close()
        assert piped.process.wait(SOON_S) == 1


def test_quiet_is_one_line_for_each_run(folder: Path) -> None:
    """And nothing else."""
    with Piped(folder, "-q", stdin=subprocess.DEVNULL) as piped:
        piped.sees(r"\A2 passed in \S+ \(run \w+\)\n")
        (folder / "price.py").write_text("factor = 30\n")
        piped.sees(r"\A0 passed, 1 failed in \S+ \(run \w+\)\n")
        piped.process.send_signal(signal.SIGTERM)
        assert piped.process.wait(SOON_S) == 143


def test_it_ends_when_nobody_reads_any_more(folder: Path) -> None:
    """As `fozzy test --watch | head -1` does."""
    with Piped(folder, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as piped:
        piped.sees("2 passed")
        assert piped.process.stdout is not None
        piped.process.stdout.close()
        assert piped.process.wait(SOON_S) == 0


@pytest.mark.parametrize(
    "words",
    [["--json"], ["--events"], ["--record", "a.fozzy"], ["--keep", "kept"], ["--reporter", "tap"], ["-j0"]],
)
def test_what_means_nothing_for_a_watch_is_refused(words: list[str], folder: Path, fz: Callable[..., Any]) -> None:
    """Before anything runs, with what to do instead."""
    ran = fz("test", "--watch", *words)
    assert ran.code == 2
    assert ("usage.watch" in ran.said) != ("-j0" in words)
    assert not (folder / ".fozzy" / "runs" / "latest").exists()


def test_last_failed_begins_with_what_failed(folder: Path) -> None:
    """With its seed; everything else is watched too."""
    (folder / "price.py").write_text("factor = 30\n")
    with Piped(folder) as piped:
        piped.sees("1 failed\n")
    with Piped(folder, "--last-failed") as piped:
        piped.sees("1 scenario: 0 passed, 1 failed")
        piped.sees("watching 2 scenarios: 0 passed, 1 failed, 1 not run yet")
        (folder / "scenarios" / "kept.fozzy.json").write_text(KEPT + "\n")
        piped.sees("1 scenario: 1 passed")

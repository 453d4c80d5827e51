"""A suite of resilience tests, run by a pytest in a process of its own that nothing of ours can disturb.

Rule 1: a test that takes too long fails and the others go on; where it cannot be ended the whole process is, and that is
said of the test.
Rule 2: what ends badly ends badly here: a process that died, files that cannot be collected, no test at all.
Rule 3: who interrupts it gets what there is; who does so twice need not wait for fixtures to end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO

import msgspec

from fozzy import wall
from fozzy.errors import Exit, FozzyError, Terminated
from fozzy.gate.resilience.told import Chosen, Ended, Line, Phase, Reader, Refused

PLUGIN = "fozzy.pytest_plugin.plugin"
TELLING = "fozzy.pytest_plugin.telling"
LIMIT_S = 60.0  # real time of one phase of a test; virtual hours are milliseconds
GRACE_S = 10.0  # a test that cannot be ended by then takes its process with it
LOOK_S = 0.1
END_S = 10.0  # a pytest that was asked to stop has so long
CODES = {0: Exit.PASS, 1: Exit.FAIL, 2: Exit.USAGE, 3: Exit.CRASH, 4: Exit.USAGE, 5: Exit.NOTHING}

Say = Callable[[str], None]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run. `words` are for pytest as they are; `told` is a file that is not there yet."""

    words: Sequence[str]
    told: Path
    limit_s: float = LIMIT_S
    coverage: Sequence[str] | None = None  # the words of `coverage run`


class Came(msgspec.Struct, kw_only=True):
    """What came of it. `stuck` are tests whose process had to be ended; `seed` is the session's, if it came so far."""

    tests: list[Ended] = []
    refused: list[Refused] = []
    others: int = 0
    chosen: int = 0
    seed: int | None = None
    stuck: list[str] = []
    status: int = 0  # of the process; below zero the signal that ended it
    stopped: Exit | None = None  # somebody interrupted it, or ended it
    duration_ns: int = 0

    @property
    def exit_status(self) -> Exit:
        """The status of the whole."""
        if self.stopped is not None:
            return self.stopped
        if self.stuck or any(each.outcome == "timeout" for each in self.tests):
            return Exit.TIMEOUT
        return Exit.CRASH if self.status < 0 else CODES.get(self.status, Exit.CRASH)

    @property
    def not_run(self) -> int:
        """How many tests were to be run and never came to an end, those that are stuck aside."""
        return max(0, self.chosen - len(self.tests) - len(self.stuck))

    def count(self, *outcomes: str) -> int:
        """How many tests ended so."""
        return sum(each.outcome in outcomes for each in self.tests)

    def take(self, said: Line) -> None:
        """A line that was told."""
        match said:
            case Chosen(tests=tests, others=others, seed=seed):
                self.chosen, self.others, self.seed = tests, others, seed
            case Ended():
                self.tests.append(said)
            case Refused():
                self.refused.append(said)


def command_of(asked: Asked) -> list[str]:
    """The command line of the process."""
    covered = [] if asked.coverage is None else ["-m", "coverage", "run", *asked.coverage]
    is_there = any(each.value == PLUGIN for each in entry_points(group="pytest11"))
    ours = [*([] if is_there else ["-p", PLUGIN]), "-p", TELLING]
    told = [f"--chaos-told={asked.told}", f"--chaos-limit={asked.limit_s}"]
    return [sys.executable, *covered, "-m", "pytest", *ours, *told, *asked.words]


def run(asked: Asked, say: Say) -> Came:
    """Run it to its end, or until somebody interrupts that; `say` gets pytest's output line by line. *Errors*: those
    of `say`, when it ended."""
    watch: _Watch | None = None
    try:
        with wall.signals_held():  # till it is known here; in its process `telling` hears them again
            watch = _Watch(asked, say)
        watch.until_it_ends()
    except KeyboardInterrupt as stop:
        if watch is None:
            raise
        watch.stop(Exit.TERMINATED if isinstance(stop, Terminated) else Exit.INTERRUPTED)
    return watch.finished()


class _Watch:
    """A process, and what it tells while it runs."""

    def __init__(self, asked: Asked, say: Say) -> None:
        self._elapsed_ns = wall.stopwatch()
        self._came = Came()
        self._process = subprocess.Popen(
            command_of(asked),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**wall.variables(), "PYTHONUNBUFFERED": "1"},
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._refused: list[FozzyError] = []
        self._output = threading.Thread(target=_pass_on, args=(self._process.stdout, say, self._refused), daemon=True)
        self._output.start()
        self._limit_ns = round((asked.limit_s + GRACE_S) * 1e9)
        self._reader = Reader(asked.told)
        self._phases: dict[int, tuple[str, Callable[[], int]]] = {}

    def until_it_ends(self) -> None:
        """Wait for it, and end it where a test cannot be ended."""
        while True:
            try:
                self._process.wait(LOOK_S)
                return
            except subprocess.TimeoutExpired:
                self._look()
            stuck = [test for test, elapsed_ns in self._phases.values() if elapsed_ns() > self._limit_ns]
            if stuck:
                self._came.stuck = stuck
                _kill(self._process)

    def stop(self, status: Exit) -> None:
        """Somebody interrupted it, which has this exit status."""
        self._came.stopped = status
        _stop(self._process)

    def finished(self) -> Came:
        """What came of it. *Errors*: those of who should have said its output."""
        self._output.join(END_S)
        if self._refused:
            raise self._refused[0]
        self._look()
        self._came.status = self._process.returncode
        self._came.duration_ns = self._elapsed_ns()
        return self._came

    def _look(self) -> None:
        for said in self._reader.more():
            self._came.take(said)
            if isinstance(said, Phase):
                self._phases.pop(said.pid, None)
                if said.test:
                    self._phases[said.pid] = said.test, wall.stopwatch()


def _pass_on(output: IO[str], say: Say, refused: list[FozzyError]) -> None:
    """To the end, also where it cannot be said any more: nobody's tests fail because of that."""
    with output:
        for line in output:
            if not refused:
                try:
                    say(line)
                except FozzyError as error:
                    refused.append(error)


def _stop(process: subprocess.Popen[str]) -> None:
    """As Ctrl-C would: fixtures end what they began. A second Ctrl-C ends it at once."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(END_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()

"""The screen of shrinking: the live line, the table, what is left, what was kept aside."""

from __future__ import annotations

import io
import sys
from typing import Any, NamedTuple

import pytest

from fozzy import wall
from fozzy.cli import shrink_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.live import LIVE_NS
from fozzy.report.text import plain
from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Size, Slip, size_of
from fozzy.search.shrink.reasons import Reason
from fozzy.search.shrink.shrinker import End, Row, Shrunk
from fozzy.search.subject import Candidate, Failure, Outcome, Tape

EVENT = {"type": "trace_event", "name": "e"}
LARGE = Candidate(script_of({"version": 1, "name": "n", "steps": [EVENT] * 7}), Tape())
SMALL = Candidate(script_of({"version": 1, "name": "n", "steps": [EVENT]}), Tape())
OTHER = Failure("assertion", "other", "steps[1]")
SLIP = Slip(LARGE, Outcome("fail", OTHER, "it fails with other at steps[1]: no\x1b[31m", (), "no"))


def row(name: str, tried: int, candidate: Candidate) -> Row:
    return Row(name, tried, 1, size_of(candidate), 0)


def shrunk(end: End = "converged", rows: list[Row] | None = None, **more: Any) -> Shrunk:
    made = Shrunk(LARGE, SMALL, OTHER, rows or [row("drop steps", 3, SMALL)], [], [], end, 3, 1_800_000_000)
    return made._replace(**more)


def shown(lines: Any) -> str:
    return "\n".join(plain(each).rstrip() for each in lines)


START = row("start", 0, LARGE)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("converged", "converged"),
        ("budget", "stopped: the budget is over (--budget gives more)"),
        ("interrupted", "stopped early"),
        ("terminated", "stopped early"),
    ],
)
def test_the_last_row_says_how_it_ended(end: End, words: str) -> None:
    """Passes that tried nothing have no row; where none did, the first line says it."""
    said = shown(screen.table(shrunk(end, [row("drop steps", 3, SMALL), row("drop pairs", 0, LARGE)]), START))
    assert said.splitlines()[-1].startswith("  drop steps ")
    assert said.endswith(words)
    assert "drop pairs" not in said
    assert shown(screen.table(shrunk(end, [row("drop steps", 0, LARGE)]), START)).endswith(words)


def test_totals_are_those_of_the_best() -> None:
    """Also when it was stopped in the first pass, and the last has not run."""
    said = shown([screen.totals(shrunk("interrupted", [row("a", 3, SMALL), row("b", 0, LARGE)]), START)])
    assert said == "  7 steps, 0 choices, 0 faults  ->  1 step, 0 choices, 0 faults   1.80s"


def test_what_is_left_and_why() -> None:
    """Numbered; a choice has its value; without reasons nothing is said."""
    reasons = [Reason("step", "steps[0]", "fail", "it is what fails"), Reason("choice", "steps[1]", "rand.n", "so", 40)]
    said = shown(screen.left(shrunk(reasons=reasons)))
    assert "    1  step    fail   steps[0]\n               it is what fails" in said
    assert "    2  choice  rand.n = 40   steps[1]" in said
    assert screen.left(shrunk()) == []


def test_other_failures_are_told_and_cannot_write_on_the_screen() -> None:
    """Bounded in number, escapes taken out."""
    said = shown(screen.slips(shrunk(slips=[SLIP] * 9)))
    assert "9 other failures came up on the way" in said
    assert said.count("other at steps[1]") == screen.SLIPS_SHOWN_MAX
    assert "\x1b" not in said
    assert screen.slips(shrunk()) == []


def test_the_opening_says_what_is_kept() -> None:
    """In one line, bounded, whatever the message holds."""
    assert len(shown(screen.opening("cart", "assert", "x" * 10_000))) < 200
    assert (
        shown(screen.opening("cart", "assert", "a\nb")).splitlines()[0].startswith("  keeping   cart: assert failed: a")
    )


def test_the_document_says_the_same() -> None:
    """Sizes before and after, passes that did something, slips, where it lies."""
    body = screen.body_of(shrunk(slips=[SLIP]), ["a.fozzy"])
    assert (body.steps_before, body.steps, body.runs, body.duration_ms) == (7, 1, 3, 1800)
    assert [each.name for each in body.passes] == ["drop steps"]
    assert (body.slips[0].title, body.slips[0].at, body.trace_paths) == ("other", "steps[1]", ["a.fozzy"])


class FakeGate(NamedTuple):
    """What the live line looks at."""

    tried: int = 12
    size: Size = size_of(LARGE)
    spent_ns: int = 10**9


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("columns", "whole"), [("80", True), ("40", False)])
def test_the_live_line_fits_and_goes(columns: str, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written at most ten times a second, is never wider than the terminal, and is gone at the end."""
    now = 10**12
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(wall, "elapsed_ns", lambda: now)
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    live = screen.Live(Console())
    gate: Any = FakeGate()
    for _ in range(5):
        live("drop steps", gate)
    now += LIVE_NS
    live("drop steps", gate)
    live.erase()
    lines = terminal.getvalue().split("\r\x1b[2K")[1:]
    assert len(lines) == 3 and lines[-1] == ""
    assert lines[0].startswith("  drop steps  12 runs  7 steps")
    assert len(lines[0]) < int(columns)
    assert ("Ctrl-C keeps the best so far" in lines[0]) is whole


def test_no_live_line_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    """In a pipe nothing is written."""
    live = screen.Live(Console())
    gate: Any = FakeGate()
    live("drop steps", gate)
    live.erase()
    assert capsys.readouterr() == ("", "")


def test_what_nobody_asked_again_is_said() -> None:
    """Where questions to the world are gone, the screen says that the answers left are the recorded ones."""
    assert "3 questions to the outside world gone" in shown(screen.of_the_world(5, 2))
    assert screen.of_the_world(2, 2) == screen.of_the_world(0, 0) == []

"""The screen of fuzzing: the live line, the numbers, each crash; nothing in it can write on the screen."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from fozzy import wall
from fozzy.cli import fuzz_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.documents import CrashBody, FuzzBody
from fozzy.core.blob import Blob
from fozzy.report.text import plain
from fozzy.search.fuzz.campaign import Campaign, Plan

BODY = FuzzBody(
    target="py:shop:parse",
    takes="bytes",
    mode="coverage",
    runs=12_345,
    duration_ms=500,
    runs_per_second=24_690,
    features=9,
    corpus=1,
    corpus_added=0,
    corpus_path=None,
    forks=0,
    ended_by="runs",
    crashes=[],
)
CRASH = CrashBody(
    title="call_raised",
    kind="assertion",
    status="fail",
    message="ValueError: no\x1b[31m",
    cause=[],
    run=1_234,
    input=Blob.of(b"ab"),
    input_bytes_before=24,
    trace_path="t.fozzy",
)


def changed(body: Any, **more: Any) -> Any:
    return type(body)(**{name: getattr(body, name) for name in body.__struct_fields__} | more)


def shown(lines: Any) -> str:
    return "\n".join(plain(each).rstrip() for each in lines)


def test_the_opening_is_no_wider_than_a_terminal() -> None:
    """With the longest seed and mode, and what it takes on a line of its own."""
    said = shown(screen.opening("py:shop.orders:parse", "n: int", 2**53 - 1, "guided by coverage"))
    assert said.splitlines() == [
        "  fuzzing   py:shop.orders:parse   guided by coverage   seed 9007199254740991",
        "  takes     n: int",
    ]
    assert max(map(len, said.splitlines())) <= 80


def test_numbers() -> None:
    """One line for all modes; what was reached only where it is looked at; forks are told."""
    assert shown(screen.numbers(BODY)).splitlines() == [
        "  12,345 runs in 500ms (24,690/s)   no crash",
        "  9 places reached by 1 input",
    ]
    assert shown(screen.numbers(changed(BODY, mode="blind", crashes=[CRASH]))) == (
        "  12,345 runs in 500ms (24,690/s)   1 different crash"
    )
    assert "the target forked in 1 run;" in shown(screen.numbers(changed(BODY, forks=1)))


def test_a_crash() -> None:
    """What, when, the input with how much smaller it is, the trace; no escape comes through."""
    said = shown(screen.crash_lines(CRASH, True))
    assert "\x1b" not in said
    assert "first seen in run 1,234" in said
    assert "    input   ab   2 of 24 bytes" in said
    assert said.endswith("    trace   t.fozzy")
    assert "of 24" not in shown(screen.crash_lines(CRASH, False))
    assert "of 2" not in shown(screen.crash_lines(changed(CRASH, input_bytes_before=2), True))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "input   (nothing)"),
        (b"\xff\x00", "input   base64 /wA="),
        (b"a\x1b[2Jb\nc", "input   a"),
        (b"x" * 5_000, "x" * 199 + "…"),
    ],
)
def test_every_input_can_be_shown(data: bytes, said: str) -> None:
    """On one line, bounded, without escapes."""
    (line,) = [each for each in shown(screen.crash_lines(changed(CRASH, input=Blob.of(data)), True)).splitlines()
               if "input" in each]  # fmt: skip
    assert said in line
    assert "\x1b" not in line
    assert len(line) < 260


def test_a_crash_without_a_trace_and_one_that_is_kept() -> None:
    """It is said why there is none, and where it is kept."""
    assert "it did not come again by itself" in shown(screen.crash_lines(changed(CRASH, trace_path=None), True))
    assert "    kept    r/a.fozzy" in shown(screen.crash_lines(changed(CRASH, kept_path="r/a.fozzy"), True))


class Terminal(io.StringIO):
    """A stream a person looks at."""

    def isatty(self) -> bool:
        return True


class Nobody:
    first = ()


@pytest.mark.parametrize("quiet", [False, True])
def test_the_live_line(quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is redrawn a few times a second, taken away at the end, and not there when one line was asked for."""
    monkeypatch.setenv("TERM", "xterm")
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdout", Terminal())
    now = iter(range(10**9, 10**12, 20 * 10**6))
    monkeypatch.setattr(wall, "elapsed_ns", lambda: next(now))
    live = screen.Live(Console(color="auto", quiet=quiet))
    campaign = Campaign(Plan(seed=1), Nobody(), [])  # type: ignore[arg-type]
    campaign.runs = 7
    for _ in range(12):
        live(campaign)
    live.say("shrinking crash 1 of 1: x")
    live.erase()
    said = err.getvalue()
    assert bool(said) is not quiet
    if not quiet:
        assert 1 < said.count("7 runs") < 12
        assert "0 crashes" in said
        assert "shrinking crash 1 of 1: x" in said
        assert said.endswith("\r\x1b[2K")

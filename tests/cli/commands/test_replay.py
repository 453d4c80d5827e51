"""`fozzy replay`: a recorded run again."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def pay(shop: Any, fz: Callable[..., Any]) -> str:
    """The trace of a failing run."""
    fz("run", shop.failing, "--seed", "7", "--record", "pay.fozzy")
    return "pay.fozzy"


@pytest.mark.parametrize(
    ("changes", "code", "verdict"),
    [
        ([], 1, "SAME"),
        ([('"name": "the card', '"name": "a card')], 1, "SAME"),
        ([('"b": 1', '"b": 2')], 0, "FIXED"),
        ([('"b": 1', '"b": 3')], 1, "CHANGED"),
        ([("12ms", "13ms")], 6, "DRIFT"),
        ([('"key": "dice"', '"key": "die"')], 6, "DRIFT"),
        ([('    { "type": "sleep", "duration": "12ms" },\n', "")], 6, "DRIFT"),
        ([('"status": 200', '"status": 201')], 6, "DRIFT"),
    ],
)
def test_verdicts_against_an_edited_scenario(
    changes: list[tuple[str, str]], code: int, verdict: str, pay: str, shop: Any, fz: Callable[..., Any]
) -> None:
    """What was edited decides: nothing, the failing step, or something before it."""
    name = shop.edited("edited", *changes)
    ran = fz("replay", pay, "--scenario", name)
    assert ran.code == code
    assert re.search(rf"^  {verdict}  ", ran.out, re.MULTILINE)
    document = fz("replay", pay, "--scenario", name, "--json").document()
    assert document["replay"]["verdict"] == verdict
    assert fz("replay", pay, "--scenario", name, "-q").out == f"{verdict}  pay.fozzy\n"


def test_a_passing_trace_passes(shop: Any, fz: Callable[..., Any]) -> None:
    """SAME ends as recorded."""
    fz("run", shop.passing, "--record", "ok.fozzy")
    ran = fz("replay", "ok.fozzy")
    assert ran.code == 0
    assert "  SAME  3 steps, 3 records\n" in ran.out
    assert "hint" not in ran.out


@pytest.mark.parametrize(("name", "code"), [("slow", 3), ("crashing", 4)])
def test_a_status_is_kept(name: str, code: int, shop: Any, fz: Callable[..., Any]) -> None:
    """A timeout replays as a timeout, a crash as a crash, with no program started."""
    fz("run", getattr(shop, name), "--record", "t.fozzy")
    Path(getattr(shop, name)).unlink()
    assert fz("replay", "t.fozzy").code == code


def test_a_replay_leaves_no_run(pay: str, fz: Callable[..., Any]) -> None:
    """It is looked at again, not run: the store and its aliases stay as they are."""
    before = sorted(path.as_posix() for path in Path(".fozzy").rglob("*"))
    fz("replay", pay)
    fz("replay", "@latest")
    assert sorted(path.as_posix() for path in Path(".fozzy").rglob("*")) == before


@pytest.mark.parametrize(("until", "last"), [("0", 0), ("2", 2), ("5ms", 4), ("0ns", 4), ("12ms", 8)])
def test_until(until: str, last: int, pay: str, fz: Callable[..., Any]) -> None:
    """--until stops after a record's number, or before the first record past a time."""
    ran = fz("replay", pay, "--until", until, "--dump-events")
    assert [json.loads(line)["n"] for line in ran.out.splitlines()] == list(range(last + 1))


@pytest.mark.parametrize("until", ["later", "-1", "1.5", "5 ms", ""])
def test_until_what(until: str, pay: str, fz: Callable[..., Any]) -> None:
    """Anything else is a mistake that shows both ways to say it."""
    ran = fz("replay", pay, f"--until={until}")
    assert ran.code == 2
    assert "--until 12 stops after record 12, --until 250ms at that time" in ran.err


def test_every_record_as_a_line(pay: str, fz: Callable[..., Any]) -> None:
    """--dump-events prints the records as they stand in the trace, and nothing else."""
    lines = fz("replay", pay, "--dump-events").out.splitlines()
    recorded = Path(pay).read_text(encoding="utf-8").splitlines()[1:-1]
    assert [json.loads(line) for line in lines] == [json.loads(line) for line in recorded]


def test_step_needs_a_terminal(pay: str, fz: Callable[..., Any]) -> None:
    """Waiting for Enter where nobody can press it is a mistake, not a hang."""
    ran = fz("replay", pay, "--step")
    assert ran.code == 2
    assert "--step needs a terminal" in ran.err


def test_very_verbose_shows_every_record(pay: str, fz: Callable[..., Any]) -> None:
    """-vv shows choices and events with their numbers."""
    ran = fz("replay", pay, "-vv")
    assert len(re.findall(r"^ +\d+ +\d+ms  (?:draw|step|finding)", ran.out, re.MULTILINE)) == 9


@pytest.mark.parametrize(
    ("damage", "code", "error"),
    [
        (lambda data: data.replace(b"POST /pay 200", b"POST /pay 201", 1), 6, "trace.seal_broken"),
        (lambda data: data[: len(data) // 2], 6, "trace.unsealed"),
        (lambda data: b"hello\n", 2, "trace.not_a_trace"),
        (lambda data: b"", 2, "trace."),
    ],
)
def test_what_cannot_be_trusted_is_not_replayed(
    damage: Callable[[bytes], bytes], code: int, error: str, pay: str, fz: Callable[..., Any]
) -> None:
    """A trace whose seal does not hold ends with 6; what is no trace at all, with 2; neither runs a step."""
    Path(pay).write_bytes(damage(Path(pay).read_bytes()))
    ran = fz("replay", pay)
    assert ran.code == code
    assert f"error[{error}" in ran.err
    assert "http_when" not in ran.out


def test_a_cut_off_run_goes_as_far_as_it_went(pay: str, fz: Callable[..., Any]) -> None:
    """Recovered, it is INCOMPLETE: 6, or 0 with --unsafe; unsealed it goes only with --unsafe."""
    data = Path(pay).read_bytes().splitlines(keepends=True)
    Path("cut.fozzy").write_bytes(b"".join(data[:5]) + data[5][:10])
    assert fz("replay", "cut.fozzy", "--unsafe").code == 0
    fz("trace", "recover", "cut.fozzy", "--out", "rest.fozzy")
    ran = fz("replay", "rest.fozzy")
    assert ran.code == 6
    assert "INCOMPLETE  the recording ends after 4 records" in ran.out
    assert fz("replay", "rest.fozzy", "--unsafe").code == 0


def test_selectors(pay: str, fz: Callable[..., Any]) -> None:
    """A trace is named by its file, its run's id or the start of it, or an alias; a near miss gets a suggestion."""
    run_id = Path(".fozzy/runs/latest").read_text()
    for selector in (pay, run_id, run_id[:5], "@latest", "latest", "@last-fail"):
        assert fz("replay", selector).code == 1, selector
    assert 'no run is "last-pass" yet' in fz("replay", "@last-pass").err
    assert "did you mean" in fz("replay", "@latst").err
    assert "no such file" in fz("replay", "none.fozzy").err


@pytest.mark.parametrize("typed", ["", "q\n", "\n" * 99, "c\n"])
def test_waiting_keeps_stdout_for_the_answer(
    typed: str, pay: str, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--step asks on stderr, so that a document on stdout stays one; the end of the input stops as `q` does."""
    monkeypatch.setattr("sys.stdin", Typed(typed))
    ran = fz("replay", pay, "--step", "--json")
    assert ran.document()["command"] == "replay"
    assert ran.err.count("[Enter] go on") >= 1
    assert ran.code == (0 if typed in ("", "q\n") else 1)


class Typed(io.StringIO):
    """What somebody types at a terminal."""

    def isatty(self) -> bool:
        return True

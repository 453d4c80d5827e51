"""The screen of exploring: what is said of schedules and states, and what makes it say less; no escape comes through."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from fozzy import wall
from fozzy.cli import explore_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.explore_documents import ExploreBody, FailureBody
from fozzy.report.text import plain
from fozzy.search.explore.campaign import Campaign
from fozzy.search.explore.plan import RECORDS_MAX, Plan
from fozzy.sim.schedules import Schedule

BODY = ExploreBody(
    scenario="kv/quorum.fozzy.json",
    schedule="random",
    depth=None,
    horizon=None,
    bound=None,
    executions=3_000,
    total=3_000,
    duration_ms=7_400,
    executions_per_second=405,
    schedules=2_871,
    schedules_exact=True,
    states=8_911,
    states_exact=True,
    exhausted=False,
    cut=0,
    failing=0,
    not_covered=[],
    ended_by="count",
    resumed=None,
    failures=[],
)
FAILURE = FailureBody(
    title="assert",
    kind="assertion",
    status="fail",
    message="no\x1b[31m",
    at="steps[2]",
    execution=1_177,
    seed=1_183,
    seen=6,
    trace_path="t.fozzy",
)


def shown(lines: Any) -> str:
    return "\n".join(plain(each).rstrip() for each in lines)


def said(**more: Any) -> list[str]:
    fields = {name: getattr(BODY, name) for name in BODY.__struct_fields__} | more
    return shown(screen.numbers(ExploreBody(**fields))).splitlines()


def test_no_failure_is_not_called_correct() -> None:
    """It says how many executions, schedules and states there were; where they are estimated it says about."""
    assert said() == ["  no counterexample in 3,000 executions (2,871 schedules, 8,911 states)   7.40s (405/s)"]
    (estimated,) = said(states_exact=False)
    assert "(2,871 schedules, about 8,911 states)" in estimated


def test_exhausted_is_said_with_its_bound() -> None:
    """All schedules, within the bound if there is one; a single one is the only one."""
    done = {"schedule": "dfs", "exhausted": True, "ended_by": "exhausted", "total": 1_680, "executions": 1_680}
    assert said(**done)[0].startswith("  exhausted: all 1,680 schedules (8,911 states)")
    assert said(**done, bound=2)[0].startswith("  exhausted: all 1,680 schedules within bound 2 (8,911 states)")
    assert said(**done | {"total": 1, "schedules": 1})[0].startswith("  exhausted: the only schedule (")
    assert said(schedule="bfs")[1] == "  not exhausted: there are more schedules"


def test_failures_are_counted() -> None:
    """The first ends a campaign; with more of them it is said how many differ."""
    first = said(ended_by="failure", failures=[FAILURE], failing=1)
    assert first == ["  failed after 3,000 executions (2,871 schedules, 8,911 states)   7.40s (405/s)"]
    several = said(failures=[FAILURE], failing=6)
    assert several[0].startswith("  3,000 executions (") and several[1] == "  1 different failure, seen 6 times"
    assert said(failures=[FAILURE, FAILURE], failing=7)[1] == "  2 different failures, seen 7 times"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({"cut": 3}, "  3 executions cut at the most records: what lies behind is not explored"),
        ({"schedules": 1}, "  every execution ran in one order: nothing here chooses who goes on"),
        ({"ended_by": "time"}, "  stopped by the clock"),
        ({"ended_by": "interrupted"}, "  stopped early"),
        ({"ended_by": "terminated"}, "  stopped early"),
        ({"not_covered": ["steps[1]", "steps[2]"]}, "  not covered: steps[1], steps[2]"),
        ({"not_covered": [f"s{n}" for n in range(9)]}, "  not covered: s0, s1, s2, s3, s4 and 4 more"),
    ],
)
def test_what_makes_the_result_say_less_is_said(more: dict[str, Any], line: str) -> None:
    """Each in a line of its own."""
    assert said(**more)[1:] == [line]


def test_fifo_has_one_order_by_its_nature() -> None:
    """So that is no doubt."""
    assert len(said(schedule="fifo", schedules=1)) == 1


def test_a_failure_and_where_it_was_found() -> None:
    """The execution, its seed, its trace; that it was not recorded; that it was made smaller."""
    assert shown(screen.found(FAILURE, False)).splitlines() == [
        "    found in execution 1,177 (seed 1183)",
        "    trace     t.fozzy",
    ]
    assert shown(screen.found(FAILURE, True)).startswith("    found in execution 1,177 (seed 1183), seen 6 times")
    fields = {name: getattr(FAILURE, name) for name in FAILURE.__struct_fields__}
    none = FailureBody(**fields | {"trace_path": None})
    assert "not recorded" in shown(screen.found(none, False))
    small = FailureBody(**fields | {"small_path": "s\x1b.fozzy"})
    assert "    smaller   s\\x1b.fozzy" in shown(screen.found(small, False))


def test_the_opening() -> None:
    """What is explored and how; of a run that is resumed, how far it was."""
    plan = Plan(schedule=Schedule(kind="pct", depth=2), seed=2**53 - 1)
    (line,) = shown(screen.opening("kv/quorum", plan, None, 0)).splitlines()
    assert line == "  exploring   kv/quorum   pct, depth 2   seed 9007199254740991"
    assert shown(screen.opening("x", plan, "7f3", 1_204)).splitlines()[1] == (
        "  goes on     after 1,204 executions of run 7f3"
    )
    assert screen.schedule_words(Plan(schedule=Schedule(kind="dfs"), seed=1, bound=2)) == "dfs, bound 2"
    assert screen.schedule_words(Plan(schedule=Schedule(kind="bfs"), seed=1)) == "bfs"


def test_only_an_unusual_bound_is_a_flag() -> None:
    """What a command does anyway need not be written."""
    assert screen.records_flag(RECORDS_MAX) == "" and screen.records_flag(9) == " --steps 9"


class Terminal(io.StringIO):
    """A stream a person looks at."""

    def isatty(self) -> bool:
        return True


class Nobody:
    places = ()


@pytest.mark.parametrize("quiet", [False, True])
def test_the_live_line(quiet: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is redrawn a few times a second, taken away at the end, and not there when one line was asked for."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdout", Terminal())
    now = iter(range(10**9, 10**12, 20 * 10**6))
    monkeypatch.setattr(wall, "elapsed_ns", lambda: next(now))
    live = screen.Live(Console(color="auto", quiet=quiet))
    campaign = Campaign(Plan(schedule=Schedule(), seed=1, count=3_000), Nobody())  # type: ignore[arg-type]
    for _ in range(12):
        live(campaign)
    live.erase()
    text = err.getvalue()
    assert bool(text) is not quiet
    if not quiet:
        assert 1 < text.count("0 / 3,000") < 12 and "0 failures" in text and text.endswith("\r\x1b[2K")

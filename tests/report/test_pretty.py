"""The report for people."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fozzy.core.events import Ask, Draw, Event, Found, Step
from fozzy.core.outcome import Finding, Location
from fozzy.core.summary import Divergence
from fozzy.report import FORMATS, renderer
from fozzy.report.pretty import (
    DETAIL_LINES_MAX,
    Flags,
    closing,
    difference,
    is_numbered,
    member_line,
    quiet_line,
    record_line,
    render,
    run_closing,
    run_failure,
    step_line,
)
from fozzy.report.text import WIDTH, plain


def shown(lines: list[list[Any]]) -> list[str]:
    """Lines as text."""
    return [plain(each).rstrip() for each in lines]


def details(**what: Any) -> list[str]:
    """The lines of a finding with these details, without its first."""
    location = Location(file="f", line=1, col=1, path="", details=what)
    return shown(run_failure([Finding(kind="assertion", title="t", message="m", location=location)]))[1:]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_every_summary(name: str, made: Any) -> None:
    """A report is text that ends with a line end, or nothing, for a suite, a run, a replay, and hostile data."""
    summaries = [made.suite(), made.suite([]), made.single(), made.single("pass"), made.replay()]
    for summary in [*summaries, *([] if name == "json" else [made.evil()])]:  # JSON cannot hold half characters
        text = renderer(name)(summary)
        assert isinstance(text, str)
        assert text == "" or text.endswith("\n")


def test_a_member_has_one_line_in_columns(made: Any) -> None:
    """Verdict, name, progress, time; all lines end in the same column."""
    lines = shown([member_line(member) for member in made.suite().scenarios])
    assert {len(each) for each in lines} == {WIDTH}
    assert lines[1].split() == ["FAIL", "area/fail_2", "step", "9/14", "12ms"]
    assert [each.split()[0] for each in lines] == ["PASS", "FAIL", "TIMEOUT", "CRASH", "ERROR", "PASS"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"passed": True, "expected": "fail"}, "PASS area/fail_1 fail as expected"),
        ({"replay": Divergence(verdict="DRIFT")}, "FAIL area/fail_1 DRIFT"),
        ({"failed_step": 0, "steps": 1}, "FAIL area/fail_1 1 step"),
        ({"name": "x" * 100}, f"FAIL {'x' * 100} step 9/14"),
    ],
)
def test_what_a_member_says(more: dict[str, Any], said: str, made: Any) -> None:
    """What was expected, what a replay came to, how far it got; a long name is not cut."""
    assert plain(member_line(made.member(1, "fail", **more))).split() == [*said.split(), "12ms"]


def test_the_report_of_a_suite(made: Any) -> None:
    """Every line, then every failure, then counts and what to do."""
    text = render(made.suite(skipped=2))
    assert text.count("charged twice") == 4
    assert "6 scenarios: 2 passed, 1 failed, 1 timed out, 1 crashed, 1 could not run, 2 skipped" in text
    assert "fozzy replay 7f3c0a11/2 " in text
    assert all(each == each.rstrip() for each in text.splitlines())


def test_a_failure_that_was_not_one(made: Any) -> None:
    """What passed and should not have is told as such."""
    assert "1 scenario: 0 passed, 1 not as expected" in render(made.suite([made.member(1, "pass", passed=False)]))


@pytest.mark.parametrize(
    ("members", "commands"),
    [
        (
            [("fail", {})],
            [
                "fozzy replay 7f3c E",
                "fozzy shrink 7f3c E",
                "fozzy run 'scenarios/area/fail 1.fozzy.json' --seed 4180291377015 R E",
            ],
        ),
        (
            [("fail", {}), ("fail", {})],
            ["fozzy replay 7f3c/1", "fozzy shrink 7f3c/1", "fozzy run 'scenarios/area/fail 1.fozzy.json'"],
        ),
        (
            [("fail", {"trace_path": "t.1.fozzy"})],
            ["fozzy replay t.1.fozzy E", "fozzy shrink t.1.fozzy E", "fozzy run"],
        ),
        (
            [("fail", {"findings": [Finding(kind="assertion", title="unexpected_pass", message="it passed")]})],
            ["fozzy replay 7f3c E", "fozzy run"],
        ),
        ([("error", {"trace_path": None})], ["fozzy run 'scenarios/area/error 1.fozzy.json'"]),
        (
            [("error", {"trace_path": None}), ("fail", {})],
            ["fozzy replay 7f3c E", "fozzy shrink 7f3c E", "fozzy run 'scenarios/area/fail 2"],
        ),
        ([("error", {"path": "k/t.fozzy", "trace_path": None})], ["fozzy trace verify k/t.fozzy E"]),
        (
            [("fail", {"path": "k/t.fozzy", "trace_path": "k/t.fozzy", "replay": Divergence(verdict="SAME")})],
            ["fozzy replay k/t.fozzy E"],
        ),
    ],
)
def test_what_to_do_next(members: list[tuple[Any, dict[str, Any]]], commands: list[str], made: Any) -> None:
    """See the first failure that left something again, or what could not even run; all with the flags that were given."""
    suite = made.suite([made.member(number, status, **more) for number, (status, more) in enumerate(members, 1)])
    lines = shown(closing(suite, "7f3c", Flags(" E", " R")))
    told = [each.strip().removeprefix("next").strip() for each in lines if "fozzy " in each]
    assert len([each for each in told if "--last-failed" not in each]) == len(commands)
    for each, wanted in zip(told, commands, strict=False):
        assert each.startswith(wanted)


def test_nothing_to_do_after_a_pass(made: Any) -> None:
    """A suite that passed ends with its counts; one that ran nothing says how to choose."""
    assert len(closing(made.suite([made.member(1, "pass")]))) == 2
    assert "nothing ran" in shown(closing(made.suite([], skipped=3)))[-1]


def test_a_quiet_line(made: Any) -> None:
    """Counts, time and run in one line."""
    said = plain(quiet_line(made.suite(), "7f3c"))
    assert said == "2 passed, 1 failed, 1 timed out, 1 crashed, 1 could not run in 2.00s (run 7f3c)"


@pytest.mark.parametrize("number", [0, 7, 99, 100, 12345])
@pytest.mark.parametrize("failed", ["", "t: m"])
def test_a_step_ends_in_the_same_column(number: int, failed: str) -> None:
    """However it is numbered, nested or noted, a step's time stands at the right, and its line fits."""
    for depth in range(4):
        at = ".steps[1]".join(["steps[0]"] * (depth + 1)) if depth else "steps[0]"
        record = Step(0, at, "http_request", "", 5 * 10**6, "n" * 500, failed and f"t: {'m' * 500}")
        said = plain(step_line(number, record))
        assert len(said) == WIDTH and said.endswith("… 5ms")
        assert ("✗" in said) == bool(failed)


def test_which_steps_have_a_number() -> None:
    """Those of setup and steps themselves."""
    at = ["setup[0]", "steps[3]", "steps[3].group.steps[0]", "teardown[0]", "teardown[0].steps[1]"]
    assert [is_numbered(Step(0, each, "t", "")) for each in at] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (Draw(12 * 10**6, "steps[1]", "rand.k", 0, 5, 3), "    17      12ms  draw     rand.k 0..5 = 3  steps[1]"),
        (Ask(0, "steps[1]", "http", {"a": 1}, [2], 7), '    17       0ms  ask      http {"a":1} -> [2]  steps[1]'),
        (Step(0, "steps[1]", "sleep", "", note="n"), "    17       0ms  step     sleep n  steps[1]"),
        (Step(0, "steps[1]", "fail", "", failed="t: m"), "    17       0ms  step     fail t: m  steps[1]"),
        (Event(0, "steps[1]", "e", {"a": 1}), '    17       0ms  event    e {"a":1}  steps[1]'),
        (Found(0, "end", "panic", "t", "m"), "    17       0ms  finding  t: m  end"),
    ],
)
def test_a_record_in_one_line(record: Any, said: str) -> None:
    """Number, time, kind, what it says, and where."""
    assert plain(record_line(17, record)) == said


def test_a_run_ends_with_its_verdict(made: Any) -> None:
    """Verdict, trace and how to see it again, within eighty columns; a pass needs no more."""
    lines = shown(run_closing(made.single(), "a/b", 2, "31 choices", ["fozzy replay x", "fozzy run y"]))
    assert lines == [
        "  FAIL  a/b  step 9 of 14  31ms  (2 answers came from the real host)",
        "  trace .fozzy/runs/7f3c0a11/trace.fozzy   sealed, 31 choices",
        "",
        "  reproduce   fozzy replay x",
        "              fozzy run y",
    ]
    assert len(shown(run_closing(made.single("pass"), "a", 0, "1 choice", ["never"]))) == 2
    assert "warning: w" in shown(run_closing(made.single(warnings=["w"]), "a", 0, "", []))


def test_a_difference_of_values() -> None:
    """Objects are compared line by line in one order of keys, texts by their lines; both are bounded."""
    lines = shown(difference({"b": 1, "a": [1, 2]}, {"a": [1, 3], "b": 1}))
    assert [each.split() for each in lines if each.strip()[0] in "+-"] == [["-", "2"], ["+", "3"]]
    assert [each.strip() for each in shown(difference("a\nb\n", "a\nc\n"))] == ["a", "-  b", "+  c"]
    long = difference({str(number): number for number in range(1000)}, {})
    assert len(long) == DETAIL_LINES_MAX + 1
    assert re.fullmatch(r"    … \d+ more lines", plain(long[-1]))


def test_details() -> None:
    """What to paste, what differs, and what a program said, each line of it indented."""
    assert details(paste={"type": "http_when"}) == ["    paste this to answer it:", '      {"type":"http_when"}']
    assert details(expected={"a": 1}, actual={"a": 2})[1:3] == ['    -    "a": 1', '    +    "a": 2']
    assert details(stderr="one\ntwo", stdout="") == ["    stderr      one", "                two"]
    assert len(details(stdout="x\n" * 1000)) == DETAIL_LINES_MAX + 1
    assert details(other=1) == []


def test_a_message_of_several_lines_stays_within_its_finding() -> None:
    """Later lines are indented, so that none can pass for one of ours; they are bounded."""
    lines = shown(run_failure([Finding(kind="panic", title="t", message="one\n5 scenarios: 5 passed\n::error::x")]))
    assert lines == ["  t: one", "    5 scenarios: 5 passed", "    ::error::x"]
    assert len(run_failure([Finding(kind="panic", title="t", message="x\n" * 10_000)])) == DETAIL_LINES_MAX + 1


def test_hostile_suites_are_printable_and_bounded(made: Any) -> None:
    """Names, paths, messages and details of any kind and size: printable lines, and not too many characters."""
    text = render(made.evil())
    assert all(each.isprintable() for each in text.splitlines())
    assert len(text) < 60_000

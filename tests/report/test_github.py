"""GitHub annotations."""

from __future__ import annotations

import re
from typing import Any

from fozzy.core.outcome import Finding, Location
from fozzy.core.summary import Divergence
from fozzy.errors import Problem, Where
from fozzy.report.github import render, render_problems

COMMAND = re.compile(r"::error file=([^:,\n]*),line=(\d+),col=(\d+),title=([^:,\n]*)::([^\n]*)")


def unescaped(text: str) -> str:
    """A value as the runner reads it (actions/toolkit, command.ts)."""
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_one_annotation_for_each_finding_that_counts(made: Any) -> None:
    """Failures of scenarios that did not end as they should, each at its line; nothing for the rest."""
    said = render(made.suite()).splitlines()
    assert len(said) == 4
    assert said[0] == "::error file=scenarios/pay.fozzy.json,line=31,col=33,title=assert_eq_int::charged twice"
    expected = made.member(1, "fail", passed=True, expected="fail", findings=[made.finding()])
    assert render(made.suite([made.member(2, "pass"), expected])) == ""


def test_a_single_run(made: Any) -> None:
    """A run that failed is annotated, one that passed is not, whatever it found."""
    assert render(made.single()).count("::error ") == 1
    assert render(made.single("pass", findings=[made.finding()])) == ""


def test_a_finding_without_a_place_stands_at_its_scenario(made: Any) -> None:
    """The first line of the file is better than nowhere."""
    member = made.member(2, "fail", findings=[Finding(kind="panic", title="worker_died", message="it died")])
    assert (
        render(made.suite([member]))
        == "::error file=scenarios/area/fail 2.fozzy.json,line=1,col=1,title=worker_died::it died\n"
    )


def test_a_kept_trace_is_annotated_itself(made: Any) -> None:
    """It carries its scenario, smaller than any file that is there, so no line of a file would be the right one."""
    kept = made.member(1, "fail", path="regressions/pay.fozzy", replay=Divergence(verdict="same"))
    assert render(made.suite([kept])).startswith(
        "::error file=regressions/pay.fozzy,line=1,col=1,title=assert_eq_int::"
    )


def test_no_data_ends_an_annotation_or_begins_another(made: Any) -> None:
    """Line ends, colons, commas and percents are escaped as the runner reads them back."""
    evil = "50%: a, b\r\n::error file=x::forged\n%0A"
    location = Location(file=evil, line=3, col=4, path="steps[0]")
    finding = Finding(kind="assertion", title=evil, message=evil, location=location)
    said = render(made.suite([made.member(1, "fail", findings=[finding])]))
    (found,) = said.splitlines()
    match = COMMAND.fullmatch(found)
    assert match is not None
    assert [unescaped(match[index]) for index in (1, 4, 5)] == [evil, evil, evil]
    assert (match[2], match[3]) == ("3", "4")


def test_problems_of_inputs() -> None:
    """Each problem with a place is an annotation; a file as a whole is its first line."""
    problems = [
        Problem(code="scenario.unknown_step", message="unknown", where=Where("a", 8, 15)),
        Problem(code="scenario.missing", message="missing", where=Where("b")),
        Problem(code="config.missing", message="no place"),
    ]
    assert render_problems(problems) == (
        "::error file=a,line=8,col=15,title=scenario.unknown_step::unknown\n"
        "::error file=b,line=1,col=1,title=scenario.missing::missing\n"
    )


def test_hostile_suites(made: Any) -> None:
    """Whatever a run says, every line is one annotation."""
    lines = render(made.evil()).split("\n")
    assert lines.pop() == ""
    assert len(lines) == 3
    assert all(COMMAND.fullmatch(each) for each in lines)
    assert render(made.suite([])) == ""


def test_a_step_has_ten_annotations(made: Any) -> None:
    """Ten are ten; of more the first nine are shown, and the tenth says how many there are besides."""
    ten = render(made.suite([made.member(number, "fail") for number in range(1, 11)])).splitlines()
    assert len(ten) == 10 and all(COMMAND.fullmatch(each) for each in ten)
    many = render(made.suite([made.member(number, "fail") for number in range(1, 31)])).splitlines()
    assert len(many) == 10 and many[:9] == ten[:9]
    assert many[9] == "::error title=21 more::21 more findings are in the log: a step has 10 annotations"


def test_a_message_is_as_long_as_the_runner_keeps(made: Any) -> None:
    """Of longer ones the beginning is shown, and a sign that it goes on; what is escaped counts as it was."""
    finding = Finding(kind="assertion", title="t" * 300, message="%" * 5000)
    (line,) = render(made.suite([made.member(1, "fail", findings=[finding])])).splitlines()
    match = COMMAND.fullmatch(line)
    assert match is not None
    assert unescaped(match[4]) == "t" * 254 + "…" and unescaped(match[5]) == "%" * 4095 + "…"


def test_paths_are_from_the_root_of_the_repository(made: Any) -> None:
    """A step that works in a folder below it names files with that folder before them."""
    assert "file=services/a%2Cb/scenarios/pay.fozzy.json," in render(made.single(), "services/a,b/")
    problem = Problem(code="scenario.missing", message="missing", where=Where("b"))
    assert render_problems([problem], "a/").startswith("::error file=a/b,")

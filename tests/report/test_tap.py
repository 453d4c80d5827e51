"""The TAP report, read by readers that are not ours: tap.py and, where it is installed, Perl's TAP::Parser."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tap.parser import Parser

from fozzy.core.outcome import Finding
from fozzy.core.summary import SCHEMA_VERSION, Identity, Member, Summary, Tests
from fozzy.report.tap import render

# TAP::Parser knows version 14 since 3.48; 13 differs only in what we do not use (subtests, pragmas).
PERL = r"""
use TAP::Parser;
local $/; my $tap = <STDIN>; $tap =~ s/\ATAP version 14/TAP version 13/;
binmode STDOUT;
my $parser = TAP::Parser->new({ tap => $tap });
while (my $line = $parser->next) { print "unknown: ", $line->as_string, "\n" if $line->is_unknown; }
print "error: $_\n" for $parser->parse_errors;
print join(",", $parser->tests_planned // "none", scalar $parser->passed, scalar $parser->failed, scalar $parser->skipped);
"""


def points(report: str) -> Sequence[Any]:
    """The test points as tap.py reads them; a line it does not know fails at once."""
    lines = list(Parser().parse_text(report))
    assert [line for line in lines if line.category == "unknown"] == []
    return [line for line in lines if line.category == "test"]


def test_the_report_in_full(made: Any) -> None:
    """A suite is a version, a plan, a point a scenario, and a diagnosis of each failure."""
    members = [
        made.member(1, "pass", "a"),
        made.member(2, "fail", "b", findings=[made.finding(), made.finding("leak")]),
    ]
    assert render(made.suite(members)) == (
        """TAP version 14
1..2
# fozzy test  seed 1337  run 7f3c0a11
ok 1 - a
not ok 2 - b
  ---
  message: "assert_eq_int: charged twice"
  kind: "assertion"
  at:
    file: "scenarios/pay.fozzy.json"
    line: 31
    column: 33
    step: "steps[8]"
  before: "http_request POST /pay"
  severity: "fail"
  progress: "step 9 of 14"
  seed: 4180291377016
  duration_ms: 12
  more:
    - message: "leak: charged twice"
  reproduce:
    - "fozzy replay .fozzy/runs/7f3c0a11/2.fozzy"
    - "fozzy run 'scenarios/area/fail 2.fozzy.json' --seed 4180291377016"
  ...
"""
    )


def test_a_suite_as_tap_py_reads_it(made: Any) -> None:
    """Plan, endings and diagnoses arrive."""
    report = render(made.suite(skipped=2))
    found = points(report)
    assert [point.ok for point in found] == [True, False, False, False, False, True, True, True]
    assert [point.skip for point in found] == [False] * 6 + [True] * 2
    block = found[1].yaml_block
    assert block["at"]["line"] == 31 and block["severity"] == "fail"
    assert block["reproduce"][0] == "fozzy replay .fozzy/runs/7f3c0a11/2.fozzy"


def test_details_arrive(made: Any) -> None:
    """What was wanted and what came stand in the diagnosis, values as JSON."""
    found = made.finding(details={"expected": {"id": 42}, "actual": "two\nlines", "other": 1})
    block = points(render(made.single(findings=[found])))[0].yaml_block
    assert (block["expected"], block["actual"]) == ('{"id":42}', "two\nlines")


def test_single_runs_and_replays_are_one_point(made: Any) -> None:
    """A run of one scenario and a replay have a plan of one."""
    assert [point.ok for point in points(render(made.single()))] == [False]
    assert [point.ok for point in points(render(made.single("pass")))] == [True]
    (drift,) = points(render(made.replay()))
    assert drift.yaml_block["message"] == "the replay came to DRIFT"


def test_nothing_ran(made: Any) -> None:
    """A suite without scenarios is skipped as a whole."""
    assert render(made.suite([])).splitlines()[1] == "1..0 # SKIP no scenario was chosen"


def test_descriptions_cannot_be_directives(made: Any) -> None:
    """No name makes a failure a todo, a skip or another line."""
    names = ["a # TODO later", "a # SKIP b", "a \\# SKIP", "a\nok 9 - b", "a\\", "# skip"]
    found = points(render(made.suite([made.member(number, "fail", name) for number, name in enumerate(names, 1)])))
    assert len(found) == len(names)
    assert not any(point.ok or point.skip or point.todo for point in found)


def test_hostile_data_stays_data(made: Any) -> None:
    """Control characters are gone, a megabyte is bounded, the diagnosis still is YAML."""
    report = render(made.evil())
    assert not set(report) & set("\x00\x1b\u202e\ud800\x85") and len(report.encode()) < 60_000
    block = points(report)[1].yaml_block
    assert "<script>" in block["message"] and len(block["more"]) == 2


def summary_of(name: str, message: str) -> Summary:
    """A suite of one failure that says this."""
    finding = Finding(kind="assertion", title="t", message=message, before=message)
    member = Member(
        number=1, name=name, path=name, status="fail", seed=1, duration_ns=0, passed=False, findings=[finding]
    )
    return Summary(
        schema_version=SCHEMA_VERSION,
        command="test",
        status="fail",
        mode="test",
        identity=Identity(run_id="0", seed=1),
        started_at="",
        finished_at="",
        duration_ms=0,
        duration_ns=0,
        tests=Tests(failed=1),
        scenarios=[member],
    )


@settings(max_examples=60)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_one_failing_point(name: str, message: str) -> None:
    """Whatever a scenario is called or says, its failure is read as one failing point with its diagnosis."""
    (point,) = points(render(summary_of(name, message)))
    assert not point.ok and not point.skip and not point.todo
    assert point.yaml_block["severity"] == "fail"


@pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed: TAP::Parser did not read the report")
def test_perl_reads_it(made: Any, tmp_path: Path) -> None:
    """TAP::Parser finds the same plan and endings, and nothing to complain about."""

    def read(report: str) -> str:
        done = subprocess.run(
            ["perl", "-e", PERL], input=report.encode(), capture_output=True, check=True, cwd=tmp_path
        )
        return done.stdout.decode()

    more = [made.finding(), made.finding("with: colons", "a: b # c - d")]
    assert read(render(made.suite(skipped=2))) == "8,4,4,2"
    assert read(render(made.evil())) == "2,1,1,0"
    assert read(render(made.single(findings=more))) == "1,0,1,0"
    assert read(render(made.replay())) == "1,0,1,0"
    assert read(render(made.suite([]))) == "0,0,0,0"

"""`fozzy report show`: a recorded run again, in any format."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fozzy.report import FORMATS

PASS = [{"type": "assert_ok", "value": True}]
FAIL = [{"type": "trace_event", "name": "x"}, {"type": "assert_eq_int", "a": 1, "b": 2}]
DRAW = [{"type": "rand_u64", "key": "k"}, *FAIL]


@pytest.fixture
def suite(fz: Any, scenario: Any) -> str:
    """A suite with one that passes and two that fail has run; its id."""
    for name, steps in (("s/a", PASS), ("s/b", FAIL), ("s/c", FAIL)):
        scenario(name, steps)
    return str(fz("test", "s", "--seed", "7", "--json").document()["identity"]["runId"])


def test_a_single_run_in_the_words_it_showed(fz: Any, scenario: Any) -> None:
    """Steps, failure, verdict, trace and commands are those the run itself printed."""
    path = scenario("a", DRAW)
    ran = fz("run", path, "--seed", "7", "--det")
    shown = fz("report", "show", "@latest")
    assert (ran.code, shown.code, shown.err) == (1, 0, "")
    assert shown.out == ran.out


def test_a_passing_run_in_the_words_it_showed(fz: Any, scenario: Any) -> None:
    """A run that passed is shown alike, also in one line."""
    path = scenario("a", PASS)
    assert fz("run", path, "--det").out == fz("report", "show", "@last-pass").out
    assert len(fz("report", "show", "@latest", "-q").out.splitlines()) == 1


def test_a_suite_in_the_words_it_showed(fz: Any, suite: str) -> None:
    """A suite's scenarios, failures and closing lines are those the suite printed after its first line."""
    ran = fz("test", "s", "--seed", "7")
    shown = fz("report", "show", "@latest")

    def without_times(text: str) -> list[str]:
        return [line.rpartition(" ")[0].rstrip() if line.endswith("ms") else line for line in text.splitlines()]

    assert without_times(shown.out) == without_times(ran.out)[1:]
    assert fz("report", "show", suite[:6], "-q").out.startswith("1 passed, 2 failed in ")


def test_json_is_the_stored_summary(fz: Any, suite: str) -> None:
    """`--json` and `--format json` print the summary as it is kept, under the name of the command that prints it."""
    kept = {**json.loads(Path(f".fozzy/runs/{suite}/summary.json").read_text()), "command": "report show"}
    assert fz("report", "show", suite, "--json").document() == kept
    assert fz("--json", "report", "show", "@latest").document() == kept
    assert fz("report", "show", suite, "--format", "json").document() == kept
    assert fz("report", "show", suite, "--format=json").document() == kept


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_of_every_sort_of_run(fz: Any, scenario: Any, suite: str, kind: str) -> None:
    """A suite, a member of it and a single run are shown in every format, on stdout and in a file alike."""
    fz("run", scenario("a", FAIL), "--det", "--seed", "3")
    for selector in (suite, f"{suite}/2", "@latest"):
        shown = fz("report", "show", selector, "--format", kind)
        assert (shown.code, shown.err) == (0, "")
        written = fz("report", "show", selector, "--format", kind, "--out", f"out/{kind}")
        assert written.code == 0
        assert Path(f"out/{kind}").read_text() == shown.out
        assert "assert_eq_int" in shown.out


def test_formats_are_themselves(fz: Any, suite: str) -> None:
    """Each format is what its readers expect, with every scenario in it."""
    junit = ElementTree.fromstring(fz("report", "show", suite, "--format", "junit").out)
    assert len(junit.findall(".//testcase")) == 3
    assert fz("report", "show", suite, "--format", "tap").out.startswith("TAP version 14\n1..3\n")
    assert fz("report", "show", suite, "--format", "html").out.startswith("<!doctype html>")
    assert fz("report", "show", suite, "--format", "github").out.count("::error ") == 2


def test_a_single_run_is_one_case_of_its_name(fz: Any, scenario: Any) -> None:
    """Reports that list scenarios list the one that ran."""
    fz("run", scenario("area/one", FAIL))
    (case,) = ElementTree.fromstring(fz("report", "show", "@latest", "--format", "junit").out).iter("testcase")
    assert (case.get("classname"), case.get("name")) == ("area", "one")


def test_a_trace_by_its_path(fz: Any, scenario: Any) -> None:
    """A trace far from any store shows its run, and the commands name the trace where it is now."""
    fz("run", scenario("a", FAIL), "--det", "--record", "t.fozzy")
    Path("elsewhere").mkdir()
    os.rename("t.fozzy", "elsewhere/t.fozzy")
    os.rename(".fozzy", "gone")
    shown = fz("report", "show", "elsewhere/t.fozzy")
    assert shown.code == 0 and "fozzy replay elsewhere/t.fozzy" in shown.out
    assert fz("report", "show", "elsewhere/t.fozzy", "--json").document()["status"] == "fail"


def test_commands_of_the_report_work(fz: Any, scenario: Any) -> None:
    """What is shown for a single run fails in the same way again, or makes it smaller."""
    fz("run", scenario("a", FAIL), "--det")
    lines = fz("report", "show", "@latest").out.split("reproduce")[1].splitlines()
    words = [line.strip().partition("   ")[0].split() for line in lines]
    assert [each[:2] for each in words] == [["fozzy", "replay"], ["fozzy", "shrink"], ["fozzy", "run"]]
    assert [fz(*each[1:]).code for each in words] == [1, 0, 1]


def test_an_altered_trace_is_no_evidence(fz: Any, scenario: Any) -> None:
    """A trace whose seal does not hold is not shown: 6, with what to do."""
    fz("run", scenario("a", FAIL), "--record", "t.fozzy")
    path = Path("t.fozzy")
    path.write_bytes(path.read_bytes().replace(b'"seed":', b'"seeds":', 1))
    shown = fz("report", "show", "t.fozzy")
    assert shown.code == 6 and shown.out == "" and "fozzy trace verify t.fozzy" in shown.err


def test_an_unsealed_trace_is_no_evidence(fz: Any, scenario: Any) -> None:
    """What a killed run left is refused with the command that recovers it; --unsafe shows what there is."""
    partial = cut_off(fz, scenario)
    refused = fz("report", "show", partial, "--json")
    assert refused.code == 6
    error = refused.document()["error"]
    assert error["code"] == "trace.unsealed" and f"fozzy trace recover {partial}" in error["hint"]
    shown = fz("report", "show", partial, "--unsafe")
    assert shown.code == 0 and "ERROR" in shown.out and "the run was cut off" in shown.out


def test_a_recovered_trace_tells_what_was_found(fz: Any, scenario: Any) -> None:
    """A recovered trace has status error, the findings until then with their places, and a warning."""
    fz("trace", "recover", cut_off(fz, scenario), "--out", "r.fozzy")
    document = fz("report", "show", "r.fozzy", "--json").document()
    assert (document["status"], document["steps"], document["failedStep"]) == ("error", 2, 2)
    (finding,) = document["findings"]
    assert finding["title"] == "assert_eq_int" and finding["location"]["line"] > 1
    assert document["warnings"] == ["the run was cut off: this is what it said until then"]
    shown = fz("report", "show", "r.fozzy")
    assert shown.code == 0 and "assert_eq_int" in shown.out and "warning: the run was cut off" in shown.out
    assert "ERROR" in fz("report", "show", "r.fozzy", "--format", "html").out


def test_a_killed_run_of_the_store_is_named_by_its_id(fz: Any, scenario: Any) -> None:
    """A run that left only its partial is found by its id, and refused with the command that recovers it."""
    partial = Path(cut_off(fz, scenario))
    folder = Path(".fozzy/runs/0badcafe")
    folder.mkdir(parents=True)
    os.rename(partial, folder / "trace.fozzy.0badcafe.partial")
    refused = fz("report", "show", "0bad")
    assert refused.code == 6 and "trace recover .fozzy/runs/0badcafe/trace.fozzy.0badcafe.partial" in refused.err


def test_a_damaged_summary_is_no_evidence(fz: Any, suite: str) -> None:
    """A stored summary that makes no sense ends with 6 and names the file."""
    path = Path(f".fozzy/runs/{suite}/summary.json")
    for data in (b"{", b'{"schemaVersion": 1}', b"\xff\xfe", b"[" * 5000):
        path.write_bytes(data)
        shown = fz("report", "show", suite, "--json")
        assert shown.code == 6 and shown.document()["error"]["code"] == "store.damaged_summary"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nope"], "store.unknown_run"),
        (["@latest"], "store.unknown_run"),
        (["missing.fozzy"], "trace.unreadable"),
        (["x", "--format", "hmtl"], "usage.unknown_reporter"),
        (["x", "--format", "html"], "usage.two_reports"),
    ],
)
def test_mistakes_have_codes_and_hints(fz: Any, words: list[str], code: str) -> None:
    """What cannot be shown ends with 2 and one document that says why."""
    shown = fz("report", "show", *words, "--json")
    assert shown.code == 2 and shown.document()["error"]["code"] == code
    assert shown.document()["command"] == "report show"


def test_two_reports_may_share_a_run(fz: Any, suite: str) -> None:
    """`--json` on stdout and a format in a file are both given."""
    shown = fz("report", "show", suite, "--json", "--format", "html", "--out", "r.html")
    assert shown.document()["identity"]["runId"] == suite
    assert Path("r.html").read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written(fz: Any, suite: str) -> None:
    """A report that has no place to go ends with 2."""
    shown = fz("report", "show", suite, "--out", ".fozzy/runs")
    assert shown.code == 2 and "report.unwritable" in shown.err


@pytest.mark.parametrize("words", [("report", "shw"), ("reprt", "show")])
def test_near_misses_get_a_suggestion(fz: Any, words: tuple[str, ...]) -> None:
    """A group and its commands are suggested like any command."""
    shown = fz(*words, "@latest")
    assert shown.code == 2 and "did you mean" in shown.err


def test_showing_makes_no_run(fz: Any, suite: str) -> None:
    """Nothing in the store changes by looking."""

    def contents() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in Path(".fozzy").rglob("*") if path.is_file()}

    before = contents()
    for kind in FORMATS:
        fz("report", "show", suite, "--format", kind)
    assert contents() == before


@pytest.mark.parametrize("words", [("test", "s"), ("run", "s/b.fozzy.json"), ("replay", "@latest")])
def test_reporter_takes_the_new_formats(fz: Any, suite: str, words: tuple[str, ...]) -> None:
    """`--reporter html=FILE --reporter tap=FILE` works wherever something runs."""
    ran: Callable[..., Any] = fz
    code = ran("run", "s/b.fozzy.json").code
    shown = ran(*words, "--reporter", "html=o/r.html", "--reporter", "tap=o/r.tap", "--reporter", "junit=o/r.xml")
    assert shown.code == code == 1
    assert "assert_eq_int" in Path("o/r.html").read_text()
    assert "not ok" in Path("o/r.tap").read_text()
    assert "<failure" in Path("o/r.xml").read_text()
    assert ran(*words, "--reporter", "tap").out.startswith("TAP version 14")
    assert ran(*words, "--reporter", "tpa").code == 2


def cut_off(fz: Any, scenario: Any) -> str:
    """A trace without its footer, as a killed run leaves it."""
    fz("run", scenario("a", FAIL), "--record", "t.fozzy")
    lines = Path("t.fozzy").read_bytes().splitlines(keepends=True)
    Path("t.fozzy.0badcafe.partial").write_bytes(b"".join(lines[:-1]))
    Path("t.fozzy").unlink()
    return "t.fozzy.0badcafe.partial"

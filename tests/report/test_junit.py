"""JUnit XML."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.outcome import Finding
from fozzy.core.summary import Beat, Divergence
from fozzy.report.junit import render


def suite_of(summary: Any) -> ElementTree.Element:
    """The one suite of a report, which must be XML."""
    root = ElementTree.fromstring(render(summary).encode("utf-8"))
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def test_every_scenario_is_a_case(made: Any) -> None:
    """Counts, names and outcomes: failures and timeouts fail, crashes and what could not run are errors."""
    suite = suite_of(made.suite(skipped=3))
    counts = {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped", "time")}
    assert counts == {"name": "fozzy", "tests": "9", "failures": "2", "errors": "2", "skipped": "3", "time": "2.000"}
    cases = suite.findall("testcase")
    assert [next((child.tag for child in case), "") for case in cases] == [
        "",
        "failure",
        "failure",
        "error",
        "error",
        "",
    ]
    assert cases[1].get("classname") == "area" and cases[1].get("name") == "fail_2"
    assert cases[1].get("time") == "0.012"
    assert suite.find("properties/property").get("value") == "1337"  # type: ignore[union-attr]


def test_a_failure_says_what_and_where_and_what_to_do(made: Any) -> None:
    """Type and message for lists, and in the text every finding with its place and the commands."""
    failure = suite_of(made.suite()).find("testcase/failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("assert_eq_int", "charged twice")
    assert failure.text is not None
    assert "at scenarios/pay.fozzy.json:31:33 (steps[8])" in failure.text
    assert "fozzy replay .fozzy/runs/7f3c0a11/2.fozzy" in failure.text
    assert "fozzy run " in failure.text


def test_a_failure_of_a_cluster_tells_how_it_happened(made: Any) -> None:
    """The story stands in the text of the failure."""
    story = [Beat(at_ns=4_000_000, who="n0", what="says <b>")]
    (case,) = suite_of(made.suite([made.member(1, "fail", story=story)])).findall("testcase")
    text = case[0].text or ""
    assert text.index("charged twice") < text.index("4ms  n0  says <b>") < text.index("fozzy replay")


def test_a_kept_trace_is_replayed_not_run(made: Any) -> None:
    """No command is told that would take a trace for a scenario."""
    member = made.member(
        1, "fail", "kept/pay", path="kept/pay.fozzy", trace_path="kept/pay.fozzy", replay=Divergence(verdict="SAME")
    )
    text = suite_of(made.suite([member])).find("testcase/failure").text or ""  # type: ignore[union-attr]
    assert "fozzy replay kept/pay.fozzy" in text
    assert "fozzy run" not in text


def test_what_found_nothing_says_so(made: Any) -> None:
    """A failure without a finding still has a type and a message."""
    error = suite_of(made.suite([made.member(1, "error", findings=[], trace_path=None)])).find("testcase/error")
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("error", "it could not run")


def test_an_empty_suite(made: Any) -> None:
    """Nothing ran is a report too."""
    suite = suite_of(made.suite([], skipped=5))
    assert (suite.get("tests"), suite.get("skipped")) == ("5", "5")
    assert suite.findall("testcase") == []


def test_a_name_without_a_folder(made: Any) -> None:
    """The class of a scenario at the top has a name."""
    case = suite_of(made.suite([made.member(1, "pass", "alone")])).find("testcase")
    assert case is not None
    assert (case.get("classname"), case.get("name")) == ("scenarios", "alone")


HOSTILE = ["\0", "]]>", "\"'<&>", "\x1b[31m", "\ufffe\uffff", "\ud800", "\U0001f600", "a\nb\tc\rd", "x" * 1_000_000]


@pytest.mark.parametrize("evil", HOSTILE, ids=lambda text: repr(text[:8]))
def test_hostile_data_is_data(evil: str, made: Any) -> None:
    """Whatever names and messages hold, the report is XML, and what XML can say is read back as it was."""
    finding = Finding(kind="assertion", title=evil, message=evil)
    suite = suite_of(made.suite([made.member(1, "fail", evil, path=evil, trace_path=evil, findings=[finding])]))
    failure = suite.find("testcase/failure")
    assert failure is not None
    said = failure.get("message")
    assert said is not None and len(said) == len(evil)
    if not set(evil) & set("\0\x1b\ufffe\uffff\ud800"):
        assert said == evil
        assert evil.replace("\r", "\n") in (failure.text or "")


@settings(max_examples=100)
@given(st.text(st.characters(blacklist_categories=[]), max_size=30))
def test_any_text_makes_xml(text: str) -> None:
    """Every string of Python can be reported."""
    from fozzy.report.junit import _quoted, _text

    root = ElementTree.fromstring(f"<a b={_quoted(text)}>{_text(text)}</a>")
    assert len(root.get("b") or "") == len(text)


def test_a_hostile_suite(made: Any) -> None:
    """A suite in which every text is hostile is XML with all its cases."""
    assert len(suite_of(made.evil()).findall("testcase")) == 2

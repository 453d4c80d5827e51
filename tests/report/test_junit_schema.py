"""The JUnit report as another reader understands it: junitparser, which knows what CI systems write and read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from fozzy.core.summary import listed
from fozzy.report.cases import cases
from fozzy.report.junit import render

# What the schema of Jenkins' xUnit plugin (junit-10) knows of what we write, and what it demands: it refuses the rest.
KNOWN = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp", "hostname", "id"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname", "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
}
NEEDED = {"testsuite": {"name", "tests", "failures", "errors"}, "property": {"name", "value"}, "testcase": {"name"}}
INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"failure", "error"},
}
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def suite_of(report: str) -> TestSuite:
    """The only suite of a report."""
    (suite,) = JUnitXml.fromstring(report.encode())
    return suite


def test_numbers_and_endings(made: Any) -> None:
    """The suite's numbers are those of its cases, and each ending is of the right kind."""
    suite = suite_of(render(made.suite(skipped=3)))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped, suite.time) == (9, 2, 2, 3, 2.0)
    assert suite.tests == suite.skipped + len(list(suite)), "who takes the others away gets those that passed"
    found: list[TestCase] = list(suite)
    kinds = [[type(result) for result in case.result] for case in found]
    assert kinds == [[], [Failure], [Failure], [Error], [Error], []]
    assert [case.time for case in found] == [0.012] * 6
    assert (found[1].classname, found[1].name) == ("area", "fail_2")


def test_a_failure_says_what_and_how_to_see_it_again(made: Any) -> None:
    """Message, place and commands are in the failure."""
    (failure,) = list(suite_of(render(made.suite())))[1].result
    assert (failure.type, failure.message) == ("assert_eq_int", "charged twice")
    assert "scenarios/pay.fozzy.json:31:33" in failure.text and "fozzy replay .fozzy/runs/7f3c0a11/2" in failure.text


def test_the_seed_is_a_property(made: Any) -> None:
    """The suite's seed is where CI systems show properties."""
    (seed,) = suite_of(render(made.suite())).properties()
    assert (seed.name, seed.value) == ("seed", "1337")


@pytest.mark.parametrize("sort", ["suite", "evil", "single"])
def test_only_known_elements_and_attributes(made: Any, sort: str) -> None:
    """Nothing is in the document that the common schemas do not know."""
    from xml.etree import ElementTree

    summary = getattr(made, sort)()
    summary = summary if summary.scenarios else listed(summary, cases(summary)[0])
    for element in ElementTree.fromstring(render(summary).encode()).iter():
        assert NEEDED.get(element.tag, set()) <= set(element.attrib) <= KNOWN[element.tag]
        assert {inner.tag for inner in element} <= INSIDE.get(element.tag, set())
        assert TIME.fullmatch(element.get("time", ""))


def test_hostile_data_arrives_as_text(made: Any) -> None:
    """Markup in names and messages is read back as text; what XML cannot hold is replaced."""
    case = list(suite_of(render(made.evil())))[1]
    assert "<script>alert(1)" in case.result[0].message and "]]>" in case.result[0].text
    assert not set(case.result[0].text) & set("\x00\x1b\ud800")

"""Where the reports of a run go."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli.commands.run import Run
from fozzy.cli.reporting import reports_of
from fozzy.config import Config, Settings
from fozzy.errors import UsageError


def config(*reporter: str) -> Config:
    """A configuration that asks for these reports."""
    return Config(Settings(reporter=list(reporter)), Path(), None, {})


@pytest.mark.parametrize(
    ("words", "stdout", "files", "screen"),
    [
        ({}, None, [], True),
        ({"reporter": ["pretty"]}, None, [], True),
        ({"json": True}, "json", [], False),
        ({"reporter": ["json"], "json": True}, "json", [], False),
        ({"reporter": ["junit=a/b.xml"]}, None, [("junit", "a/b.xml")], True),
        ({"reporter": ["junit"]}, "junit", [], False),
        ({"reporter": ["junit=a.xml", "github"]}, "github", [("junit", "a.xml")], False),
        ({"reporter": ["json=a=b.json"], "events": True}, None, [("json", "a=b.json")], False),
    ],
)
def test_what_is_reported_where(
    words: dict[str, Any], stdout: str | None, files: list[tuple[str, str]], screen: bool
) -> None:
    """One report on stdout at most, any number in files; people's lines go to stdout when nothing else does."""
    found = reports_of(Run(scenario="a", **words), config())
    assert (found.to_stdout, found.to_files, found.screen) == (stdout, files, screen)


def test_the_configuration_asks_where_the_words_do_not() -> None:
    """A flag stands before the configuration."""
    assert reports_of(Run(scenario="a"), config("junit=a.xml")).to_files == [("junit", "a.xml")]
    assert reports_of(Run(scenario="a", reporter=["json"]), config("junit=a.xml")).to_files == []
    assert reports_of(Run(scenario="a", json=True), config("junit=a.xml")).to_files == [("junit", "a.xml")]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"reporter": ["jnit"]}, "usage.unknown_reporter"),
        ({"reporter": ["=x"]}, "usage.unknown_reporter"),
        ({"reporter": ["junit", "json"]}, "usage.two_reports"),
        ({"reporter": ["junit"], "json": True}, "usage.two_reports"),
        ({"events": True, "json": True}, "usage.two_reports"),
        ({"events": True, "reporter": ["pretty"]}, "usage.two_reports"),
    ],
)
def test_what_cannot_be_reported(words: dict[str, Any], code: str) -> None:
    """A format that is none, or two answers on one stdout, are mistakes before anything runs."""
    with pytest.raises(UsageError) as caught:
        reports_of(Run(scenario="a", **words), config())
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("command", ["run", "test", "replay"])
def test_every_report_of_every_command_holds_the_failure(command: str, shop: Any, fz: Callable[..., Any]) -> None:
    """A failing run has one failing case in JUnit, one annotation, one finding, and its lines, whichever command ran it."""
    fz("run", shop.failing, "--seed", "7", "--record", "pay.fozzy")
    words = {"run": [shop.failing], "test": [shop.failing, "-j1"], "replay": ["pay.fozzy"]}[command]
    suite = ElementTree.fromstring(fz(command, *words, "--reporter", "junit").out)[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("1", "1", "0")
    failure = suite.find("testcase/failure")
    assert failure is not None and failure.get("message") == "2 is not 1"
    assert suite.find("testcase").get("name") == "pay_twice"  # type: ignore[union-attr]
    annotation = fz(command, *words, "--reporter", "github").out
    assert annotation == f"::error file={shop.failing},line=12,col=37,title=assert_eq_int::2 is not 1\n"
    assert len(json.loads(fz(command, *words, "--reporter", "json").out)["findings"]) == 1


@pytest.mark.parametrize("command", ["run", "test"])
def test_reports_go_to_files_beside_the_screen(command: str, shop: Any, fz: Callable[..., Any]) -> None:
    """Any number of files, in folders that are made; the screen stays; all tell of the same scenario."""
    asked = [f"{name}=reports/{name}.txt" for name in ("pretty", "json", "junit", "github")]
    words = [part for each in asked for part in ("--reporter", each)]
    ran = fz(command, shop.failing, *words)
    assert ran.code == 1
    assert "assert_eq_int: 2 is not 1" in ran.out
    written = {path.stem: path.read_text(encoding="utf-8") for path in Path("reports").iterdir()}
    assert "FAIL  checkout/pay_twice" in written["pretty"]
    assert "1 scenario: 0 passed, 1 failed" in written["pretty"]
    assert json.loads(written["json"])["status"] == "fail"
    assert ElementTree.fromstring(written["junit"])[0].get("tests") == "1"
    assert written["github"].startswith("::error file=scenarios/checkout/")


def test_a_passing_run_is_a_passing_case(shop: Any, fz: Callable[..., Any]) -> None:
    """A run that passed is one case without a failure, and no annotation."""
    suite = ElementTree.fromstring(fz("run", shop.passing, "--reporter", "junit").out)[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
    assert fz("run", shop.passing, "--reporter", "github").out == ""


@pytest.mark.parametrize("target", ["scenarios", "fozzy.toml/report.xml"])
def test_a_report_that_cannot_be_written_is_an_error(target: str, shop: Any, fz: Callable[..., Any]) -> None:
    """It was asked for, so its lack ends the command with 2."""
    ran = fz("run", shop.passing, "--reporter", f"junit={target}")
    assert ran.code == 2
    assert "error[report.unwritable]: cannot write the report" in ran.err


def test_events_are_lines_of_json_with_the_summary_last(shop: Any, fz: Callable[..., Any]) -> None:
    """`run --events`: every record with its number and scenario, nothing else on stdout, the summary at the end."""
    ran = fz("run", shop.failing, "--seed", "7", "--events")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [each["n"] for each in lines[:-1]] == list(range(len(lines) - 1))
    assert {each["scenario"] for each in lines[:-1]} == {shop.failing}
    assert {each["kind"] for each in lines[:-1]} == {"draw", "step", "finding"}
    assert lines[-1]["command"] == "run" and lines[-1]["status"] == "fail"


@pytest.mark.parametrize("command", ["run", "test"])
def test_annotations_come_with_the_screen_in_actions(
    command: str, shop: Any, fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With GITHUB_ACTIONS=true the screen ends in annotations; a document stays a document."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = fz(command, shop.failing, "-q")
    assert ran.out.splitlines()[-1].startswith(f"::error file={shop.failing},line=12,col=37,")
    assert fz(command, shop.failing, "--json").document()["status"] == "fail"
    monkeypatch.setenv("GITHUB_ACTIONS", "1")
    assert "::error" not in fz(command, shop.failing).out

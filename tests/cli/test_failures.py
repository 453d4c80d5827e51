"""Errors as screens and as documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fozzy.cli.console import Console
from fozzy.cli.failures import error_document, help_lines, problem_body, show_bug, show_error
from fozzy.errors import ConfigError, InputError, Problem, UsageError, Where
from fozzy.report.text import plain


def problem(code: str, hint: str = "") -> Problem:
    """A problem of this code."""
    return Problem(code=code, message="it is wrong", hint=hint, where=Where("a.fozzy.json", 3, 5))


def test_an_error_is_talk_and_leaves_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Code, message, place, hint, and a command to go on with."""
    error = UsageError("usage.bad_value", "--jobs must be more", hint="--jobs 2", where=Where("a", 3, 5))
    show_error(Console(), "test", error)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "error[usage.bad_value]: --jobs must be more\n  --> a:3:5\nhint: --jobs 2\n"
        "help: fozzy test --help   tells how it is used\n"
    )


@pytest.mark.parametrize("is_github", [False, True])
def test_an_error_after_the_document_is_told_to_people_alone(
    is_github: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stdout keeps its one document, also where annotations go there otherwise."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true" if is_github else "")
    console = Console(json=True)
    console.raw("{}\n")
    show_error(console, "test", UsageError("usage.bad_value", "--jobs must be more", where=Where("a", 3, 5)))
    out, err = capsys.readouterr()
    assert out == "{}\n" and err.startswith("error[usage.bad_value]: --jobs must be more\n")


@pytest.mark.parametrize(
    ("command", "codes", "words"),
    [
        ("run", ["usage.bad_value"], "fozzy run --help"),
        ("trace verify", ["trace.unreadable"], "fozzy trace verify --help"),
        ("fozzy", ["usage.unknown_command"], "fozzy --help"),
        ("run", ["scenario.missing"], "fozzy run --help"),
        ("run", ["scenario.bad_value", "scenario.unknown_step"], "fozzy schema"),
        ("run", ["scenario.unknown_step"], "fozzy schema --steps"),
        ("run", ["config.unknown_key"], "fozzy schema --for config"),
        ("run", ["scenario.no_base_url"], "fozzy env"),
    ],
)
def test_every_error_leads_on(command: str, codes: list[str], words: str, fz: Callable[..., Any]) -> None:
    """An error without a command among its hints gets one, and that command works."""
    (shown,) = [plain(each) for each in help_lines(command, [problem(code) for code in codes])]
    assert shown.startswith(f"help: {words}   ")
    assert fz(*words.split()[1:]).code == 0


@pytest.mark.parametrize(("command", "name"), [("proxy tcp", "chaos-file-tcp"), ("proxy http", "chaos-file")])
def test_a_chaos_file_leads_to_the_schema_of_its_door(command: str, name: str) -> None:
    """The two have different fields, also where the message does not name any proxy."""
    found = Problem(code="chaos.unknown_key", message='item 1 has no field "x"', where=Where("a.toml", 1, 1))
    (shown,) = [plain(each) for each in help_lines(command, [found])]
    assert shown.startswith(f"help: fozzy schema --for {name}   ")


def test_a_mistake_in_a_file_leads_to_what_explains_it(fz: Callable[..., Any]) -> None:
    """How the command is used says nothing about a file; about words on the command line it does."""
    found = Problem(code="scenario.duplicate_key", message="x", where=Where("a.toml", 1, 1), text="a = 1")
    (shown,) = [plain(each) for each in help_lines("validate", [found])]
    assert shown == "help: fozzy explain scenario.duplicate_key   tells what it means"
    assert fz("explain", "scenario.duplicate_key").code == 0
    (shown,) = [plain(each) for each in help_lines("validate", [problem("usage.bad_value")])]
    assert shown == "help: fozzy validate --help   tells how it is used"


def test_a_chaos_file_that_is_taken_for_the_configuration() -> None:
    """What goes wrong has a flag of its own, and who gave it to --config is told which."""
    (shown,) = [plain(each) for each in help_lines("proxy http", [problem("config.unknown_key", "known are …")])]
    assert shown == "help: fozzy proxy http --help   names --chaos FILE for what goes wrong"


def test_a_hint_with_a_command_is_enough() -> None:
    """What a hint says already is not said twice."""
    assert help_lines("run", [problem("usage.bad_value"), problem("scenario.bad_value", "fozzy env shows it")]) == []


def test_many_problems_of_one_input(capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty are shown and the rest counted; the document has all."""
    error = InputError.of([problem(f"scenario.reason_{number}") for number in range(27)])
    show_error(Console(), "run", error)
    shown = capsys.readouterr().err
    assert shown.count("error[") == 20
    assert "and 7 more\n" in shown
    assert len(error_document("run", error).problems) == 27


def test_the_document_of_an_error() -> None:
    """It is the envelope of every command; what is not known is absent."""
    document = error_document("run", ConfigError("config.missing", "there is none"))
    assert (document.command, document.status, document.schema_version) == ("run", "error", 1)
    assert (document.error.code, document.error.hint, document.error.where) == ("config.missing", None, None)
    assert problem_body(problem("a.b", "do it")).hint == "do it"


@pytest.mark.parametrize(
    ("options", "env", "traced"), [({}, {}, False), ({"verbose": 1}, {}, True), ({}, {"FOZZY_LOG": "debug"}, True)]
)
def test_a_bug_of_ours_is_owned_up_to(
    options: dict[str, Any],
    env: dict[str, str],
    traced: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A short apology; the traceback only for who asks."""
    monkeypatch.delenv("FOZZY_LOG", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    try:
        raise ZeroDivisionError("[red]by zero[/red]")
    except ZeroDivisionError as bug:
        show_bug(Console(**options), "run", bug)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error[fozzy.bug]: ZeroDivisionError: [red]by zero[/red]\n")
    assert "this is a fault of fozzy" in err
    assert ("Traceback (most recent call last):" in err) == traced


def test_a_bug_is_a_document_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Under --json there is the envelope and no traceback."""
    show_bug(Console(json=True, verbose=2), "run", KeyError("x"))
    out, err = capsys.readouterr()
    assert '"code":"fozzy.bug"' in out
    assert err == ""


def test_an_error_knows_how_the_command_ends(fz: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen exception ends with 70, whatever the command was about to do."""

    def broken(*_: Any) -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr("fozzy.cli.commands.env.config_of", broken)
    ran = fz("env")
    assert ran.code == 70
    assert "error[fozzy.bug]: RuntimeError: not foreseen" in ran.err
    assert fz("env", "--json").document()["error"]["code"] == "fozzy.bug"


def test_a_document_that_is_out_stays_the_only_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Who interrupts what is done after it is told on stderr."""
    console = Console(json=True)
    console.raw("{}\n")
    show_error(console, "run", UsageError("run.interrupted", "interrupted"))
    said = capsys.readouterr()
    assert said.out == "{}\n" and "interrupted" in said.err

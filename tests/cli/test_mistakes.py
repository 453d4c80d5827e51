"""Mistakes on the command line: named, with a suggestion, with the help to look at, and status 2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fozzy.cli.mistakes import explain
from fozzy.errors import UsageError


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["tset"], "usage.unknown_command", 'there is no command "tset"', 'did you mean "test"?'),
        (["zzz"], "usage.unknown_command", 'there is no command "zzz"', "one of init, validate,"),
        (["trace", "verfy"], "usage.unknown_command", 'no command "trace verfy"', 'did you mean "trace verify"?'),
        (["trace", "zzz"], "usage.unknown_command", 'there is no command "trace zzz"', "one of trace "),
        (["trace"], "usage.mistake", "missing command", "fozzy trace --help"),
        (["trace", "--json"], "usage.missing", "there is no command", "fozzy trace --help"),
        (["--json"], "usage.missing", "there is no command", "fozzy --help"),
        (
            ["run", "a", "--sede", "7"],
            "usage.unknown_option",
            '"fozzy run" has no option --sede',
            'did you mean "--seed"?',
        ),
        (["run", "a", "--no-dett"], "usage.unknown_option", "--no-dett", 'did you mean "--no-det"?'),
        (["test", "--tagg", "x"], "usage.unknown_option", "--tagg", 'did you mean "--tag"?'),
        (["test", "--zzzzzz"], "usage.unknown_option", "--zzzzzz", "fozzy test --help lists them"),
        (
            ["trace", "verify", "--jsn", "x"],
            "usage.unknown_option",
            '"fozzy trace verify" has',
            'did you mean "--json"?',
        ),
        (["--json", "--nope"], "usage.unknown_option", '"fozzy" has no option --nope', "fozzy --help lists them"),
        (["--sed", "3", "run", "a"], "usage.unknown_option", '"fozzy" has no option --sed', 'did you mean "--seed"?'),
        (["run"], "usage.missing", "missing argument 'SCENARIO'", "fozzy run --help"),
        (["run", "a", "--seed", "x"], "usage.bad_value", "'x' is not a valid int", "fozzy run --help"),
        (["run", "a", "--color", "blue"], "usage.bad_value", "'blue' is not one of 'auto'", "fozzy run --help"),
        (["run", "a", "--seed"], "usage.mistake", "'--seed' requires an argument", "fozzy run --help"),
        (["run", "a", "b"], "usage.mistake", "unexpected extra argument", "fozzy run --help"),
        (["run", "a", "--json=1"], "usage.mistake", "'--json' does not take a value", "fozzy run --help"),
    ],
)
def test_a_mistake_is_named_and_what_was_meant_is_suggested(
    words: list[str], code: str, message: str, hint: str, fz: Callable[..., Any]
) -> None:
    """Each kind of mistake has a code, says what is wrong in one sentence, and a hint."""
    with pytest.raises(UsageError) as caught:
        explain(words)
    assert caught.value.code == code
    assert message in caught.value.message
    assert not caught.value.message.endswith(".")
    assert caught.value.hint.startswith(hint)
    ran = fz(*words)
    assert ran.code == 2
    if "--json" in words:
        assert ran.document()["error"]["code"] == code
    else:
        assert ran.out == "" and ran.err.startswith(f"error[{code}]: ")


def test_words_that_are_right_after_all_are_understood() -> None:
    """What the quick parser leaves to Typer and Typer accepts becomes the command."""
    assert explain(["test", "-j4"]).jobs == 4  # type: ignore[attr-defined]
    assert explain(["run", "a", "--seed", "007"]).seed == 7

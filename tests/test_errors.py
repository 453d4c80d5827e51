"""Errors: codes, places, and the worst of several exits."""

from __future__ import annotations

import itertools

import pytest

from fozzy.errors import (
    ConfigError,
    EvidenceError,
    Exit,
    FozzyError,
    InputError,
    InterruptedRun,
    NotAllowedError,
    Problem,
    StoreError,
    UsageError,
    Where,
    suggestion,
    whole,
    worst,
)

WORST_FIRST = [130, 143, 70, 6, 2, 4, 3, 1, 5, 0]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(WORST_FIRST, WORST_FIRST)))
def test_the_worst_of_two_exits(one: int, other: int) -> None:
    """130/143 > 70 > 6 > 2 > 4 > 3 > 1 > 5 > 0, in whichever order they come."""
    assert worst([Exit(one), Exit(other)]) == min(one, other, key=WORST_FIRST.index)


def test_every_exit_has_its_rank() -> None:
    """No exit status is without its place in the order, and none at all is a pass."""
    assert sorted(WORST_FIRST) == sorted(int(exit_status) for exit_status in Exit)
    assert worst([]) is Exit.PASS


@pytest.mark.parametrize(
    ("kind", "exit_status"),
    [
        (UsageError, 2),
        (ConfigError, 2),
        (InputError, 2),
        (NotAllowedError, 2),
        (StoreError, 2),
        (EvidenceError, 6),
        (InterruptedRun, 130),
    ],
)
def test_each_error_says_who_is_at_fault(kind: type[FozzyError], exit_status: int) -> None:
    """An error carries its code, message, hint and place, is one problem, and ends with its own status."""
    where = Where("f", 2, 3)
    error = kind("area.reason", "message", hint="hint", where=where)
    assert (error.exit_status, str(error), error.code, error.hint, error.where) == (
        exit_status, "message", "area.reason", "hint", where,
    )  # fmt: skip
    assert error.problems == [Problem(code="area.reason", message="message", where=where, hint="hint")]


def test_the_first_problem_speaks_for_all() -> None:
    """An input error made of problems keeps them all and speaks with the first."""
    problems = [Problem(code=f"scenario.{name}", message=name, where=Where("f", 1)) for name in ("a", "b")]
    error = InputError.of(problems)
    assert (error.code, error.message, error.where, error.problems) == ("scenario.a", "a", Where("f", 1), problems)


@pytest.mark.parametrize(
    ("word", "words", "said"),
    [
        ("slep", ["sleep", "fail"], 'did you mean "sleep"?'),
        ("xyz", ["sleep"], ""),
        ("", ["sleep"], ""),
        ("a", [], ""),
    ],
)
def test_suggestions(word: str, words: list[str], said: str) -> None:
    """The nearest word is suggested, and none where none is near."""
    assert suggestion(word, words) == said


def test_half_a_character_is_written_as_an_escape() -> None:
    """What no stream could write is an escape, in an error's message as in any text; everything else stays."""
    assert whole("a\udcff b\U0001f600") == "a\\udcff b\U0001f600"
    assert UsageError("a.b", "no \ud800", hint="\udfff").message == "no \\ud800"

"""Chaos files of either sort are read in one way, and each problem has its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.chaos.files.reading import placed, read_document, renamed
from fozzy.errors import InputError, Problem


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [("a.toml", "x = 1", "toml"), ("a.json", "[]", "json"), ("a", ' {"x": 1}', "json"), ("a", "x = 1", "toml")],
)
def test_the_notation_is_told_by_the_name_or_the_text(name: str, text: str, form: str, tmp_path: Path) -> None:
    """By the name; where that says nothing a brace begins JSON."""
    (tmp_path / name).write_text(text)
    assert read_document(tmp_path / name, name).form == form


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    """A file that is not there, a folder, YAML."""
    for name, code in (
        ("none.toml", "scenario.unreadable"),
        ("", "scenario.unreadable"),
        ("none.yaml", "scenario.unreadable"),
    ):
        with pytest.raises(InputError) as caught:
            read_document(tmp_path / name, name or ".")
        assert caught.value.code == code


def test_a_problem_finds_the_place_that_its_message_names(tmp_path: Path) -> None:
    """`limits.loss` is where that stands; codes are those of chaos."""
    (tmp_path / "a.toml").write_text("seed = 1\n[limits]\nloss = 2\n")
    doc = read_document(tmp_path / "a.toml", "a.toml")
    error = InputError.of([Problem(code="scenario.unknown_field", message="limits.loss is 2")])
    (problem,) = renamed(placed(error, doc)).problems
    assert problem.code == "chaos.unknown_key" and problem.where is not None
    assert (problem.where.line, problem.where.col, problem.text) == (3, 8, "loss = 2")

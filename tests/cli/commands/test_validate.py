"""`fozzy validate`: every problem of every file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_what_validate_finds_is_its_answer(shop: Any, broken: str, fz: Callable[..., Any]) -> None:
    """Problems are on stdout, sorted by file and line, with a tally; the status is 2."""
    ran = fz("validate", "bad", "scenarios")
    assert (ran.code, ran.err) == (2, "")
    places = [int(line) for line in re.findall(r"--> bad/pay.fozzy.json:(\d+):", ran.out)]
    assert places == sorted(places) and len(places) == 5
    assert "5 problems in 1 of 6 files" in ran.out


def test_quiet_is_the_tally(shop: Any, broken: str, fz: Callable[..., Any]) -> None:
    """One line is one line, for good and for bad."""
    assert fz("validate", "-q", "bad").out == "5 problems in 1 of 1 file\n"
    assert fz("validate", "-q").out == "5 files valid\n"


def test_annotations(shop: Any, broken: str, fz: Callable[..., Any]) -> None:
    """`--reporter github` prints the same problems as annotations, and nothing when there are none."""
    ran = fz("validate", "bad", "--reporter", "github")
    assert ran.code == 2
    assert ran.out.count("::error file=bad/pay.fozzy.json,line=") == 5 == ran.out.count("\n")
    assert fz("validate", "--reporter", "github").out == ""


def test_suites_and_distributed_files_are_valid(shop: Any, distributed: str, fz: Callable[..., Any]) -> None:
    """A suite brings its members with it; a distributed scenario is valid even where it cannot run."""
    suite = Path("all.fozzy.toml")
    suite.write_text(
        'version = 1\nname = "all"\n\n[suites]\nsmoke = ["scenarios/c*/*.fozzy.json", "cluster.fozzy.json"]\n'
    )
    assert fz("validate", "all.fozzy.toml").out == "4 files valid\n"
    suite.write_text('version = 1\nname = "all"\n\n[suites]\nsmoke = ["nothing/*.json"]\n')
    ran = fz("validate", "all.fozzy.toml")
    assert ran.code == 2
    assert 'suite "all" names "nothing/*.json", which matches no file' in ran.out


def test_nothing_to_validate(project: Path, fz: Callable[..., Any]) -> None:
    """Without a scenarios folder there is a mistake and a way out; an empty one is fine."""
    ran = fz("validate")
    assert ran.code == 2
    assert "fozzy init" in ran.err
    (project / "scenarios").mkdir()
    assert fz("validate").out == "0 files valid\n"


@pytest.mark.parametrize("name", ["notes.txt", "a.json"])
def test_a_file_that_is_none_is_refused(name: str, project: Path, fz: Callable[..., Any]) -> None:
    """A file that was named is never left out in silence."""
    (project / name).write_text("{}")
    ran = fz("validate", name)
    assert ran.code == 2
    assert "is not named as a scenario or a trace" in ran.out


def test_what_validate_rejects_run_and_test_reject_with_the_same_words(broken: str, fz: Callable[..., Any]) -> None:
    """One file, three commands, the same problems."""
    messages = re.findall(r"error\[.*", fz("validate", broken).out)
    assert len(messages) == 5
    for command in ("run", "test"):
        ran = fz(command, broken)
        assert ran.code == 2
        assert re.findall(r"error\[.*", ran.err) == messages

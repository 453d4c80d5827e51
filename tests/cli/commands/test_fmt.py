"""`fozzy fmt`: writes what would change, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli.commands import fmt

UGLY = '{"name":"n","version":1,"steps":[{"message":"x","type":"panic"}]}'
NEAT = """{
  "version": 1,
  "name": "n",
  "steps": [
    { "type": "panic", "message": "x" }
  ]
}
"""


@pytest.fixture
def folder(project: Path) -> Path:
    """Two scenarios that are not formatted, one that is, one that is none."""
    Path("scenarios").mkdir()
    Path("scenarios/ugly.fozzy.json").write_text(UGLY)
    Path("scenarios/ugly.fozzy.toml").write_text('name="n" # why\nversion=1\n[[steps]]\ntype="panic"\nmessage="x"\n')
    Path("scenarios/neat.fozzy.json").write_text(NEAT)
    Path("scenarios/old.fozzy").write_text("a trace, left alone")
    return project / "scenarios"


def test_files_are_written_once(fz: Any, folder: Path) -> None:
    """What would change is written and listed; the second time nothing is, not even touched."""
    first = fz("fmt")
    assert first.code == 0
    assert "formatted  scenarios/ugly.fozzy.json" in first.out
    assert "2 files formatted, 1 as they should be" in first.out
    assert (folder / "ugly.fozzy.json").read_text() == NEAT
    assert (folder / "ugly.fozzy.toml").read_text().startswith('version = 1\nname = "n" # why\n')
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    second = fz("fmt", "scenarios")
    assert second.out == "3 files as they should be\n"
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_check_writes_nothing(fz: Any, folder: Path) -> None:
    """--check ends with 1 and lists the files, with the command that mends them; with 0 when there are none."""
    found = fz("fmt", "--check", "scenarios")
    assert found.code == 1
    assert "scenarios/ugly.fozzy.json" in found.out and "neat" not in found.out
    assert "2 of 3 files would change" in found.out
    assert "fozzy fmt scenarios" in found.out
    assert (folder / "ugly.fozzy.json").read_text() == UGLY
    assert fz("fmt", "--check", "scenarios/neat.fozzy.json").code == 0
    assert fz("fmt", "--check", "-q").out == "2 of 3 files would change\n"


def test_json_document(fz: Any, folder: Path) -> None:
    """The document lists what changed, in both modes."""
    checked = fz("fmt", "--check", "--json").document()
    assert (checked["status"], checked["written"]) == ("fail", False)
    written = fz("fmt", "--json").document()
    assert (written["status"], written["written"], written["files"]) == ("pass", True, 3)
    assert written["changed"] == checked["changed"] == ["scenarios/ugly.fozzy.json", "scenarios/ugly.fozzy.toml"]


def test_invalid_files_are_shown_and_left(fz: Any, folder: Path) -> None:
    """An invalid file is reported with its place and not touched, the others are formatted, and the end is 2."""
    bad = '{"version":1,"name":"n","steps":[{"type":"slep"}]}'
    (folder / "bad.fozzy.json").write_text(bad)
    found = fz("fmt")
    assert found.code == 2
    assert 'unknown step type "slep"' in found.out and "bad.fozzy.json:1:42" in found.out
    assert (folder / "bad.fozzy.json").read_text() == bad
    assert (folder / "ugly.fozzy.json").read_text() == NEAT
    again = fz("fmt", "--json")
    assert again.code == 2
    assert again.document()["error"]["code"] == "scenario.unknown_step"
    assert again.document()["invalid"] == 1


def test_suites_are_formatted_themselves(fz: Any, folder: Path) -> None:
    """A suite is a file like any other: it is formatted, what it names only when it is named."""
    suite = folder / "all.fozzy.json"
    suite.write_text('{"suites":{"a":["ugly.fozzy.json"]},"name":"n","version":1}')
    assert fz("fmt", str(suite)).code == 0
    assert suite.read_text().startswith('{\n  "version": 1,\n')
    assert (folder / "ugly.fozzy.json").read_text() == UGLY


def test_stdout_prints_one_file(fz: Any, folder: Path) -> None:
    """--stdout prints the one file, writes nothing, and leaves no room for another answer."""
    printed = fz("fmt", "--stdout", "scenarios/ugly.fozzy.json")
    assert (printed.code, printed.out) == (0, NEAT)
    assert (folder / "ugly.fozzy.json").read_text() == UGLY
    assert "fmt.one_file" in fz("fmt", "--stdout").err
    assert "usage.two_reports" in fz("fmt", "--stdout", "--check", "scenarios/ugly.fozzy.json").err
    assert fz("fmt", "--stdout", "scenarios/nowhere.fozzy.json").code == 2


def test_what_is_named_and_no_scenario_is_an_error(fz: Any, folder: Path) -> None:
    """A trace is left alone in a folder, but refused when it is named; so is what does not exist."""
    assert "scenario.not_a_scenario" in fz("fmt", "scenarios/old.fozzy").out
    assert "scenario.missing" in fz("fmt", "scenarios/nope").out


def test_a_changed_meaning_is_never_written(fz: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the formatter ever change what a file means, or break it, the file stays and fmt says so."""
    for wrong in (NEAT.replace('"x"', '"y"'), "no scenario"):
        monkeypatch.setattr("fozzy.dsl.format_json.format_json", lambda _text, wrong=wrong: wrong)
        found = fz("fmt", "scenarios/ugly.fozzy.json")
        assert found.code == 2
        assert "fmt.refused" in found.out
        assert (folder / "ugly.fozzy.json").read_text() == UGLY


def test_mode_and_links_stay(fz: Any, folder: Path) -> None:
    """A file keeps its permissions, and a link stays a link."""
    target = folder / "ugly.fozzy.json"
    target.chmod(0o640)
    link = folder.parent / "link.fozzy.json"
    link.symlink_to(target)
    assert fz("fmt", str(link)).code == 0
    assert link.is_symlink()
    assert target.read_text() == NEAT
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written_is_an_error(fz: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the file cannot be written fmt says why, and half of it is never there."""

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(fmt, "write_whole", full)
    found = fz("fmt", "scenarios/ugly.fozzy.json")
    assert found.code == 2
    assert "fmt.unwritable" in found.out and "No space left" in found.out
    assert (folder / "ugly.fozzy.json").read_text() == UGLY


def test_what_init_writes_is_formatted(fz: Any, project: Path) -> None:
    """A fresh project needs no formatting."""
    assert fz("init").code == 0
    assert fz("fmt", "--check").code == 0


def test_a_scenario_that_includes_others(fz: Any, folder: Path) -> None:
    """A file that includes another is formatted like any; the included one only when it is named."""
    including = folder / "including.fozzy.json"
    including.write_text('{"version":1,"name":"n","steps":[{"file":"ugly.fozzy.json","type":"include"}]}')
    assert fz("fmt", str(including)).code == 0
    assert '    { "type": "include", "file": "ugly.fozzy.json" }\n' in including.read_text()
    assert (folder / "ugly.fozzy.json").read_text() == UGLY

"""Discovery: what words name, in a stable order, with every problem and nothing dropped in silence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.engine.discover import Found, discover, is_scenario, is_trace
from fozzy.trace.finalize import project_name

if TYPE_CHECKING:
    from tests.conftest import Fz

GOOD = {"version": 1, "name": "n", "steps": [{"type": "unfreeze"}]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, content: Any = GOOD) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def suite(path: str, **suites: list[str]) -> str:
    return write(path, {"version": 1, "name": "all", "suites": suites})


def names(*words: str) -> list[str]:
    """What the words name, when there is nothing wrong with it."""
    found = discover(words, Path())
    assert found.problems == []
    return [each.name for each in found.chosen]


def codes(found: Found) -> list[str]:
    return [problem.code for problem in found.problems]


def test_endings_tell_what_a_file_is() -> None:
    """Scenarios and traces are known by their endings."""
    assert [is_scenario(name) for name in ("a.fozzy.json", "a.fozzy.toml", "a.json", "a.fozzy")] == [
        True,
        True,
        False,
        False,
    ]
    assert [is_trace(name) for name in ("a.fozzy", "a.fozzy.json")] == [True, False]


def test_a_folder_is_walked_in_a_stable_order() -> None:
    """Files of a folder come by name before those of its folders, kept traces before all, whatever order the disk has."""
    for name in ("z", "a", "b/z", "b/a", "B/x", "a/y", "b/c/d"):
        write(f"s/{name}.fozzy.json")
    write("s/trace.fozzy", "x")
    write("s/notes.txt", "x")
    write("s/plain.json", "{}")
    wanted = ["trace", "a", "z", "B/x", "a/y", "b/a", "b/z", "b/c/d"]
    assert names("s") == [f"s/{name}.fozzy{'' if name == 'trace' else '.json'}" for name in wanted]
    assert names("s") == names("s/") == names("./s")


def test_hidden_folders_are_left_out() -> None:
    """What lies in a folder whose name begins with a dot is not found, unless it is named."""
    write("s/.hidden/a.fozzy.json")
    write("s/.fozzy/runs/1/trace.fozzy")
    write("s/b.fozzy.json")
    assert names("s") == ["s/b.fozzy.json"] == names("s/**/*.fozzy.json")
    assert names("s/.hidden") == ["s/.hidden/a.fozzy.json"]


def test_the_order_is_that_of_the_words() -> None:
    """Words are taken in their order; what is named twice, in whatever way, is taken once, where it was first."""
    for name in "abc":
        write(f"{name}.fozzy.json")
    write("d/e.fozzy.json")
    assert names(
        "c.fozzy.json", "d", "a.fozzy.json", "./c.fozzy.json", "*.fozzy.json", "d/../d", os.path.abspath("c.fozzy.json")
    ) == [
        "c.fozzy.json",
        "d/e.fozzy.json",
        "a.fozzy.json",
        "b.fozzy.json",
    ]


def test_globs_match_sorted() -> None:
    """A glob takes what it matches in order: scenarios and traces, whole folders, `**` through all."""
    for name in ("b", "a", "x/c", "x/y/d"):
        write(f"s/{name}.fozzy.json")
    write("s/b.txt", "x")
    assert names("s/*.fozzy.json") == ["s/a.fozzy.json", "s/b.fozzy.json"]
    assert names("s/*") == ["s/a.fozzy.json", "s/b.fozzy.json", "s/x/c.fozzy.json", "s/x/y/d.fozzy.json"]
    assert sorted(names("s/**/*.fozzy.json")) == sorted(names("s"))


def test_a_glob_that_matches_nothing_is_no_problem() -> None:
    """Nothing is found where nothing is, and that is all."""
    write("a.txt", "x")
    assert names("*.fozzy.json", "nowhere/**", "*.txt") == []


def test_a_file_whose_name_looks_like_a_glob() -> None:
    """An existing file is itself, whatever its name looks like."""
    write("a[1].fozzy.json")
    assert names("a[1].fozzy.json") == ["a[1].fozzy.json"]


def test_a_missing_path_is_a_problem_even_when_others_match() -> None:
    """Each path that does not exist is a problem that names it; a near name is suggested; the rest is still found."""
    write("pay.fozzy.json")
    found = discover(["pay.fozzy.json", "pya.fozzy.json", "no/such/folder", "x.fozzy.toml"], Path())
    assert codes(found) == ["scenario.missing"] * 3
    assert [problem.where.file for problem in found.problems if problem.where] == [
        "pya.fozzy.json",
        "no/such/folder",
        "x.fozzy.toml",
    ]
    assert found.problems[0].hint == 'did you mean "pay.fozzy.json"?'
    assert [each.name for each in found.chosen] == ["pay.fozzy.json"] and found.invalid == 3


def test_a_file_of_another_kind_is_a_problem() -> None:
    """A file that is named but is neither a scenario nor a trace is told what the endings are."""
    found = discover([write("notes.txt", "x")], Path())
    assert codes(found) == ["scenario.not_a_scenario"] and ".fozzy.json" in found.problems[0].hint


def test_all_problems_of_all_files() -> None:
    """Every problem of every file is kept; good files are still found."""
    write("s/a.fozzy.json", {**GOOD, "name": "", "steps": [{"type": "slep"}]})
    write("s/b.fozzy.json")
    write("s/c.fozzy.toml", "version = ")
    found = discover(["s"], Path())
    assert [problem.where.file for problem in found.problems if problem.where] == ["s/a.fozzy.json"] * 2 + [
        "s/c.fozzy.toml"
    ]
    assert (found.files, found.invalid, [each.name for each in found.chosen]) == (3, 2, ["s/b.fozzy.json"])


@pytest.mark.parametrize("kind", ["a dangling link", "a pipe", "not UTF-8"])
def test_an_unreadable_file_is_a_located_problem(kind: str) -> None:
    """A file in a folder that cannot be read is a problem with its path, and the search goes on."""
    write("s/b.fozzy.json")
    path = Path("s/a.fozzy.json")
    if kind == "a dangling link":
        path.symlink_to("nowhere")
    elif kind == "a pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"\xff")
    found = discover(["s"], Path())
    assert codes(found) == ["scenario.not_utf8" if kind == "not UTF-8" else "scenario.unreadable"]
    assert found.problems[0].where is not None and found.problems[0].where.file == "s/a.fozzy.json"
    assert [each.name for each in found.chosen] == ["s/b.fozzy.json"]


def test_a_loop_of_links_ends() -> None:
    """A link to a folder above is not followed for ever."""
    write("s/a.fozzy.json")
    Path("s/again").symlink_to("..", target_is_directory=True)
    assert names("s") == ["s/a.fozzy.json"]


def test_a_suite_names_files_relative_to_itself() -> None:
    """The members of a suite stand where the suite stood, each once, in its order, globs sorted."""
    for name in ("s/b", "s/a", "s/x/c", "d"):
        write(f"{name}.fozzy.json")
    suite("s/all.fozzy.json", first=["b.fozzy.json", "x/*.fozzy.json"], second=["*.fozzy.json", "../d.fozzy.json"])
    assert names("s/all.fozzy.json", "d.fozzy.json") == [
        "s/b.fozzy.json",
        "s/x/c.fozzy.json",
        "s/a.fozzy.json",
        "s/../d.fozzy.json" if "s/../d.fozzy.json" in names("s/all.fozzy.json") else "d.fozzy.json",
    ]


def test_a_suite_may_name_suites() -> None:
    """Suites in suites are followed, also in circles."""
    write("a.fozzy.json")
    suite("one.fozzy.json", s=["two.fozzy.json", "one.fozzy.json"])
    suite("two.fozzy.json", s=["one.fozzy.json", "a.fozzy.json"])
    assert names("one.fozzy.json") == ["a.fozzy.json"]


@pytest.mark.parametrize("word", ["gone.fozzy.json", "gone/*.fozzy.json", "*.fozzy.toml", "a\x00b", "\x00*", "\x00/*"])
def test_a_suite_that_names_nothing_is_a_problem(word: str) -> None:
    """Each word of a suite that matches no file is a problem that names the suite and the word."""
    suite("s/all.fozzy.json", smoke=[word])
    found = discover(["s"], Path())
    assert codes(found) == ["scenario.missing"] and '"all"' in found.problems[0].message
    assert (found.files, found.invalid, found.chosen) == (1, 1, [])


def test_a_suite_in_a_folder_that_looks_like_a_glob() -> None:
    """The folder of a suite is no pattern."""
    write("[x]/a.fozzy.json")
    suite("[x]/all.fozzy.json", s=["*.fozzy.json"])
    assert names("[x]/all.fozzy.json") == ["[x]/a.fozzy.json"]


def test_names_are_relative_to_the_project() -> None:
    """A file's name is its path from the project's folder, from wherever it is found; elsewhere it is whole."""
    write("p/s/a.fozzy.json")
    assert project_name(Path("p/s/a.fozzy.json"), Path("p")) == "s/a.fozzy.json"
    os.chdir("p/s")
    assert project_name(Path("a.fozzy.json"), Path("..")) == "s/a.fozzy.json"
    assert project_name(Path("/else/a.fozzy.json"), Path("..")) == "/else/a.fozzy.json"


def test_a_name_that_is_not_utf8_is_a_name(fz: Fz) -> None:
    """A file whose name is not UTF-8 is run, shown with escapes, and missed like any other."""
    path = write(os.fsdecode(b"s/a\xff.fozzy.json"))
    assert names("s") == ["s/a\\udcff.fozzy.json"]
    for words in (["test", "s", "--json"], ["run", path, "--json"], ["validate", "s", "--json"]):
        ran = fz(*words)
        assert ran.code == 0 and ran.document()["status"] == "pass"
    for command in ("test", "run", "validate"):
        ran = fz(command, path.replace("a", "b", 1), "--json")
        assert ran.code == 2 and ran.document()["error"]["code"] == "scenario.missing"


def test_a_folder_that_cannot_be_read_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in it would be left out in silence."""
    write("s/a.fozzy.json")
    write("s/closed/b.fozzy.json")
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = discover(["s"], Path())
    assert [each.name for each in found.chosen] == ["s/a.fozzy.json"]
    assert [each.message for each in found.problems] == ["cannot read the folder s/closed: Permission denied"]


@pytest.mark.parametrize("word", ["a" * 5000, "a/" * 3000 + "b.fozzy.json"])
def test_a_name_that_no_file_can_have_is_missing(word: str) -> None:
    """The system refuses to look for it; that is no bug of ours."""
    assert [each.code for each in discover([word], Path()).problems] == ["scenario.missing"]

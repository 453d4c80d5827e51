"""Files become units; what cannot be read or parsed is in doubt, and everything else is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from fozzy.insight.map import reading, tree_code

Read = Callable[..., Any]


def doubted(read: Read, files: dict[str, str | bytes]) -> list[tuple[str, str]]:
    """Reasons and paths of what is in doubt."""
    return [(each.reason, each.path) for each in read(files)[1].degraded().reasons]


def test_a_tree_is_read(read: Read) -> None:
    """Each file by its language, with what it holds."""
    found, doubts = read({"a.py": "def f():\n    pass\n", "b.rb": "def g\nend\n", "c.py": "x = 1\n"})
    assert [(each.path, each.name) for each in found.units] == [("a.py", "f"), ("b.rb", "g"), ("c.py", "")]
    assert found.languages == {"Python": 2, "Ruby": 1} and found.size_bytes == 34
    assert not doubts.degraded().reasons and found.notes == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"x = '\xff'\n", "unreadable"),
        (b"\x7fELF\0\0", "unreadable"),
        (b"# coding: klingon\nx = 1\n", "unreadable"),
        (b"def f(:\n", "syntax"),
        (b"x = " + b"(" * 5000, "syntax"),
        (b"#" + b"x" * (1 << 20), "dropped"),
    ],
)
def test_a_python_file_that_is_none(content: bytes, reason: str, read: Read) -> None:
    """Whatever is wrong with one file, it is named and the others are read."""
    found, doubts = read({"bad.py": content, "good.py": "def f(): pass\n"})
    assert [(each.reason, each.path) for each in doubts.degraded().reasons] == [(reason, "bad.py")]
    assert "f" in [each.name for each in found.units]


def test_a_file_that_is_no_text(read: Read) -> None:
    """Another coding than UTF-8 is in doubt in every language."""
    assert doubted(read, {"a.c": b"int f() { \xe9 }"}) == [("unreadable", "a.c")]


def test_what_cannot_be_opened(read: Read, project: Any) -> None:
    """Links to nowhere and in circles, and pipes, are in doubt one by one."""
    (project / "gone.py").symlink_to("nowhere")
    (project / "circle.py").symlink_to("circle.py")
    os.mkfifo(project / "pipe.py")
    names = ["circle.py", "gone.py", "pipe.py"]
    assert doubted(read, {"a.py": "x = 1\n"}) == [("unreadable", name) for name in names]


def test_a_folder_where_git_has_a_file(read: Read, project: Any, git: Callable[..., str]) -> None:
    """It is in doubt under the name of the file."""
    git("init", "-q")
    (project / "a.py").write_text("x = 1\n")
    git("add", ".")
    (project / "a.py").unlink()
    (project / "a.py").mkdir()
    assert doubted(read, {"b.py": "x = 1\n"}) == [("unreadable", "a.py")]


def test_a_broken_file_is_still_read_by_its_lines(read: Read) -> None:
    """A syntax error hides no function that can be seen without a parser."""
    found, _ = read({"a.py": "def charge(amount):\n    raise X\n\ndef broken(:\n"})
    assert [each.name for each in found.units] == ["charge", "broken"]


def test_more_bytes_than_the_bound(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that go over the bound are named."""
    monkeypatch.setattr(reading, "TREE_BYTES_MAX", 10)
    assert doubted(read, {"a.py": "x = 1\n", "b.py": "x = 1\n", "c.py": "y\n"}) == [("dropped", "b.py")]


def test_minified_files_are_left_out(read: Read) -> None:
    """Nobody wrote them; how many there are is said."""
    found, doubts = read({"a.js": "x=1;" * 2000, "b.js": "x = 1;\n"})
    assert found.left_out == {"minified": 1} and not doubts.degraded().reasons


def test_no_code_at_all(read: Read) -> None:
    """A tree without code is in doubt: something was meant to be there."""
    assert doubted(read, {"a.md": "x"}) == [("no_sources", "")]


def test_without_a_parser_that_is_said(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A language that has one which is not installed is a note; a language that has none is not."""
    monkeypatch.setattr(tree_code, "parse", lambda *_: None)
    found, doubts = read({"a.ts": "function f() {}\n", "b.rb": "def g\nend\n"})
    assert found.unparsed == {"TypeScript"} and not doubts.degraded().reasons
    assert found.notes == [
        "1 file in TypeScript was read line by line, since no parser for it is installed: pip install 'fozzy[map]'"
    ]

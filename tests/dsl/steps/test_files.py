"""The steps that write, read and put back files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fozzy.engine.prepare import Options

if TYPE_CHECKING:
    from tests.conftest import Play, Problems


def write(path: str, data: str) -> dict[str, Any]:
    return {"type": "fs_write", "path": path, "data": data}


def read(path: str, equals: str) -> dict[str, Any]:
    return {"type": "fs_read_assert", "path": path, "equals": equals}


@pytest.mark.parametrize("data", ["", "text\n", "ü\u0000\r\n", "x" * 100_000])
def test_what_is_written_is_read(play: Play, data: str) -> None:
    """A file holds exactly the text that was written last."""
    assert play([write("d/f", "old"), write("d/f", data), read("d/f", data)]).status == "pass"


@pytest.mark.parametrize(
    ("steps", "title", "kind"),
    [
        ([read("f", "")], "fs_not_found", "target_behavior"),
        ([write("f", "a"), read("f", "b")], "fs_read_assert", "assertion"),
        ([write("../f", "a")], "fs_denied", "target_behavior"),
        ([write("/etc/f", "a")], "fs_denied", "target_behavior"),
        ([read("a/../../f", "a")], "fs_denied", "target_behavior"),
        ([{"type": "fs_restore", "name": "s"}], "fs_unknown_snapshot", "assertion"),
    ],
)
def test_what_does_not_hold_fails(play: Play, steps: list[dict[str, Any]], title: str, kind: str) -> None:
    """A missing file, another content, a path that leads out and an unknown snapshot are findings with names."""
    played = play(steps)
    assert (played.status, played.finding.title, played.finding.kind) == ("fail", title, kind)


def test_another_content_is_shown(play: Play) -> None:
    """The failure says what the file holds, points at the expectation and keeps both."""
    played = play([write("f", "a"), read("f", "b")])
    assert played.finding.message == '"f" holds "a", wanted "b"'
    assert played.pointed_at == '"b"'
    assert played.finding.location is not None
    assert played.finding.location.details == {"expected": "b", "actual": "a"}


def test_a_long_content_is_shown_in_part(play: Play) -> None:
    """A message is bounded however large the file is."""
    assert len(play([write("f", "x" * 10**6), read("f", "y" * 10**6)]).finding.message) < 1000


def test_restore_puts_everything_back(play: Play) -> None:
    """Restore puts back what was changed, removes what was created, and can be done twice."""
    gone = {"type": "assert_throws", "steps": [read("new", "n")]}
    steps = [
        write("f", "1"),
        {"type": "fs_snapshot", "name": "s"},
        write("f", "2"),
        write("new", "n"),
        {"type": "fs_restore", "name": "s"},
        read("f", "1"),
        gone,
        write("f", "3"),
        {"type": "fs_restore", "name": "s"},
        read("f", "1"),
    ]
    assert play(steps).status == "pass"


def test_a_snapshot_name_is_taken_again(play: Play) -> None:
    """A second snapshot of a name replaces the first."""
    steps = [
        write("f", "1"),
        {"type": "fs_snapshot", "name": "s"},
        write("f", "2"),
        {"type": "fs_snapshot", "name": "s"},
    ]
    assert play([*steps, write("f", "3"), {"type": "fs_restore", "name": "s"}, read("f", "2")]).status == "pass"


def test_a_file_has_a_limit(play: Play) -> None:
    """A file larger than file_bytes_max is a finding of kind limit and is not written."""
    played = play([write("f", "four")], limits={"file_bytes_max": 3})
    assert (played.finding.title, played.finding.kind) == ("fs_limit", "limit")
    assert play([write("f", "fou")], limits={"file_bytes_max": 3}).status == "pass"


@pytest.mark.parametrize(
    "step",
    [write("", "x"), {"type": "fs_write", "path": "f", "data": 1}, {"type": "fs_snapshot", "name": ""}],
    ids=str,
)
def test_what_cannot_be_is_refused(problems: Problems, step: dict[str, Any]) -> None:
    """A path and a name are not empty, data is text."""
    found = problems({"version": 1, "name": "n", "steps": [step]})
    assert [problem.code for problem in found] == ["scenario.bad_value"]


def test_a_snapshot_inside_assert_throws_is_gone_after_it(play: Any) -> None:
    """A block that leaves no mark leaves no snapshot's name either."""
    inside = [{"type": "fs_snapshot", "name": "s"}, {"type": "fail", "message": "no"}]
    played = play([{"type": "assert_throws", "steps": inside}, {"type": "fs_restore", "name": "s"}])
    assert played.finding.title == "fs_unknown_snapshot"


ESCAPES = {"..": "../x", "absolute": "/etc/passwd", "null": "a\0b", "folder": "d", "below a file": "d/f/x"}
ESCAPES_ON_DISK = {**ESCAPES, "fifo": "fifo", "link": "link", "below a link": "link/passwd"}


@pytest.mark.parametrize(
    ("backend", "path"),
    [*(("virtual", path) for path in ESCAPES.values()), *(("host", path) for path in ESCAPES_ON_DISK.values())],
)
def test_every_escape_is_a_located_finding(play: Play, tmp_path: Path, backend: Any, path: str) -> None:
    """What leads out, and what is no regular file, is the finding fs_denied at its step."""
    (tmp_path / "link").symlink_to("/etc")
    os.mkfifo(tmp_path / "fifo")
    steps = [write("d/f", "1"), write(path, "2")]
    played = play(steps, options=Options(det=True, fs=backend), root=tmp_path)
    assert played.finding.location is not None
    assert (played.finding.title, played.finding.location.path) == ("fs_denied", "steps[1]")

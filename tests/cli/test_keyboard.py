"""What is typed is heard at a terminal, nothing elsewhere, and the end of a pipe is the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fozzy.cli.keyboard import Keyboard, keyboard

pty = pytest.importorskip("pty")
SOON_NS = 10**10


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts a descriptor in the place of stdin."""
    streams: list[Any] = []

    def put(number: int) -> None:
        streams.append(os.fdopen(number))
        monkeypatch.setattr(sys, "stdin", streams[-1])

    yield put
    for each in streams:
        each.close()


def taken(typed: Keyboard, count: int) -> list[str]:
    """So many keys, which need not come at once."""
    found: list[str] = []
    while len(found) < count:
        more = typed.take(SOON_NS)
        assert more, found
        found += more
    return found


def test_a_terminal_has_keys(stdin: Any) -> None:
    """They come by name, also those that were typed while something ran, which one of them stops."""
    ours, theirs = pty.openpty()
    stdin(theirs)
    with keyboard() as typed:
        assert typed.has_keys
        assert typed.take(0) == []
        os.write(ours, b"f\n")
        assert taken(typed, 2) == ["f", "enter"]
        ((number, look),) = typed.heard("q").items()
        assert number == theirs
        os.write(ours, b"f")
        assert not look()
        os.write(ours, b"q")
        assert look()
        assert typed.take(SOON_NS) == ["f", "q"]
        assert not typed.is_over
    os.close(ours)


def test_behind_another_nothing_is_read(stdin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the background the terminal is somebody else's; in front again, keys are heard again."""
    ours, theirs = pty.openpty()
    stdin(theirs)
    with monkeypatch.context() as patch:
        patch.setattr(os, "tcgetpgrp", lambda _number: -1)
        with keyboard() as typed:
            os.write(ours, b"f\n")
            assert typed.take(0) == [] and not typed.heard("q")
            patch.undo()
            os.write(ours, b"q")
            assert taken(typed, 3)[-1] == "q"
    os.close(ours)


def test_a_pipe_has_none_and_its_end_is_the_end(stdin: Any) -> None:
    """What comes through it is dropped."""
    there, here = os.pipe()
    stdin(there)
    with keyboard() as typed:
        os.write(here, b"q")
        assert typed.take(SOON_NS) == [] and not typed.has_keys and not typed.is_over
        os.close(here)
        assert typed.take(SOON_NS) == [] and typed.is_over
        assert not typed.heard("q")


def test_what_says_nothing_is_no_end(stdin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/null, a file, a stream that is closed: nothing is typed, and it goes on."""
    for path in (os.devnull, str(tmp_path / "file")):
        stdin(os.open(path, os.O_RDWR | os.O_CREAT))
        with keyboard() as typed:
            assert typed.take(0) == [] and not typed.is_over and not typed.has_keys
    monkeypatch.setattr(sys, "stdin", None)
    with keyboard() as typed:
        assert typed.take(0) == [] and not typed.is_over
    assert Keyboard().take(0) == []

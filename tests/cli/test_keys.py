"""Keys are known by name, and a terminal is put back as it was, whatever happens."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest

from fozzy.cli import keys

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"a", ["a"]),
        (b" /r", [" ", "/", "r"]),
        (b"\x1b[A\x1b[B", ["up", "down"]),
        (b"\x1bOA", ["up"]),
        (b"\x1b[5~\x1b[6~", ["page up", "page down"]),
        (b"\r\n", ["enter", "enter"]),
        (b"\x7f\x08", ["back", "back"]),
        (b"\x1b", ["escape"]),
        (b"\x1ba", ["escape", "a"]),
        (b"\x1b[1;5Dq", ["q"]),
        (b"\x1b[", []),
        (b"\xc3\xa9", []),
        (b"\x00", []),
    ],
)
def test_keys_have_names(data: bytes, found: list[str]) -> None:
    """What has no name here is left out, and what follows it is still read."""
    assert keys.names(data) == found


class Terminal:
    """A pseudo-terminal as stdin."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ours, self.theirs = pty.openpty()
        self.stream = os.fdopen(self.theirs, "r", closefd=False)
        monkeypatch.setattr(sys, "stdin", self.stream)

    def close(self) -> None:
        """Let go of it."""
        self.stream.close()
        os.close(self.theirs)
        os.close(self.ours)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A terminal as stdin, gone at the end."""
    made = Terminal(monkeypatch)
    yield made
    made.close()


def test_single_keys_come_at_once_and_are_not_shown(terminal: Any) -> None:
    """Inside, a key is there without Enter and without an echo; afterwards the terminal is as it was."""
    before = termios.tcgetattr(terminal.theirs)
    handler = signal.getsignal(signal.SIGTSTP)
    with keys.single_keys(lambda: None) as number:
        os.write(terminal.ours, b"q")
        assert os.read(number, 10) == b"q"
        assert not termios.tcgetattr(terminal.theirs)[3] & (termios.ECHO | termios.ICANON)
    assert termios.tcgetattr(terminal.theirs) == before
    assert signal.getsignal(signal.SIGTSTP) == handler


def test_an_error_inside_puts_it_back_too(terminal: Any) -> None:
    """However the block ends."""
    before = termios.tcgetattr(terminal.theirs)
    with pytest.raises(KeyboardInterrupt), keys.single_keys(lambda: None):
        raise KeyboardInterrupt
    assert termios.tcgetattr(terminal.theirs) == before


def test_stopped_the_terminal_is_as_it_was(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-Z gives it back while the process sleeps; when it goes on, it is told so and has single keys again."""
    before = termios.tcgetattr(terminal.theirs)
    seen: list[Any] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: seen.append((number, termios.tcgetattr(terminal.theirs))))
    with keys.single_keys(lambda: seen.append("woken")):
        signal.raise_signal(signal.SIGTSTP)
        assert seen == [(signal.SIGSTOP, before), "woken"]
        assert not termios.tcgetattr(terminal.theirs)[3] & termios.ECHO


def test_what_is_no_terminal_of_ours_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a closed stream, a terminal that another process group has."""
    with open(os.devnull, encoding="utf-8") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        assert not keys.can_read()
    assert not keys.can_read()

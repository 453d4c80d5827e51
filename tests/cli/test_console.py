"""The console prints what it is given: never as markup, never as terminal control, never more than it should."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Any

import pytest

from fozzy.cli.console import Console
from fozzy.errors import StoreError
from fozzy.report.text import SPAN_CHARS_MAX, Span, line, safe

HOSTILE = {
    "markup": "[bold]x[/bold] [/nothing] [link=http://a]y[/link] [red",
    "highlight": "http://example.org 3.14 True None 'text' /a/path {'a': 1}",
    "emoji": ":smile: :boom:",
    "long": "/".join(["folder"] * 60),
    "wide": "漢字" * 60,
    "brackets": "]]]][[[[\\[",
    "backslashes": "\\[bold]\\n\\",
}
CONTROL = {
    "nul": "a\0b",
    "escape": "\x1b[31mred\x1b[0m \x1b]8;;http://evil\x07link \x1b[2J",
    "csi": "\x9b31m",
    "carriage return": "good\rbad",
    "backspace": "good\b\b\b\bbad",
    "bell": "\a",
    "right to left": "abc\u202etxt.exe\u2066x\u2069\u200f",
    "lone half": "\ud800 and \udfff",
    "delete": "\x7f",
}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


Printed = Callable[..., str]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Printed:
    """What a console writes to stdout for some text."""

    def show(text: str, **options: Any) -> str:
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stdout", stream)
        Console(**options).answer([line(Span(text, "strong"))])
        return stream.getvalue()

    return show


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("color", ["always", "never"])
def test_data_is_printed_untouched(name: str, color: str, printed: Printed) -> None:
    """Brackets, links, emoji names and long lines come out as they went in, on one line, coloured or not."""
    said = printed(HOSTILE[name], color=color)
    bare = said.replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert bare == HOSTILE[name] + "\n"
    assert ("\x1b[1m" in said) == (color == "always")


@pytest.mark.parametrize("name", CONTROL)
@pytest.mark.parametrize("color", ["always", "never"])
def test_data_cannot_control_the_terminal(name: str, color: str, printed: Printed) -> None:
    """What goes through `safe` holds no character that moves a cursor, turns the writing or cannot be encoded."""
    said = printed(safe(CONTROL[name]), color=color)
    bare = said.replace("\x1b[1m", "").replace("\x1b[0m", "").rstrip("\n")
    assert bare.isprintable()
    assert bare.encode("utf-8")
    assert "\\x" in bare


def test_data_is_bounded(printed: Printed) -> None:
    """A text of a megabyte is cut, and its length is said."""
    said = printed(safe("x" * 1_000_000))
    assert len(said) < SPAN_CHARS_MAX + 40
    assert said.endswith("… (1000000 characters)\n")


def test_lines_have_no_spaces_at_their_end(printed: Printed) -> None:
    """Padding between columns leaves nothing at the end of a line."""
    assert printed("PASS   ") == "PASS\n"


def test_the_answer_goes_to_stdout_and_the_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Answers can be piped on while warnings are seen."""
    console = Console()
    console.answer([line("answer")])
    console.talk([line("talk")])
    console.raw("raw")
    assert capsys.readouterr() == ("answer\nraw", "talk\n")


def test_under_json_lines_are_dropped_but_documents_and_talk_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    """The document says it all."""
    console = Console(json=True)
    console.answer([line("answer")])
    console.raw("{}\n")
    console.talk([line("talk")])
    assert capsys.readouterr() == ("{}\n", "talk\n")


@pytest.mark.parametrize(
    ("color", "env", "terminal", "coloured"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"CI": "true"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
    ],
)
def test_who_gets_colour(
    color: Any, env: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag stands before NO_COLOR, that before FORCE_COLOR, that before looking at the stream."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **env}.items():
        monkeypatch.setenv(name, value)
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    Console(color=color).answer([line(Span("x", "fail"))])
    assert ("\x1b[" in stream.getvalue()) == coloured
    assert "x" in stream.getvalue()


@pytest.mark.parametrize(
    ("env", "terminal", "live"),
    [({}, True, True), ({}, False, False), ({"CI": "1"}, True, False), ({"TERM": "dumb"}, True, False)],
)
def test_who_sees_the_live_line(
    env: dict[str, str], terminal: bool, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person at a terminal that can erase a line; no pipe, no CI, no document."""
    monkeypatch.delenv("CI", raising=False)
    for name, value in {"TERM": "xterm", **env}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    assert Console().is_live == live
    assert not Console(json=True).is_live


@pytest.mark.parametrize("color", ["always", "never"])
def test_a_stream_without_symbols_gets_words(color: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the encoding cannot say is said in ASCII; data is escaped, nothing raises."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    console = Console(color=color)
    console.answer([line(Span("  ✗ ", "fail"), "── … é 漢")])
    console.raw("é\n")
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    said = buffer.getvalue().decode("latin-1")
    assert said.isascii()
    assert "FAIL" in said and "-- ... \\xe9 \\u6f22" in said


@pytest.mark.parametrize("color", ["always", "never"])
def test_nobody_reads_any_more(color: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed pipe is the reader's wish and no error, whoever prints."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        console = Console(color=color)
        for _ in range(3):
            console.answer([line("x" * 100_000)])
            console.raw("x" * 100_000)
        assert os.path.samestat(os.fstat(writing), os.stat(os.devnull))  # the rest goes nowhere


def test_the_line_at_the_bottom_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new text stands where the old one was; no text only erases."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    Console().erase_line("  1/2")
    Console().erase_line("")
    assert stream.getvalue() == "\r\x1b[2K  1/2\r\x1b[2K"


def test_an_answer_that_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk is not our bug, and not a success either."""

    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(StoreError, match="No space left on device"):
        Console().raw("x")


def test_a_stream_that_is_closed_has_no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under `>&-`, where Python has none: nothing is written, and nothing fails."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    Console().raw("text")
    Console().answer([line("text")])
    Console().talk([line("text")])

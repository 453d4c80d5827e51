"""The console: the only module that prints. stdout is the answer, stderr is the talk.

Rule 1: data is never markup. Rule 2: colour carries nothing alone; without it every word is there.
Rule 3: the audience is chosen by looking: a terminal gets colour and a live view, a pipe the same words, CI as a pipe.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any, Literal

from fozzy.errors import StoreError, whole
from fozzy.report.text import Line, Role, ascii_only

_STYLES: dict[Role, str] = {
    "": "",
    "pass": "green",
    "fail": "bold red",
    "warn": "yellow",
    "dim": "dim",
    "strong": "bold",
    "mark": "red",
    "code": "cyan",
}


class Console:
    """Where a command's answer and its talk go."""

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: int = 0,
        color: Literal["auto", "always", "never"] = "auto",
        is_stream: bool = False,
    ) -> None:
        self.json = json
        self.is_stream = is_stream  # stdout is lines of JSON, so an error is one too
        self.quiet = quiet
        self.verbose = verbose
        self.has_answered = False  # something stands on stdout as it is
        self._color = color
        self._rich: dict[int, Any] = {}

    @property
    def is_live(self) -> bool:
        """Whether a person watches: a terminal that can erase a line and is not CI's."""
        able = _is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"
        return able and not self.json and not os.environ.get("CI")

    @property
    def is_coloured(self) -> bool:
        """Whether stdout shows colours."""
        return not self.json and self._colours(sys.stdout)

    def answer(self, lines: Iterable[Line]) -> None:
        """Lines for stdout; under `--json` they are dropped, since the document says it all."""
        if not self.json:
            self._print(sys.stdout, lines)

    def talk(self, lines: Iterable[Line]) -> None:
        """Lines for stderr."""
        self._print(sys.stderr, lines)

    def raw(self, text: str) -> None:
        """Text for stdout as it is: documents, records, reports."""
        self.has_answered = True
        _write(sys.stdout, text)

    def aside(self, text: str) -> None:
        """Text for stderr as it is: what another program says."""
        _write(sys.stderr, text)

    def question(self, text: str) -> str | None:
        """Ask who sits at the terminal, on stderr: stdout may hold a document. None when the input is over."""
        _write(sys.stderr, text)
        said = sys.stdin.readline()
        return said.strip().lower() if said else None

    def erase_line(self, text: str) -> None:
        """Replace the line at the bottom of a terminal's stderr; an empty text only erases."""
        sys.stderr.write("\r\x1b[2K" + text)
        sys.stderr.flush()

    def clear(self) -> None:
        """Begin with an empty screen where a person watches it; what was above can still be scrolled to."""
        if self.is_live and _is_terminal(sys.stdout):
            _write(sys.stdout, "\x1b[H\x1b[2J")

    def is_read(self) -> bool:
        """Whether somebody can still read stdout; also where that cannot be known. Only of a pipe it can."""
        import select

        try:
            if not (hasattr(select, "poll") and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)):
                return True
            poll = select.poll()
            poll.register(sys.stdout.fileno(), 0)
            return not any(said & select.POLLERR for _, said in poll.poll(0))
        except (OSError, ValueError, AttributeError):
            return True

    def repaint(self, lines: Sequence[Line], before: int) -> None:
        """Replace the `before` lines at the bottom of a terminal's stderr by these, which are narrower than it is."""
        kept = self._rendered(sys.stderr, lines).replace("\n", "\x1b[K\n")  # erase what was longer, and what was below
        up = f"\x1b[{before}A" if before else ""
        _write(sys.stderr, f"\r{up}{kept}\x1b[J")

    def is_ready(self) -> bool:
        """Whether stdout takes a few lines without waiting for who reads it; also where that cannot be known."""
        import select

        try:
            return bool(select.select([], [sys.stdout], [], 0)[1])
        except (OSError, ValueError):  # Windows knows it only of sockets; a stream of a test has no number
            return True

    def _print(self, stream: IO[str], lines: Iterable[Line]) -> None:
        _write(stream, self._rendered(stream, lines))

    def _rendered(self, stream: IO[str], lines: Iterable[Line]) -> str:
        if not self._colours(stream):
            return "".join("".join(span.text for span in line).rstrip() + "\n" for line in lines)
        console = self._console(stream)
        from rich.text import Text

        with console.capture() as captured:  # rich ends the program when nobody reads its output any more
            for line in lines:
                text = Text(no_wrap=True, overflow="ignore")
                for span in line:
                    text.append(span.text, _STYLES[span.role])
                console.print(text, markup=False, highlight=False, soft_wrap=True)
        return str(captured.get())

    def _colours(self, stream: IO[str]) -> bool:
        if self._color != "auto":
            return self._color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return os.environ.get("TERM") != "dumb" and _is_terminal(stream)

    def _console(self, stream: IO[str]) -> Any:
        from rich.console import Console as RichConsole

        if id(stream) not in self._rich:
            self._rich[id(stream)] = RichConsole(file=stream, force_terminal=True, legacy_windows=False)
        return self._rich[id(stream)]


def _is_terminal(stream: IO[str]) -> bool:
    return bool(getattr(stream, "isatty", bool)())


def _fitting(stream: IO[str], text: str) -> str:
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
    return whole(text) if encoding == "utf8" else ascii_only(text)


def _write(stream: IO[str] | None, text: str) -> None:
    """Write everything or learn that nobody reads any more. *Errors*: `StoreError` when it cannot be written."""
    if stream is None:  # closed from the beginning, as by `>&-`: nobody reads
        return
    try:
        stream.write(_fitting(stream, text))
        stream.flush()
    except OSError as error:
        give_up(stream, error)


def give_up(stream: IO[str], error: OSError) -> None:
    """Write no more there, not even what Python flushes at exit. *Errors*: `StoreError`, unless it is that nobody reads."""
    with contextlib.suppress(OSError), open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
    if not isinstance(error, BrokenPipeError):
        message = f"cannot write the answer: {error.strerror or error}"
        raise StoreError("report.unwritable", message, hint="a full disk, most often") from error

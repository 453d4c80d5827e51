"""The live view of a proxy: what came last, how much there was in all, and keys to look closer and to change faults.

It is painted at the bottom of the terminal and gone at the end. What it knows it is told as a listener of the session,
so a request costs it one entry in a bounded list; everything else is done when it is painted.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Protocol

from fozzy.cli import proxy_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.keys import names
from fozzy.cli.proxy_detail import shortened
from fozzy.cli.proxy_rows import Rows
from fozzy.core.events import Event, Record
from fozzy.report.text import Line, Span, line, one_line

KEPT_MAX = 500  # records that can be looked at; a screen shows a few dozen
ROWS_MIN = 3
COLUMNS = 80  # until it is known
AROUND = 5  # lines around the list
FILTER_CHARS_MAX = 60
KEYS = "[space] {}  [enter] detail  {}[/] filter  [q] stop"  # [f] stands beside the faults
DETAIL_KEYS = "[enter] back  [up] [down] others  {}[q] stop"
AGAIN_KEY = "[r] replay this one  "

Panel = Literal["list", "detail", "filter", "faults"]


class FaultKeys(Protocol):
    """The faults, in the place of the list, with keys of their own."""

    keys: str

    def lines(self, room: int) -> list[Line]:
        """The panel in so many lines at most."""

    def key(self, name: str) -> tuple[str, bool]:
        """What a key does, in words, and whether the panel is left."""


class Doing(NamedTuple):
    """What the view can have done."""

    stop: Callable[[], None]
    numbers: Callable[[], str]  # all of it in one line
    faults: FaultKeys
    again: Callable[[Any], str] | None = None  # sends a request once more; says what it does


class LiveView:
    """What is on the terminal, and what each key makes of it."""

    def __init__(self, console: Console, opening: list[Line], rows: Rows, doing: Doing) -> None:
        self._console = console
        self._opening = opening
        self._rows = rows
        self._do = doing
        self._heard: deque[Any] = deque(maxlen=KEPT_MAX)
        self._frozen: list[Any] | None = None  # what was there when it was paused
        self._chosen = 0  # the number of the record that is chosen; 0 is the last one
        self._filter = ""
        self._panel: Panel = "list"
        self._note = ""
        self._painted = 0
        self._columns = COLUMNS
        self._is_stale = True

    def hear(self, record: Record) -> None:
        """Take note of what can be listed, or of a change."""
        if self._rows.lists(record):
            self._heard.append(record)
        elif type(record) is Event:
            self._note = screen.change_line(record).partition("CHANGE ")[2]
        self._is_stale = True

    def opened(self, opening: list[Line]) -> None:
        """Other first lines: the faults have changed."""
        self._opening = opening
        self._is_stale = True

    def say(self, note: str) -> None:
        """Words in the place of the keys, until the next one."""
        self._note = note
        self._is_stale = True

    def woken(self) -> None:
        """The terminal was somebody else's meanwhile: paint below what they left."""
        self._painted = 0
        self._is_stale = True

    def tick(self) -> None:
        """Paint what has changed."""
        if self._is_stale:
            self._is_stale = False
            columns, rows = shutil.get_terminal_size()
            self._columns = columns
            lines = [_cut(each, columns - 1) for each in self.lines(rows - 1)]
            self._console.repaint(lines, self._painted)
            self._painted = len(lines)

    def erase(self) -> None:
        """Take the view away."""
        self._console.repaint([], self._painted)
        self._painted = 0

    def key(self, data: bytes) -> None:
        """Do what keys say."""
        for name in names(data):
            self._note = ""
            self._is_stale = True
            if self._panel == "filter":
                self._typed(name)
            elif self._panel == "faults":
                self._note, closed = self._do.faults.key(name)
                self._panel = "list" if closed else "faults"
            else:
                self._pressed(name)

    def lines(self, rows: int) -> list[Line]:
        """The view in so many lines at most."""
        opening = shortened(self._opening, max(rows - AROUND - ROWS_MIN, 1))
        room = max(rows - len(opening) - AROUND, ROWS_MIN)
        return [
            *opening,
            [],
            *self._middle(room),
            self._kept_filter(),
            line(Span(f"  {self._do.numbers()}{'   paused' if self._frozen is not None else ''}", "strong")),
            line(Span(f"  {self._keys()}", "dim")),
        ]

    def _kept_filter(self) -> Line:
        """What hides some of the list, as long as it does."""
        if self._filter and self._panel == "list":
            return line("  filter ", Span(one_line(self._filter), "strong"), Span("   [/] changes it", "dim"))
        return []

    def _keys(self) -> str:
        if self._panel == "filter":
            return f"filter: {self._filter}_   [enter] keep  [escape] all"
        if self._note:
            return one_line(self._note)
        if self._panel == "faults":
            return self._do.faults.keys
        if self._panel == "detail":
            return DETAIL_KEYS.format(AGAIN_KEY if self._do.again else "")
        return KEYS.format("pause" if self._frozen is None else "go on", AGAIN_KEY if self._do.again else "")

    def _middle(self, room: int) -> list[Line]:
        if self._panel == "faults":
            return self._do.faults.lines(room)
        listed = self._listed()
        at = self._at(listed)
        if self._panel == "detail" and listed:
            return self._rows.detail(listed[at], room)
        if not listed:
            said = f"nothing yet that has {self._filter!r}" if self._filter else "nothing yet"
            return [self._rows.head(self._columns, []), line(Span(f"         {said}", "dim"))]
        first = max(0, min(at, len(listed) - room + 1))
        shown = listed[first : first + room - 1]
        head = self._rows.head(self._columns, shown)
        rows = (self._rows.row(each, listed[:index], chosen=index == at) for index, each in enumerate(shown, first))
        return [head, *rows]

    def _listed(self) -> list[Any]:
        """What the list holds, as the filter and the pause say."""
        held = list(self._heard) if self._frozen is None else self._frozen
        return [each for each in held if self._filter in self._rows.text(each)] if self._filter else held

    def _at(self, listed: list[Any]) -> int:
        """Where the chosen one stands; the last where it is gone."""
        at = next((index for index, each in enumerate(listed) if each.number == self._chosen), None)
        return len(listed) - 1 if at is None else at

    def _pressed(self, name: str) -> None:
        listed = self._listed()
        if name in ("up", "down", "page up", "page down", "j", "k", "end") and listed:
            step = {"up": -1, "k": -1, "down": 1, "j": 1, "page up": -10, "page down": 10}.get(name, len(listed))
            at = min(max(self._at(listed) + step, 0), len(listed) - 1)
            self._chosen = listed[at].number if at < len(listed) - 1 else 0
        elif name == " ":
            self._frozen = list(self._heard) if self._frozen is None else None
        elif name == "enter":
            self._open_or_close(listed)
        elif name == "escape":
            self._panel = "list"
        elif name == "r" and listed and self._do.again is not None:
            self._note = self._do.again(listed[self._at(listed)])
        elif name == "/":
            self._panel = "filter"
        elif name == "f":
            self._panel = "faults"
        elif name == "q":
            self._do.stop()

    def _open_or_close(self, listed: list[Any]) -> None:
        if self._panel == "detail" or not listed:
            self._panel = "list"
            return
        self._chosen = listed[self._at(listed)].number  # so that it stays while others come
        self._panel = "detail"

    def _typed(self, name: str) -> None:
        """A key while the filter is written."""
        if name in ("enter", "escape"):
            self._filter = self._filter if name == "enter" else ""
            self._panel = "list"
        elif name == "back":
            self._filter = self._filter[:-1]
        elif len(name) == 1 and len(self._filter) < FILTER_CHARS_MAX:
            self._filter += name


def _cut(one: Line, columns: int) -> Line:
    """A line no wider than that: what wraps is not erased."""
    left, kept = columns, []
    for span in one:
        kept.append(Span(span.text[:left], span.role))
        left -= len(kept[-1].text)
    return kept

"""The live view of a proxy: the last exchanges, what there were in all, and keys to look closer and to change faults.

It is painted at the bottom of the terminal and gone at the end. What it knows it is told as a listener of the session,
so a request costs it one entry in a bounded list; everything else is done when it is painted.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from fozzy.cli import proxy_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.keys import names
from fozzy.cli.proxy_detail import detail
from fozzy.cli.proxy_faults import FaultPanel
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.report.text import Line, Span, line, one_line

KEPT_MAX = 500  # exchanges that can be looked at; a screen shows a few dozen
ROWS_MIN = 3
COLUMNS = 80  # until it is known
AROUND = 5  # lines around the list
FILTER_CHARS_MAX = 60
KEYS = "[space] {}  [enter] detail  [r] replay this one  [/] filter  [q] stop"  # [f] stands beside the faults
DETAIL_KEYS = "[enter] back  [up] [down] others  [r] replay this one  [q] stop"

Panel = Literal["list", "detail", "filter", "faults"]


class Doing(NamedTuple):
    """What the view can have done."""

    stop: Callable[[], None]
    again: Callable[[Exchange], str]  # sends a request once more; says what it does
    numbers: Callable[[], screen.Numbers]
    faults: FaultPanel


class LiveView:
    """What is on the terminal, and what each key makes of it."""

    def __init__(self, console: Console, opening: list[Line], doing: Doing) -> None:
        self._console = console
        self._opening = opening
        self._do = doing
        self._heard: deque[Exchange] = deque(maxlen=KEPT_MAX)
        self._frozen: list[Exchange] | None = None  # what was there when it was paused
        self._chosen = 0  # the number of the exchange that is chosen; 0 is the last one
        self._filter = ""
        self._panel: Panel = "list"
        self._note = ""
        self._painted = 0
        self._columns = COLUMNS
        self._room = screen.PATH_CHARS  # for paths
        self._is_stale = True

    def hear(self, record: Record) -> None:
        """Take note of an exchange or a change."""
        if type(record) is Exchange:
            self._heard.append(record)
        elif type(record) is Event:
            self._note = screen.change_line(record).partition("CHANGE ")[2]
        self._is_stale = True

    def opened(self, opening: list[Line]) -> None:
        """Other first lines: the faults have changed."""
        self._opening = opening
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
        room = max(rows - len(self._opening) - AROUND, ROWS_MIN)
        numbers = screen.numbers_line(self._do.numbers())
        return [
            *self._opening,
            [],
            *self._middle(room),
            self._kept_filter(),
            line(Span(f"  {numbers}{'   paused' if self._frozen is not None else ''}", "strong")),
            line(Span(f"  {self._keys()}", "dim")),
        ]

    def _kept_filter(self) -> Line:
        """What hides some of the exchanges, as long as it does."""
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
            return DETAIL_KEYS
        return KEYS.format("pause" if self._frozen is None else "go on")

    def _middle(self, room: int) -> list[Line]:
        if self._panel == "faults":
            return self._do.faults.lines(room)
        listed = self._listed()
        at = self._at(listed)
        if self._panel == "detail" and listed:
            return detail(listed[at], room)
        self._room = screen.path_room(self._columns)
        if not listed:
            said = f"nothing yet that has {self._filter!r}" if self._filter else "nothing yet"
            return [screen.row_head(self._room), line(Span(f"         {said}", "dim"))]
        first = max(0, min(at, len(listed) - room + 1))
        shown = listed[first : first + room - 1]
        self._room = screen.path_room(self._columns, shown)
        return [
            screen.row_head(self._room),
            *(self._row(each, listed, first + index, at) for index, each in enumerate(shown)),
        ]

    def _row(self, exchange: Exchange, listed: list[Exchange], index: int, at: int) -> Line:
        return screen.row(exchange, self._room, chosen=index == at, again=_is_retry(exchange, listed[:index]))

    def _listed(self) -> list[Exchange]:
        """What the list holds, as the filter and the pause say."""
        held = list(self._heard) if self._frozen is None else self._frozen
        return [each for each in held if self._filter in screen.exchange_line(each)] if self._filter else held

    def _at(self, listed: list[Exchange]) -> int:
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
        elif name == "r" and listed:
            self._note = self._do.again(listed[self._at(listed)])
        elif name == "/":
            self._panel = "filter"
        elif name == "f":
            self._panel = "faults"
        elif name == "q":
            self._do.stop()

    def _open_or_close(self, listed: list[Exchange]) -> None:
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


def _is_retry(exchange: Exchange, before: list[Exchange]) -> bool:
    """Whether the same was asked before and a fault had struck it."""
    if exchange.occurrence < 2 or not exchange.key:
        return False
    last = next((each for each in reversed(before) if each.key == exchange.key), None)
    return last is not None and bool(last.applied)


def _cut(one: Line, columns: int) -> Line:
    """A line no wider than that: what wraps is not erased."""
    left, kept = columns, []
    for span in one:
        kept.append(Span(span.text[:left], span.role))
        left -= len(kept[-1].text)
    return kept

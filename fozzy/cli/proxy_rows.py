"""What a live view lists: exchanges over HTTP. Connections and messages over TCP stand in `proxy_tcp_rows`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from fozzy.cli import proxy_screen as screen
from fozzy.cli.proxy_detail import detail
from fozzy.core.events import Record
from fozzy.core.exchange import Exchange
from fozzy.report.text import Line


class Rows(Protocol):
    """What a view shows of the records that it lists, each of which has a `number`."""

    def lists(self, record: Record) -> bool:
        """Whether it is one of them."""

    def text(self, record: Any) -> str:
        """What a filter looks at."""

    def head(self, columns: int, shown: Sequence[Any]) -> Line:
        """The names of the columns, in a terminal that wide, above these records."""

    def row(self, record: Any, before: Sequence[Any], *, chosen: bool) -> Line:
        """A record in columns as `head` made them last; `before` are those before it."""

    def detail(self, record: Any, room: int) -> list[Line]:
        """One in full, in so many lines at most."""


class HttpRows:
    """Exchanges."""

    def __init__(self) -> None:
        self._room = screen.PATH_CHARS  # for paths

    def lists(self, record: Record) -> bool:
        """Whether it is an exchange."""
        return type(record) is Exchange

    def text(self, exchange: Exchange) -> str:
        """The line that a pipe gets."""
        return screen.exchange_line(exchange)

    def head(self, columns: int, shown: Sequence[Exchange]) -> Line:
        """The names of the columns."""
        self._room = screen.path_room(columns, shown)
        return screen.row_head(self._room)

    def row(self, exchange: Exchange, before: Sequence[Exchange], *, chosen: bool) -> Line:
        """One exchange; whether it asks once more is known from those before it."""
        return screen.row(exchange, self._room, chosen=chosen, again=_is_retry(exchange, before))

    def detail(self, exchange: Exchange, room: int) -> list[Line]:
        """Its messages, its rolls and notes."""
        return detail(exchange, room)


def _is_retry(exchange: Exchange, before: Sequence[Exchange]) -> bool:
    """Whether the same was asked before and a fault had struck it."""
    if exchange.occurrence < 2 or not exchange.key:
        return False
    last = next((each for each in reversed(before) if each.key == exchange.key), None)
    return last is not None and bool(last.applied)

"""What the live view of TCP proxies lists: connections at their ends, and messages that a toxic struck, or all of them."""

from __future__ import annotations

from collections.abc import Sequence

from fozzy.cli import proxy_tcp_screen as screen
from fozzy.cli.proxy_screen import brief, room_beside, seconds
from fozzy.cli.wire_detail import wire_detail
from fozzy.core.events import Record
from fozzy.core.wires import Connected, Spoken
from fozzy.report.text import Line, Role, Span, duration, line, one_line

Wire = Connected | Spoken

WIRE_CHARS = 10  # of a proxy's name and a connection's number
OTHER_COLUMNS = 49  # of everything else in a row, without what toxics did


class TcpRows:
    """Connections and messages."""

    def __init__(self, *, all_messages: bool) -> None:
        self._all = all_messages
        self._room = 0

    def lists(self, record: Record) -> bool:
        """Whether it is a connection, or a message that is shown."""
        return isinstance(record, Connected) or (isinstance(record, Spoken) and bool(record.struck or self._all))

    def text(self, record: Wire) -> str:
        """The line that a pipe gets."""
        return screen.message_line(record) if isinstance(record, Spoken) else screen.connection_line(record)

    def head(self, columns: int, shown: Sequence[Wire]) -> Line:
        """The names of the columns."""
        widest = max((len(screen.struck_words(each.struck)) for each in shown), default=0)
        self._room = room_beside(columns, OTHER_COLUMNS, widest)
        wire = f"{'wire':<{WIRE_CHARS}}"
        text = f"{'#':>5} {'time':>7} {wire}   {'what':<{self._room}} {'up':>5} {'down':>5} {'took':>6}  toxic"
        return line(Span(text, "dim"))

    def row(self, record: Wire, before: Sequence[Wire], *, chosen: bool) -> Line:
        """One of them."""
        struck = screen.struck_words(record.struck)
        arrow, what, up, down = _spoken(record) if isinstance(record, Spoken) else _connected(record)
        number = f"#{record.connection}"
        name = f"{_cut(record.at, WIRE_CHARS - len(number))}{number}"
        text = (
            f"{'>' if chosen else ' '}{record.number:>4} {seconds(record.arrived):>7} {name:<{WIRE_CHARS}} "
            f"{arrow} {_cut(what, self._room):<{self._room}} {up:>5} {down:>5} {duration(record.t - record.arrived):>6}  "
        )
        role: Role = "warn" if any(each.applied for each in record.struck) else "dim"
        return line(Span(text, "strong" if chosen else ""), Span(struck, role))

    def detail(self, record: Wire, room: int) -> list[Line]:
        """What flowed, what struck it, its rolls."""
        return wire_detail(record, room)


def _spoken(spoken: Spoken) -> tuple[str, str, str, str]:
    size = brief(spoken.bytes)
    said = spoken.about or spoken.said
    what = said if said and spoken.of in ("turn", "request", "reply") else f"{spoken.of} {said}"
    return (">", what, size, "") if spoken.stream == "upstream" else ("<", what, "", size)


def _connected(connected: Connected) -> tuple[str, str, str, str]:
    up, down = connected.upstream.bytes, connected.downstream.bytes
    return " ", f"closed by {connected.by}", brief(up), brief(down)


def _cut(text: str, room: int) -> str:
    """A text in one line of so many characters."""
    text = one_line(text)
    return text if len(text) <= room else f"{text[: max(room - 1, 0)]}…"

"""Who shows running TCP proxies: lines, records as JSON, the live view, or nobody. They wait for their readers as those of HTTP do.

A connection gets a line at its end, a message where a toxic struck it, with -v every message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.cli import proxy_screen
from fozzy.cli import proxy_tcp_screen as screen
from fozzy.cli.console import Console
from fozzy.cli.proxy_fronts import EDIT, Lines, Live, Records, Silent, Told, is_watched
from fozzy.core.events import Event, Record
from fozzy.core.redact_records import RecordCleaner
from fozzy.core.wires import Connected, Spoken
from fozzy.report.text import Line

if TYPE_CHECKING:
    from fozzy.chaos.tcp.parts import TcpRunning
    from fozzy.cli.proxy_live import Doing
    from fozzy.cli.proxy_rows import Rows


class _OfTcp(Silent):
    """What is said of TCP."""

    def made_token(self) -> str:
        """The token of the controls that was made up, if one was."""
        return "" if self.proxy is None else str(self.proxy.parts.made_token)

    def opening(self) -> list[Line]:
        """The first lines."""
        return [] if self.proxy is None else opening(self.proxy)

    def text_of(self, record: Record) -> str | None:
        """A record in a line of a pipe."""
        if isinstance(record, Spoken):
            is_shown = record.struck or self.console.verbose
            return screen.message_line(record) if is_shown else None
        if isinstance(record, Connected):
            return screen.connection_line(record)
        return proxy_screen.change_line(record) if isinstance(record, Event) else None


class TcpSilent(_OfTcp):
    """Shows nothing while it runs."""


class TcpTold(_OfTcp, Told):
    """Says where it listens, on stderr: for `--json`."""


class TcpLines(_OfTcp, Lines):
    """A line for each connection, each message that was struck, each change; secrets are taken out."""

    def __init__(self, console: Console, redact: tuple[str, ...]) -> None:
        from fozzy.chaos.cassette.header import wire_redactor

        super().__init__(console)
        self._cleaner = RecordCleaner(wire_redactor(list(redact)))

    def hear(self, record: Record) -> None:
        """Take note of it."""
        super().hear(self._cleaner.clean(record))


class TcpLive(_OfTcp, Live):
    """The live view: connections, messages that were struck, with -v every message; secrets are taken out."""

    def __init__(self, console: Console, redact: tuple[str, ...]) -> None:
        from fozzy.chaos.cassette.header import wire_redactor

        super().__init__(console)
        self._cleaner = RecordCleaner(wire_redactor(list(redact)))

    def opening(self) -> list[Line]:
        """The first lines, with the key beside the toxics."""
        return [] if self.proxy is None else opening(self.proxy, EDIT)

    def shown(self, proxy: TcpRunning) -> tuple[Rows, Doing]:
        """What the view lists, and what it can have done."""
        from fozzy.cli.proxy_live import Doing
        from fozzy.cli.proxy_tcp_faults import ToxicPanel
        from fozzy.cli.proxy_tcp_rows import TcpRows

        def numbers() -> str:
            return screen.numbers_line(
                proxy.parts.totals, sum(len(each.links) for each in proxy.engine.points.values())
            )

        return TcpRows(all_messages=bool(self.console.verbose)), Doing(proxy.stop, numbers, ToxicPanel(proxy, self.say))

    def hear(self, record: Record) -> None:
        """Take note of it."""
        super().hear(self._cleaner.clean(record))


class TcpRecords(_OfTcp, Records):
    """Every record as a line of JSON, without its secrets."""

    def __init__(self, console: Console, redact: tuple[str, ...]) -> None:
        super().__init__(console, redact)
        self._records = RecordCleaner(self.redactor)

    def cleaned(self, record: Record) -> Record:
        """A record without its secrets."""
        return self._records.clean(record)


def tcp_front_of(console: Console, *, events: bool, redact: tuple[str, ...]) -> _OfTcp:
    """Who shows it to this audience."""
    if events:
        return TcpRecords(console, redact)
    if console.json:
        return TcpTold(console)
    if console.quiet:
        return TcpSilent(console)
    return TcpLive(console, redact) if is_watched(console) else TcpLines(console, redact)


def opening(run: TcpRunning, hint: str = "") -> list[Line]:
    """The first lines of proxies, as they are now."""
    parts = run.parts
    recorder = parts.recorder
    opened = screen.Opened(
        proxies=run.engine.plan.proxies,
        control=parts.controlled,
        seed=run.seed,
        recording="" if recorder is None else f"recording to {recorder.path_to_be}",
        notes=parts.notes,
    )
    return screen.opening(opened, hint)

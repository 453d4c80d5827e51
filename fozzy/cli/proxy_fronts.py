"""Who shows a running proxy: lines in a pipe, records as JSON, the live view of a terminal, or nobody. Of HTTP, and what others build on.

Rule 1: traffic does not wait for who reads: what is said waits in a bounded list, and is written when the reader is
ready. Lines that do not fit are counted and said to be missing; records are never left out, so for them it does wait.
Rule 2: a terminal is put back however the proxy ends.
"""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from fozzy.cli import proxy_screen as screen
from fozzy.cli.console import Console
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.core.redact import Redactor
from fozzy.core.redact_exchange import ExchangeCleaner
from fozzy.report.text import Line, count, line

if TYPE_CHECKING:
    from fozzy.chaos.parts import Running
    from fozzy.chaos.settings import Cassette
    from fozzy.cli.proxy_live import Doing
    from fozzy.cli.proxy_rows import Rows

LINES_MAX = 10_000  # that wait for who reads; about 1 MB
RECORDS_BYTES_MAX = 8 << 20
EDIT = "[f] edit"
SHOWN_BYTES = 8192  # of a body, in the live view; a longer one cannot be sent again
CHUNK_CHARS = 4000  # a pipe that is ready takes at least 4096 bytes


class Silent:
    """Shows nothing while it runs. Base of the others."""

    tick_s = 1.0
    keeps_opening = True  # what it said at first is still to be read at the end

    def __init__(self, console: Console) -> None:
        self.console = console
        self.proxy: Any = None  # a `Running`, or what others show

    def begun(self, proxy: Any) -> None:
        """It listens. A token that was made up is said to everybody: without it nobody controls."""
        self.proxy = proxy
        if self.made_token():
            self.console.talk(screen.token_lines(self.made_token()))

    def made_token(self) -> str:
        """The token of the controls that was made up, if one was."""
        return "" if self.proxy is None else self.proxy.parts.made_token

    def opening(self) -> list[Line]:
        """The first lines."""
        return [] if self.proxy is None else opening(self.proxy)

    def text_of(self, record: Record) -> str | None:
        """A record in a line of a pipe; none for what is not shown."""
        if type(record) is Exchange:
            return screen.exchange_line(record)
        return screen.change_line(record) if type(record) is Event else None

    def hear(self, record: Record) -> None:
        """An exchange ended, or something was changed."""

    def tick(self) -> None:
        """Time to show what is new."""

    def keys(self) -> int | None:
        """Nobody types."""
        return None

    def key(self, data: bytes) -> None:
        """Nobody does."""

    def waiting(self, reason: str) -> None:
        """Say why it does not end yet."""
        self.console.talk([line(f"  stopping: waiting for {reason}, 5s at most. Ctrl-C again ends it now")])

    def close(self) -> None:
        """Show the rest."""


class Told(Silent):
    """Says where it listens, on stderr, and shows nothing else: for `--json`."""

    def begun(self, proxy: Any) -> None:
        """It listens."""
        super().begun(proxy)
        self.console.talk(self.opening())


class Lines(Silent):
    """A line for each exchange and change."""

    tick_s = 0.05

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._waiting: deque[str] = deque()
        self._missing = 0

    def begun(self, proxy: Any) -> None:
        """It listens."""
        super().begun(proxy)
        self.console.answer([*self.opening(), []])

    def hear(self, record: Record) -> None:
        """Take note of it."""
        text = self.text_of(record)
        if text is None:
            return
        if len(self._waiting) >= LINES_MAX:
            self._missing += 1
        else:
            self._waiting.append(text)

    def tick(self) -> None:
        """Write as much as who reads takes now."""
        while self._waiting and self.console.is_ready():
            self._write()

    def close(self) -> None:
        """Write the rest."""
        while self._waiting:
            self._write()

    def _write(self) -> None:
        chunk: list[str] = []
        size = 0
        while self._waiting and (not chunk or size + len(self._waiting[0]) < CHUNK_CHARS):
            text = self._waiting.popleft()
            size += (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) + 1
            chunk.append(text)
        if self._missing and not self._waiting:
            chunk.append(f"… {count(self._missing, 'line')} left out: nobody read them fast enough")
            self._missing = 0
        self.console.raw("\n".join([*chunk, ""]))


class Records(Silent):
    """Every record as a line of JSON, without its secrets."""

    tick_s = 0.05

    def __init__(self, console: Console, redact: tuple[str, ...]) -> None:
        super().__init__(console)
        self.redactor = Redactor(redact)
        self._cleaner = ExchangeCleaner(self.redactor)
        self._waiting: list[bytes] = []
        self._bytes = 0

    def begun(self, proxy: Any) -> None:
        """It listens."""
        super().begun(proxy)
        self.console.talk(self.opening())

    def cleaned(self, record: Record) -> Record:
        """A record without its secrets."""
        if type(record) is Exchange:
            return self._cleaner.clean(record)
        if type(record) is Event:
            return msgspec.structs.replace(record, fields=self.redactor.clean(record.fields))
        return record

    def hear(self, record: Record) -> None:
        """Take it; what is too much to wait is written at once."""
        data = msgspec.json.encode(self.cleaned(record))
        self._waiting.append(data)
        self._bytes += len(data)
        if self._bytes > RECORDS_BYTES_MAX:
            self.close()

    def tick(self) -> None:
        """Write what there is when who reads is ready."""
        if self._waiting and self.console.is_ready():
            self.close()

    def close(self) -> None:
        """Write all."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if waiting:
            self.console.raw("".join(f"{each.decode()}\n" for each in waiting))


class Live(Silent):
    """The live view."""

    tick_s = 0.1
    keeps_opening = False

    def __init__(self, console: Console) -> None:
        from fozzy.cli.proxy_live import LiveView

        super().__init__(console)
        self._kind = LiveView
        self._view: LiveView | None = None
        self._early: list[Record] = []
        self._stack = contextlib.ExitStack()

    def begun(self, proxy: Any) -> None:
        """It listens."""
        super().begun(proxy)
        rows, doing = self.shown(proxy)
        self._view = self._kind(self.console, self.opening(), rows, doing)
        for record in self._early:
            self._view.hear(record)
        self._view.tick()

    def shown(self, proxy: Any) -> tuple[Rows, Doing]:
        """What the view lists, and what it can have done."""
        from fozzy.cli.proxy_faults import FaultPanel
        from fozzy.cli.proxy_live import Doing
        from fozzy.cli.proxy_rows import HttpRows

        def numbers() -> str:
            return screen.numbers_line(numbers_of(proxy))

        proxy.session.shown_bytes = max(proxy.session.shown_bytes, SHOWN_BYTES)
        return HttpRows(), Doing(proxy.stop, numbers, FaultPanel(proxy.session), proxy.again)

    def opening(self) -> list[Line]:
        """The first lines, with the key beside the faults."""
        return [] if self.proxy is None else opening(self.proxy, EDIT)

    def hear(self, record: Record) -> None:
        """Take note of it."""
        if self._view is None:
            self._early.append(record)
            return
        self._view.hear(record)
        if type(record) is Event:
            self._view.opened(self.opening())

    def say(self, note: str) -> None:
        """Words in the place of the keys, until the next one."""
        if self._view is not None:
            self._view.say(note)

    def tick(self) -> None:
        """Paint."""
        if self._view is not None:
            self._view.tick()

    def keys(self) -> int | None:
        """The terminal, from now on with single keys."""
        from fozzy.cli import keys

        if not keys.can_read():
            return None
        return self._stack.enter_context(keys.single_keys(self._woken))

    def key(self, data: bytes) -> None:
        """Do what was typed."""
        if self._view is not None:
            self._view.key(data)
            self._view.tick()

    def waiting(self, reason: str) -> None:
        """Say why it does not end yet, in the place of the view."""
        if self._view is not None:
            self._view.erase()
        super().waiting(reason)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._stack.close()
        if self._view is not None:
            self._view.erase()

    def _woken(self) -> None:
        if self._view is not None:
            self._view.woken()


def front_of(console: Console, *, events: bool, redact: tuple[str, ...]) -> Silent:
    """Who shows it to this audience."""
    if events:
        return Records(console, redact)
    if console.json:
        return Told(console)
    if console.quiet:
        return Silent(console)
    return Live(console) if is_watched(console) else Lines(console)


def is_watched(console: Console) -> bool:
    """Whether a person sits in front of it: both streams are a terminal, and it is theirs now."""
    from fozzy.cli import keys

    return console.is_live and sys.stdout.isatty() and (keys.can_read() or not sys.stdin.isatty())


def opening(proxy: Running, hint: str = "") -> list[Line]:
    """The first lines of a proxy, as it is now."""
    from fozzy.cli.proxy_words import plan_words

    state = proxy.engine.state
    names = [each.name for each in state.active]
    section = state.scenario(names[0]) if names else None
    words = plan_words(state.plan, section or state.plan) if state.enabled else ["chaos is off"]
    settings = proxy.parts.settings
    cassette = settings.cassette
    is_replay = cassette is not None and cassette.mode == "replay"
    opened = screen.Opened(
        listen=proxy.url if proxy.is_secure else str(proxy.address),
        upstream="recording" if is_replay else (settings.upstream.url or "").removeprefix("http://"),
        control="" if proxy.control_address is None else str(proxy.control_address),
        seed=proxy.seed,
        words=words,
        notes=proxy.parts.notes,
        scenario=", ".join(names),
        cassette="" if cassette is None else cassette_words(cassette),
    )
    return screen.opening(opened, hint)


def cassette_words(cassette: Cassette) -> str:
    """What is done with a recording. Of one whose name may turn out to be taken no name is promised."""
    said = f"{_DOES[cassette.mode]} {cassette.path}{'/' if cassette.is_folder else ''}"
    is_open = cassette.mode == "record" and cassette.policy == "append"
    return f"{said} (or the next free name)" if is_open and cassette.path.exists() else said


_DOES = {"record": "recording to", "replay": "answering from", "auto": "answering from and adding to"}


def numbers_of(proxy: Running) -> screen.Numbers:
    """All exchanges in numbers."""
    totals = proxy.totals
    p50, p99 = totals.percentiles()
    return screen.Numbers(totals.exchanges, totals.faulted, p50, p99, proxy.parts.tapes.bytes(), proxy.session.load)

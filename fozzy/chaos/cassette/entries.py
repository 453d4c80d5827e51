"""What a recording holds, by what it is found: an index in memory, the exchanges themselves stay on the disk.

Requests that are the same are one `Group`, in the order in which they were decided; each test has groups of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from fozzy.chaos.cassette.header import refuse_others
from fozzy.chaos.cassette.matching import Matching, digest_of
from fozzy.chaos.cassette.streams import last_event_end
from fozzy.core.exchange import Exchange
from fozzy.core.redact_exchange import ANSWER_MARK
from fozzy.errors import EvidenceError, StoreError, UsageError, Where
from fozzy.faults.http.compile import OUTLIVED
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.reader import Trace, open_trace

_NUMBERED = re.compile(rf"\.[0-9]+{re.escape(SUFFIX)}\Z")
CUTTING = ("disconnect", "partial", "cut_stream", "stall", OUTLIVED)  # what ends an answer before its end

_exchanges = msgspec.json.Decoder(Exchange)
_EXCHANGE = b'"kind":"exchange"'


class Entry(NamedTuple):
    """A recorded exchange: where it is, and why its true answer cannot be served (nothing where it can)."""

    file: int
    offset: int
    size: int
    number: int
    flaw: str
    acts_alone: bool  # though flawed it can be served as it was recorded


class Group:
    """Exchanges whose requests are the same."""

    __slots__ = ("asked", "body", "entries", "head", "test")

    def __init__(self, test: str, head: tuple[str, ...], body: bytes) -> None:
        self.test = test
        self.head = head
        self.body = body  # its digest
        self.entries: list[Entry] = []
        self.asked = 0  # how often it was asked for

    def usable(self, as_recorded: bool) -> list[Entry]:
        """The exchanges that can be served."""
        return [entry for entry in self.entries if not entry.flaw or (as_recorded and entry.acts_alone)]


class Entries:
    """The index. *Closes*: `close`."""

    def __init__(self, paths: list[Path], matching: Matching) -> None:
        """*Errors*: `EvidenceError` for a trace that cannot be trusted, `StoreError`, `UsageError` for another sort."""
        self.matching = matching
        self.groups: dict[tuple[str, tuple[str, ...], bytes], Group] = {}
        self.by_head: dict[tuple[str, tuple[str, ...]], list[Group]] = {}
        self.count = 0
        self._files: list[BinaryIO] = []
        self._tests: dict[str, set[str]] = {}  # by the name of a file
        try:
            for path in paths:
                self._files.append(path.open("rb"))
                with open_trace(path) as trace:
                    self._read(trace)
            self._refuse_several(paths)
        except OSError as error:
            self.close()
            message = f"cannot read {shown_path(path)}: {error.strerror}"
            raise StoreError("trace.unreadable", message, where=Where(shown_path(path))) from error
        except BaseException:
            self.close()
            raise
        for group in self.groups.values():
            group.entries.sort(key=lambda entry: entry.number)

    def exchange(self, entry: Entry) -> Exchange:
        """A recorded exchange."""
        data = os.pread(self._files[entry.file].fileno(), entry.size, entry.offset)
        return _exchanges.decode(data)

    def close(self) -> None:
        """Let go of the files."""
        for file in self._files:
            file.close()

    def _read(self, trace: Trace) -> None:
        trace.check_seal()
        refuse_others(trace.header(), trace.shown)
        for offset, line in _lines(trace):
            if _EXCHANGE in line[:40]:
                try:
                    exchange = _exchanges.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                    raise EvidenceError("trace.damaged", f"{trace.shown}: a record makes no sense: {error}") from error
                self._add(exchange, (len(self._files) - 1, offset, len(line)))
                self._tests.setdefault(trace.path.name, set()).add(exchange.test)

    def _refuse_several(self, paths: list[Path]) -> None:
        """Two recordings of one test in a folder, `t.fozzy` and `t.1.fozzy`, answer differently. *Errors*: `UsageError`."""
        for path in paths:
            first = path.with_name(_NUMBERED.sub(SUFFIX, path.name))
            both = self._tests.get(path.name, set()) & self._tests.get(first.name, set())
            if first != path and both:
                raise UsageError(
                    "chaos.recorded_twice",
                    f"{shown_path(first)} and {shown_path(path)} are recordings of the same test",
                    hint="keep one of them in the folder; --record DIR/ replaces the older one unless told otherwise",
                )

    def _add(self, exchange: Exchange, place: tuple[int, int, int]) -> None:
        request = exchange.request
        head = self.matching.head(request.method, request.target, request.headers)
        body = digest_of(request.body.data())
        key = (exchange.test, head, body)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(*key)
            self.by_head.setdefault((exchange.test, head), []).append(group)
        flaw = flaw_of(exchange)
        group.entries.append(Entry(*place, exchange.number, flaw, bool(flaw) and acts_alone(exchange)))
        self.count += 1


def cassette_files(path: Path) -> list[Path]:
    """The files of a recording: the one that is named, or all in a folder, sorted. *Errors*: `StoreError`."""
    if not path.is_dir():
        return [path]
    found = sorted(path / name for name in os.listdir(path) if name.endswith(SUFFIX))
    if not found:
        message = f"there is no recording in {shown_path(path)}"
        raise StoreError("chaos.empty_folder", message, hint=f"a recording is a file that ends with {SUFFIX}")
    return found


def flaw_of(exchange: Exchange) -> str:
    """Why an exchange has no true answer that could be served; nothing where it has."""
    answer, sent = exchange.answer, exchange.sent
    if exchange.not_recorded:
        return f"it is not recorded whole: {exchange.not_recorded}"
    if exchange.source == "internal":
        return "fozzy itself answered it"
    if answer is not None and answer.status == 101:
        return "it switched protocols, and what was said then is not recorded"
    is_gone = sent is not None and sent.ended == "client_gone"
    if answer is None:
        if exchange.applied == OUTLIVED:
            return "its connection had been open for as long as it may"
        if exchange.applied:
            return f"the fault {exchange.applied} answered it and upstream was not asked"
        if exchange.reason == "not_recorded":
            return "no recording had an answer, and there was no upstream"
        if is_gone:
            return "the client left before it was answered"
        return "" if sent is not None and sent.status >= 500 else "it was not answered"
    if sent is not None and is_gone:
        end = last_event_end(answer)
        is_whole = answer.ended in ("whole", "fin") and (sent.bytes >= answer.bytes or not sent.status)
        is_all = is_whole or (end is not None and sent.bytes >= end)
        return "" if is_all else "the client left before the answer had ended"
    is_cut = answer.ended not in ("whole", "fin") and exchange.applied in CUTTING
    return f"the fault {exchange.applied} ended it before upstream had" if is_cut else ""


def acts_alone(exchange: Exchange) -> bool:
    """Whether what was decided then makes all that was sent, or ends it no later than the recorded answer does."""
    if exchange.not_recorded or exchange.number == 0 or (exchange.sent and exchange.sent.ended == "client_gone"):
        return False
    return exchange.applied not in ("", OUTLIVED) or exchange.source == "internal"


def is_altered(exchange: Exchange) -> bool:
    """Whether the recorded answer is not the true one, since it has lost its secrets."""
    return ANSWER_MARK in exchange.notes


def _lines(trace: Trace) -> Iterator[tuple[int, bytes]]:
    offset = len(trace.header_bytes) + 1
    for block in trace.blocks():
        for line in block.splitlines(keepends=True):
            yield offset, line
            offset += len(line)

"""What a recording holds in the order in which it was decided, session by session: requests and changes of the plan.

Records stand in the order in which exchanges ended; this is the other order. Only places are kept in memory.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from fozzy.chaos.cassette.header import Begun, begun_again, begun_of
from fozzy.chaos.cassette.tape import SESSION
from fozzy.chaos.session import CHANGE
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.errors import EvidenceError, StoreError, UsageError, Where
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import Footer, Header
from fozzy.trace.reader import Trace, open_trace, record_decoder


class Moment(NamedTuple):
    """A request or a change: when it was decided, which record it is, and where that stands."""

    number: int
    n: int
    file: int
    offset: int
    size: int
    is_change: bool


class Sitting(NamedTuple):
    """One session of a recording: what its engine started with, and what it decided, in order."""

    begun: Begun
    moments: list[Moment]


class Timeline:
    """An opened recording of one or several files. *Closes*: use it in a `with` block."""

    def __init__(self, paths: list[Path], *, unsafe: bool = False) -> None:
        """*Errors*: `EvidenceError` for what cannot be trusted or decided; `StoreError`, `UsageError`."""
        self.shown = shown_path(paths[0] if len(paths) == 1 else paths[0].parent)
        self.sittings: list[Sitting] = []
        self.records = 0
        self.is_cut_off = False
        self._files: list[BinaryIO] = []
        self.header, self.footer = self._opened(paths, unsafe)
        for sitting in self.sittings:
            sitting.moments.sort()

    def __enter__(self) -> Timeline:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def record(self, moment: Moment) -> Record:
        """The record of a moment. *Errors*: `EvidenceError`."""
        data = os.pread(self._files[moment.file].fileno(), moment.size, moment.offset)
        return self._decoded(data)

    def exchanges(self) -> Iterator[Exchange]:
        """Every request that was decided, in that order."""
        for sitting in self.sittings:
            for moment in sitting.moments:
                if not moment.is_change:
                    record = self.record(moment)
                    assert isinstance(record, Exchange)
                    yield record

    def _opened(self, paths: list[Path], unsafe: bool) -> tuple[Header, Footer | None]:
        first: tuple[Header, Footer | None] | None = None
        try:
            for path in paths:
                self._files.append(path.open("rb"))
                with open_trace(path) as trace:
                    if trace.is_sealed or not unsafe:
                        trace.check_seal()
                    opened = trace.header(), trace.footer()
                    self._read(trace, is_one=len(paths) == 1)
                first = first or opened
                self.is_cut_off |= opened[1] is None or opened[1].end != "sealed"
        except OSError as error:
            self.__exit__()
            message = f"cannot read {shown_path(path)}: {error.strerror}"
            raise StoreError("trace.unreadable", message, where=Where(shown_path(path))) from error
        except BaseException:
            self.__exit__()
            raise
        assert first is not None
        return first

    def _read(self, trace: Trace, is_one: bool) -> None:
        begun = begun_of(trace.header(), trace.shown)
        sitting = self._sitting(begun, trace, is_one)
        offset = len(trace.header_bytes) + 1
        known = {moment.number for moment in sitting.moments if moment.is_change}
        for n, line in enumerate(line for block in trace.blocks() for line in block.splitlines(keepends=True)):
            if not line.endswith(b"\n"):
                break  # what a killed proxy was writing
            record = self._decoded(line)
            place = n, len(self._files) - 1, offset, len(line)
            offset += len(line)
            self.records += 1
            if isinstance(record, Exchange):
                if record.number:
                    sitting.moments.append(Moment(record.number, *place, False))
            elif isinstance(record, Event) and record.name == SESSION:
                sitting = self._sitting(begun_again(record.fields, trace.shown), trace, is_one)
            elif isinstance(record, Event) and record.name == CHANGE and record.fields["number"] not in known:
                sitting.moments.append(Moment(record.fields["number"], *place, True))

    def _sitting(self, begun: Begun, trace: Trace, is_one: bool) -> Sitting:
        """A new session; of several files of one recording they all hold the same one."""
        if not self.sittings or is_one:
            self.sittings.append(Sitting(begun, []))
        elif begun.number:
            message = f"{trace.shown} was recorded in several sessions: with the other files it has no common order"
            hint = f"fozzy replay {trace.shown}   decides this file alone"
            raise UsageError("chaos.several_sessions", message, hint=hint, where=Where(trace.shown))
        elif msgspec.structs.replace(begun, test=None) != msgspec.structs.replace(self.sittings[0].begun, test=None):
            message = f"{trace.shown} is of another recording than the other files of its folder"
            raise UsageError(
                "chaos.other_recording", message, hint=f"fozzy replay {trace.shown}", where=Where(trace.shown)
            )
        return self.sittings[-1]

    def _decoded(self, line: bytes) -> Record:
        try:
            return record_decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            message = f"{self.shown}: a record makes no sense: {error}"
            raise EvidenceError("trace.damaged", message, where=Where(self.shown)) from error

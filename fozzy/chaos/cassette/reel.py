"""A proxy's recording in the order in which it was decided, session by session, whatever it recorded.

Records stand in the order in which things ended; this is the other order. Only places are kept in memory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Generic, NamedTuple, Self, TypeVar

import msgspec

from fozzy.chaos.cassette.tape import Passed
from fozzy.chaos.session import CHANGE
from fozzy.core.events import Event, Record
from fozzy.errors import EvidenceError, StoreError, Where
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import Footer, Header
from fozzy.trace.reader import Trace, open_trace, record_decoder

B = TypeVar("B")


class Moment(NamedTuple):
    """What passed, or a change: when it was decided, which record it is, and where that stands."""

    number: int
    n: int
    file: int
    offset: int
    size: int
    is_change: bool


class Sitting(Generic[B]):
    """One session of a recording: what its engine started with, and what it decided, in order."""

    def __init__(self, begun: B) -> None:
        self.begun = begun
        self.moments: list[Moment] = []


class Reel(Generic[B]):
    """An opened recording of one or several files. *Closes*: use it in a `with` block."""

    def __init__(self, paths: list[Path], *, unsafe: bool = False) -> None:
        """*Errors*: `EvidenceError` for what cannot be trusted or decided; `StoreError`, `UsageError`."""
        self.shown = shown_path(paths[0] if len(paths) == 1 else paths[0].parent)
        self.sittings: list[Sitting[B]] = []
        self.records = 0
        self.is_cut_off = False
        self._files: list[BinaryIO] = []
        self.header, self.footer = self._opened(paths, unsafe)
        for sitting in self.sittings:
            sitting.moments.sort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def begin(self, trace: Trace, is_one: bool) -> Sitting[B]:
        """The session a file begins with; `is_one` where it is the only file. *Errors*: `FozzyError`."""
        raise NotImplementedError

    def again(self, event: Event, trace: Trace, is_one: bool) -> Sitting[B] | None:
        """The session an event begins; none for an event that begins none. *Errors*: `FozzyError`."""
        return None

    def record(self, moment: Moment) -> Record:
        """The record of a moment. *Errors*: `EvidenceError`."""
        data = os.pread(self._files[moment.file].fileno(), moment.size, moment.offset)
        return self._decoded(data)

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
        sitting = self.begin(trace, is_one)
        offset = len(trace.header_bytes) + 1
        known = {moment.number for moment in sitting.moments if moment.is_change}
        for n, line in enumerate(line for block in trace.blocks() for line in block.splitlines(keepends=True)):
            if not line.endswith(b"\n"):
                break  # what a killed proxy was writing
            record = self._decoded(line)
            place = n, len(self._files) - 1, offset, len(line)
            offset += len(line)
            self.records += 1
            if isinstance(record, Passed):
                if record.number:
                    sitting.moments.append(Moment(record.number, *place, False))
            elif isinstance(record, Event) and record.name == CHANGE:
                number = self._number(record)
                if number not in known:
                    sitting.moments.append(Moment(number, *place, True))
            elif isinstance(record, Event):
                sitting = self.again(record, trace, is_one) or sitting

    def _number(self, event: Event) -> int:
        number = event.fields.get("number")
        if not isinstance(number, int):
            raise self._damaged("a change has no number")
        return number

    def _decoded(self, line: bytes) -> Record:
        try:
            return record_decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._damaged(f"a record makes no sense: {error}") from error

    def _damaged(self, said: str) -> EvidenceError:
        return EvidenceError("trace.damaged", f"{self.shown}: {said}", where=Where(self.shown))

"""The recorder of a session: a listener that keeps every exchange and every change, in one file or one for each test.

Rule 1: traffic never waits for it and never fails because of it. What cannot be kept is counted, and the end says so.
Rule 2: memory is bounded: a few dozen exchanges, the changes of the plan, and the secrets that were seen.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from fozzy import wall
from fozzy.chaos.cassette.batched import Batched
from fozzy.chaos.cassette.header import Begun, header_of
from fozzy.chaos.cassette.names import file_of
from fozzy.chaos.cassette.tape import Place, SummaryOf, Tape, sealing
from fozzy.chaos.session import Session
from fozzy.core.events import Record
from fozzy.core.exchange import Exchange
from fozzy.core.redact import Redactor
from fozzy.errors import FozzyError, StoreError
from fozzy.trace.finalize import shown_path

TESTS_MAX = 10_000  # files of one recording
OPEN_MAX = 64  # of them that are open at once
CHANGES_MAX = 1000  # that a file which begins later is told of


class Kept(NamedTuple):
    """What came of a recording. `error` is what went wrong first: the recording is not what was asked for."""

    paths: list[Path]
    recorded: int
    lost: int
    error: StoreError | None
    bodiless: int = 0  # of the recorded: a body is not kept, so they are never served


class CassetteRecorder(Batched):
    """Records a session. *Closes*: `finish` and `drop` end it."""

    def __init__(
        self, begun: Begun, chaos_path: str, place: Place, redactor: Redactor, *, is_folder: bool = False
    ) -> None:
        """`chaos_path` says where the plan came from. *Errors*: as `Tape`, where there is one file."""
        super().__init__()
        self.begun = begun
        self.place = place
        self.is_folder = is_folder
        self.redactor = redactor
        self.is_known: Callable[[int], bool] = lambda _number: False  # what a recording answered is in it already
        self._chaos_path = chaos_path
        self._tapes: dict[str, Tape] = {}  # by test; a single one by ""
        self._names: dict[str, str] = {}  # of files in small letters: whose they are
        self._open: dict[str, None] = {}  # the one that was written last stands last
        self._changes: list[Record] = []
        self._lost = self._bodiless = 0
        self._failure: StoreError | None = None
        self._session: Session | None = None
        self._before = (False, False)
        self._started_at = wall.now_iso()
        if not is_folder:
            self._tapes[""] = self._new("")

    def attach(self, session: Session) -> None:
        """Listen to a session, which has bodies kept and keys made from now on."""
        self._session, self._before = session, (session.records_bodies, session.engine.keyed)
        session.listeners.append(self)
        session.records_bodies = session.engine.keyed = True

    def detach(self) -> None:
        """Listen no more."""
        if self._session is not None:
            self._session.listeners.remove(self)
            self._session.records_bodies, self._session.engine.keyed = self._before
            self._session.not_recorded, self._session = "", None

    @property
    def recorded(self) -> int:
        """How many exchanges are kept, or about to be."""
        about_to_be = sum(type(record) is Exchange for record in self._pending)
        return sum(tape.recorded for tape in self._tapes.values()) + about_to_be

    @property
    def lost(self) -> int:
        """How many are not."""
        return self._lost + sum(tape.lost for tape in self._tapes.values())

    def __call__(self, record: Record) -> None:
        """Take a record."""
        size = 0
        if type(record) is Exchange:
            if self.is_known(record.number):
                return
            self._bodiless += bool(record.not_recorded)
            size = record.request.bytes + (record.answer.bytes if record.answer is not None else 0)
        self.take(record, size)

    def flush(self) -> None:
        pending = self.taken()
        if not self.is_folder:
            if pending and not self._tapes[""].write(pending):
                self._fails(self._tapes[""].failure)
            return
        for record in pending:
            if isinstance(record, Exchange):
                self._write_one(record)
            else:
                self._changes = [*self._changes, record][-CHANGES_MAX:]
                for tape in self._tapes.values():
                    tape.write([record])

    def finish(self, summary: SummaryOf) -> Kept:
        """Seal every file and give it its name, in the order of their tests. Each carries a summary of its own."""
        self.flush()
        footer, paths = sealing(self.place.run_id, self._started_at, summary), []
        for _, tape in sorted(self._tapes.items()):
            if self.place.goes_on and not tape.recorded and not tape.lost:
                tape.drop()  # nothing new: what is there stays as it is
                continue
            try:
                paths.append(tape.finish(footer))
            except StoreError as error:
                self._fails(error, tape)
        self.detach()
        return Kept(paths, self.recorded, self.lost, self._error(), self._bodiless)

    def drop(self) -> None:
        """End it, and keep nothing."""
        self.detach()
        for tape in self._tapes.values():
            tape.drop()

    def _write_one(self, exchange: Exchange) -> None:
        tape = self._tapes.get(exchange.test)
        try:
            if tape is None:
                tape = self._tapes[exchange.test] = self._new(exchange.test)
                tape.write(self._changes)
        except FozzyError as error:
            self._lost += 1
            self._fails(error if isinstance(error, StoreError) else StoreError("chaos.not_recorded", error.message))
            return
        if not tape.write([exchange]):
            self._fails(tape.failure)
        self._open.pop(exchange.test, None)
        self._open[exchange.test] = None
        if len(self._open) > OPEN_MAX:
            oldest = next(iter(self._open))
            del self._open[oldest]
            self._tapes[oldest].rest()

    def _new(self, test: str) -> Tape:
        if not self.is_folder:
            return Tape(header_of(self.begun, self._chaos_path, self.redactor), self.begun, self.place, self.redactor)
        if len(self._tapes) >= TESTS_MAX:
            message = f"more than {TESTS_MAX:,} tests in one recording"
            raise StoreError("chaos.too_many_tests", message, hint="is the test id another one for each request?")
        name = file_of(test)
        if self._names.setdefault(name.lower(), test) != test:
            name = file_of(test, is_taken=True)
        begun = replace(self.begun, test=test)
        place = self.place._replace(target=self.place.target / name)
        return Tape(header_of(begun, self._chaos_path, self.redactor), begun, place, self.redactor)

    def _fails(self, error: StoreError | None, tape: Tape | None = None) -> None:
        self._failure = self._failure or error
        if error is not None and self._session is not None and not self._session.not_recorded:
            self._session.not_recorded = error.message

    def _error(self) -> StoreError | None:
        """What to say at the end, where not everything that was asked for is there."""
        if self._failure is None:
            return None
        left = [tape.partial for _, tape in sorted(self._tapes.items()) if tape.partial.exists()]
        said = f"{self.lost:,} exchanges are not safely in the recording: {self._failure.message}"
        hint = f"fozzy trace recover {shown_path(left[0])}   seals what is there" if left else self._failure.hint
        return StoreError("chaos.not_recorded", said, hint=hint)

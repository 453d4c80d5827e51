"""A tape: one file of a recording, while it is written.

Rule 1: what was written is on its way to the disk at once, in `<target>.<run id>.partial`; the end gives it its name.
Rule 2: a file that cannot be written ends its own recording and nothing else: `lost` counts what is not in it.
Rule 3: a tape that goes on an older one (`auto`) begins with all that holds, and moves its own records behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
from msgspec.structs import replace

from fozzy import wall
from fozzy.chaos.cassette.header import Begun
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.core.redact import Redactor
from fozzy.core.redact_records import RecordCleaner
from fozzy.core.summary import Summary
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import StoreError
from fozzy.trace.finalize import Policy, check_target, finalize, partial_of
from fozzy.trace.format import Footer, Header
from fozzy.trace.reader import Trace, open_trace
from fozzy.trace.writer import Recorder, plain_run
from fozzy.version import VERSION

SESSION = "chaos.session"  # the event with which a later session begins in a recording
Passed = Exchange | Connected | Spoken  # what went over a wire; all else says what was changed
NEEDLE_BYTES_MIN = 4  # what is shorter stands everywhere
SCAN_BYTES = 1 << 20


SummaryOf = Callable[[str], Summary]  # the summary a trace of this path carries


class Place(NamedTuple):
    """Where a recording goes. `goes_on`: a file that is there stays and gets more."""

    target: Path
    policy: Policy
    run_id: str
    goes_on: bool = False


class _Late(NamedTuple):
    """A secret, how much was written before it was known to be one, and whether all of that can be searched."""

    value: str
    end: int
    is_searchable: bool


class Tape:
    """Writes one file. *Closes*: `finish` and `drop` end it."""

    def __init__(self, header: Header, begun: Begun | None, place: Place, redactor: Redactor) -> None:
        """`begun` is for a tape that goes on. *Errors*: `StoreError`; `EvidenceError` for a file to go on with that cannot
        be trusted."""
        self.place = place
        self.failure: StoreError | None = None
        self.lost = 0  # exchanges, connections and messages that are not here
        self.recorded = 0  # and those that are
        self._redactor = redactor
        self._cleaner = RecordCleaner(redactor)
        self._known = set(redactor.values)
        self._learned = redactor.learned
        self._late: list[_Late] = []
        self._has_hidden = False  # a body was written that cannot be searched
        self._shift_ns = self._shift = self._now = 0
        if begun is not None and place.goes_on and place.target.is_file():
            self._writer = self._going_on(begun)
        else:
            check_target(place.target, place.policy)
            self._writer = Recorder(header, partial_of(place.target, place.run_id), redactor)

    @property
    def partial(self) -> Path:
        """Where it is written."""
        return self._writer.partial

    def write(self, records: Sequence[Record]) -> bool:
        """Write records without their secrets; false when that failed, now or before."""
        passed = sum(isinstance(record, Passed) for record in records)
        if self.failure is None:
            before = self._writer.end
            try:
                self._writer(self._clean(records, before))
                self.recorded += passed
                return True
            except StoreError as error:
                self.failure = error
                self._writer.close()
        self.lost += passed
        return False

    def rest(self) -> None:
        """Let go of the file until more is written: only so many can be open."""
        if self.failure is None:
            try:
                self._writer.rest()
            except StoreError as error:
                self.failure = error

    def finish(self, footer: Callable[[Recorder, str], Footer]) -> Path:
        """Seal it and give it its name. *Errors*: `StoreError`; what was written stays in `.partial` then."""
        if self.failure is not None:
            raise self.failure
        self._acquit()
        policy: Policy = "overwrite" if self.place.goes_on else self.place.policy
        return finalize(self._writer, self.place.target, policy, lambda path: footer(self._writer, path))

    def drop(self) -> None:
        """Let go of it; nothing stays."""
        self._writer.discard()

    def _going_on(self, begun: Begun) -> Recorder:
        with open_trace(self.place.target) as old:
            old.check_seal()
            writer = Recorder(old.header(), partial_of(self.place.target, self.place.run_id), self._redactor)
            try:
                self._copy(old, writer)
                again = replace(begun, number=self._shift, arrived=self._shift_ns)
                writer([Event(self._shift_ns, "", SESSION, self._redactor.clean(msgspec.to_builtins(again)))])
            except BaseException:
                writer.discard()
                raise
        return writer

    def _copy(self, old: Trace, writer: Recorder) -> None:
        """Take over all records, and learn where they end."""
        for block in old.blocks():
            lines = block.splitlines(keepends=True)
            writer.adopt(lines)
            for record in map(_numbered.decode, lines):
                self._shift_ns = max(self._shift_ns, record.t)
                self._shift = max(self._shift, record.number or record.fields.number)
        self._has_hidden = True  # nobody looked

    def _clean(self, records: Sequence[Record], before: int) -> list[Record]:
        """Records without secrets, moved behind those of earlier sessions."""
        is_searchable = not self._has_hidden
        cleaned = [self._cleaned(record) for record in records]
        if self._redactor.learned != self._learned:
            self._learned = self._redactor.learned
            new = self._redactor.values - self._known
            self._late += [_Late(value, before, is_searchable) for value in sorted(new)]
            self._known = set(self._redactor.values)
            cleaned = [self._cleaned(record) for record in cleaned]  # those before the one that told
        return [self._moved(record) for record in cleaned]

    def _cleaned(self, record: Record) -> Record:
        clean = self._cleaner.clean(record)
        if type(clean) is Exchange:
            hidden = clean.request.body.base64 or (clean.answer is not None and clean.answer.body.base64)
            self._has_hidden = self._has_hidden or bool(hidden)
        return clean

    def _moved(self, record: Record) -> Record:
        """A record in the time and order of the whole recording. Time never goes back, whoever was late to tell."""
        self._now = max(self._now, record.t + self._shift_ns)
        if not self._shift:
            return record if record.t == self._now else replace(record, t=self._now)
        if isinstance(record, Passed):
            arrived = record.arrived + self._shift_ns
            number = record.number + self._shift if record.number else 0  # what was never decided has none
            return replace(record, t=self._now, arrived=arrived, number=number)
        if type(record) is Event and "number" in record.fields:
            fields = record.fields
            moved = {"number": fields["number"] + self._shift, "arrived": fields["arrived"] + self._shift_ns}
            return replace(record, t=self._now, fields={**fields, **moved})
        return replace(record, t=self._now)

    def _acquit(self) -> None:
        """Find out which late secrets stand in what was written before. A search is quicker than to read all again."""
        if not self._late:
            return
        with self.partial.open("rb") as stream:
            for late in self._late:
                needle = plain_run(late.value).encode()
                is_sought = late.is_searchable and len(needle) >= NEEDLE_BYTES_MIN
                if is_sought and not _stands_in(needle, stream, late.end):
                    self._writer.acquit([late.value])


def sealing(run_id: str, started_at: str, summary: SummaryOf) -> Callable[[Recorder, str], Footer]:
    """What makes the footers of a recording that ends now."""
    finished_at = wall.now_iso()

    def footer(writer: Recorder, path: str) -> Footer:
        return Footer(
            end="sealed",
            run_id=run_id,
            engine=VERSION,
            python=wall.python_version(),
            os=wall.system_name(),
            hash_seed=wall.hash_seed(),
            started_at=started_at,
            finished_at=finished_at,
            counts=writer.counts,
            blocks=writer.blocks,
            summary=summary(path),
        )

    return footer


class _Fields(msgspec.Struct, frozen=True):
    number: int = 0


class _Numbered(msgspec.Struct, frozen=True):
    t: int
    number: int = 0
    fields: _Fields = _Fields()


_numbered = msgspec.json.Decoder(_Numbered)


def _stands_in(needle: bytes, stream: BinaryIO, end: int) -> bool:
    """Whether something stands in the first bytes of a file."""
    stream.seek(0)
    done, rest = 0, b""
    while done < end and (piece := stream.read(min(SCAN_BYTES, end - done))):
        done += len(piece)
        if needle in rest + piece:
            return True
        rest = piece[1 - len(needle) :]
    return False

"""Replay: the recording answers, and every record is compared. Nothing outside is touched.

Rule 1: the tape is read strictly in order. Drift is found here and nowhere else, so here it is explained.
Rule 2: the records of the failing step itself decide between SAME, FIXED and CHANGED; there, and past there, a
difference is no drift: draws go on from the seed, and the first question without an answer ends the replay.
Rule 3: a difference that is a question nobody answered is drift also there: it cannot be said that the step is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import msgspec

from fozzy.core.choice import A
from fozzy.core.events import Ask, Draw, Event, Found, Net, Record, Step
from fozzy.core.exchange import Exchange
from fozzy.core.log import Log
from fozzy.core.outcome import Verdict
from fozzy.core.sources import Mutated, Seeded, Spec
from fozzy.core.summary import Divergence
from fozzy.core.wires import Connected, Spoken
from fozzy.engine.place import steps_path
from fozzy.engine.run import Ended
from fozzy.errors import EvidenceError

SHOWN_CHARS_MAX = 160
CODE = "code"  # the event that tells which code of the user's a cluster runs
CALL = "call"  # the event of a call of user code


class Stopped(Exception):
    """The replay ended before the scenario did; not a failed step, so no block may swallow it."""


class Drift(Stopped):
    """The run left the recording before its recorded end."""

    def __init__(self, number: int, recorded: str, now: str, cause: str) -> None:
        super().__init__(cause)
        self.number = number
        self.recorded = recorded
        self.now = now
        self.cause = cause


class Reached(Stopped):
    """The replay came to where it was asked to stop."""


class TapeEnded(Stopped):
    """There is no answer on the tape: the recording was cut off, or the run went on past a mended failure."""


class ReplayLog(Log):
    """A log whose every record is held against the recording."""

    def __init__(self, tape: Tape, sinks: Any = ()) -> None:
        super().__init__(sinks)
        keep = self.buffer.append

        def compare(record: Record) -> None:
            tape.compare(record)
            keep(record)

        self.append = compare


class Tape:
    """The recording as a source of choices and as a measure of records.

    `failing` is the path of the recorded failure, `complete` whether the recording ends where the run did,
    `changed` says whether the scenario is another than the recorded one.
    """

    def __init__(
        self, records: Iterator[Record], seed: int, *, failing: str | None, complete: bool, changed: bool = False
    ) -> None:
        self._records = records
        self._seeded = Seeded(seed)
        self.draws: Callable[[], Sequence[Draw]] = tuple  # all of the recording, for a run in another process
        self._failing = steps_path(failing) if failing is not None else None
        self._complete = complete
        self._changed = changed
        self._next: Record | None = None
        self._answered: Record | None = None
        self.number = 0  # of the next record
        self.free = False
        self.is_code_changed = False
        self.parted: int | None = None  # the record at which a run of changed code left the recording
        self.stop_at: Callable[[int, Record], bool] | None = None
        self._advance()

    def spec(self) -> Spec:
        """What another process decides by, whose records are then compared here: it reads by label and count, which is
        the same until both part; from there on it goes by the seed."""
        return Mutated(self.draws(), seed=self._seeded.seed).spec()

    def draw(self, label: str, low: int, high: int) -> int:
        """The recorded value; past the recording the seed's. *Errors*: `Drift`, `EvidenceError`."""
        if not self.free:
            then = self._next
            if isinstance(then, Draw) and (then.label, then.low, then.high) == (label, low, high):
                if not low <= then.value <= high:
                    raise self._damaged(f"it draws {then.value} from {low} to {high}")
                self._seeded.skip(label)
                self._take()
                return then.value
            self._differ(f"draw {label} from {low} to {high}")
        return self._seeded.draw(label, low, high)

    def ask(self, label: str, request: Any, live: Callable[[], tuple[A, int]], answer: type[A]) -> tuple[A, int]:
        """The recorded answer. *Errors*: `TapeEnded` when there is none and that is no drift; `EvidenceError`."""
        del live  # never called: a replay does not touch the outside world
        then = self._next
        if isinstance(then, Ask) and then.label == label and then.request == request:
            try:
                said = msgspec.convert(then.answer, answer)
            except msgspec.ValidationError as error:
                raise self._damaged(f"its answer makes no sense: {error}") from error
            self._take()
            return said, then.took
        if not self.free:
            self._part(f"ask {label} {_short(request)}")  # in the failing step too: without an answer nothing is mended
        raise TapeEnded

    def compare(self, record: Record) -> None:
        """Hold a record against the recording. *Errors*: `Drift`."""
        if self.free:
            self._follow(record)
            return
        then = self._answered
        if then is not None and type(record) in (Draw, Ask):
            self._answered = None
            if then != record:
                self._differ(record, then, self.number - 1)
            return
        then = self._next
        if then is None or not _equal(then, record):
            if isinstance(then, Event) and isinstance(record, Event) and then.name == record.name == CODE:
                self.free = self.is_code_changed = True  # its choices are still the recorded ones
                self._take()
                return
            self._differ(record)
            return
        self._take()
        self._answered = None

    def _follow(self, record: Record) -> None:
        """See how far a run of changed code goes along with the recording."""
        if not self.is_code_changed or self.parted is not None:
            return
        if self._next is not None and _equal(self._next, record):
            self._take()
        else:
            self.parted = self.number

    def finish(self) -> None:
        """The run is over: the tape must be too. *Errors*: `Drift`."""
        if not self.free and self._next is not None:
            self._differ("the end of the run")

    def _take(self) -> None:
        """Go on to the next record."""
        if self.stop_at is not None and self._next is not None and self.stop_at(self.number, self._next):
            raise Reached
        self._answered = self._next
        self.number += 1
        self._advance()

    def _advance(self) -> None:
        self._next = next(self._records, None)

    def _differ(self, current: Record | str, then: Record | None = None, number: int | None = None) -> None:
        """The run and the recording part here: freedom within the failing step, the end of a cut-off tape, or drift."""
        recorded = self._next if then is None else then
        if recorded is not None and self._lies_in_failure(recorded):
            self.free = True
            return
        self._part(current, then, number)

    def _part(self, current: Record | str, then: Record | None = None, number: int | None = None) -> NoReturn:
        """*Errors*: `TapeEnded` past the end of a cut-off tape, else `Drift`."""
        recorded = self._next if then is None else then
        if recorded is None and not self._complete:
            raise TapeEnded
        before, now = _sides(recorded, current)
        cause = _cause(recorded, current, self._changed)
        raise Drift(self.number if number is None else number, before, now, cause)

    def _damaged(self, what: str) -> EvidenceError:
        hint = "its seal holds, so whoever wrote it wrote it so: record the run again"
        return EvidenceError("trace.damaged", f"record #{self.number} makes no sense: {what}", hint=hint)

    def _lies_in_failure(self, record: Record) -> bool:
        """Whether a record belongs to the step that failed, or to the end of a block around it."""
        failing = self._failing
        path = steps_path(record.at)
        return failing is not None and path[: len(failing)] == failing


def verdict_of(tape: Tape, ended: Ended, stopped: Stopped | None) -> Divergence:
    """What a replay came to."""
    if isinstance(stopped, Drift):
        return Divergence(
            verdict="DRIFT",
            records=tape.number,
            record=stopped.number,
            recorded=stopped.recorded,
            now=stopped.now,
            cause=stopped.cause,
        )
    if isinstance(stopped, TapeEnded) and not tape.free:
        return Divergence(verdict="INCOMPLETE", records=tape.number, record=tape.number)
    return Divergence(verdict=_verdict(tape, ended), records=tape.number, cause=_another_way(tape, ended))


def _another_way(tape: Tape, ended: Ended) -> str | None:
    """What to think of a mended failure when the code was changed long before it."""
    if tape.parted is None or ended.status != "pass":
        return None
    return f"the code was changed, and from record #{tape.parted} on the run went another way; explore it to be sure"


def _verdict(tape: Tape, ended: Ended) -> Verdict:
    if not tape.free:
        return "SAME"
    return "FIXED" if ended.status == "pass" else "CHANGED"


def _sides(recorded: Record | None, now: Record | str) -> tuple[str, str]:
    """Both sides of a difference. Where only the writing of a step differs, its hash tells them apart."""
    sides = (
        "the end of the run" if recorded is None else describe(recorded),
        now if isinstance(now, str) else describe(now),
    )
    if sides[0] == sides[1] and isinstance(recorded, Step) and isinstance(now, Step):
        return f"{sides[0]}, written as {recorded.hash[:8]}", f"{sides[1]}, written as {now.hash[:8]}"
    return sides


def describe(record: Record | None) -> str:
    """A record in one line for people."""
    match record:
        case Draw():
            return f"draw {record.label} from {record.low} to {record.high}: {record.value} at {record.at}"
        case Ask():
            return f"ask {record.label} {_short(record.request)} at {record.at}"
        case Step():
            said = f" failed, {record.failed}" if record.failed else f" {record.note}" if record.note else ""
            return _bounded(f"step {record.type} at {record.at}{said}")
        case Event():
            return _bounded(f"event {record.name} {_short(record.fields)} at {record.at}")
        case Net():
            return _bounded(f"{record.what} over {record.link}, {record.bytes} bytes of {record.digest:08x}")
        case Found():
            return _bounded(f"finding {record.title} at {record.at}: {record.message}")
        case Exchange():
            return _bounded(f"request {record.request.method} {record.request.target}: {record.applied or 'as it is'}")
        case Connected():
            return f"connection {record.connection} of {record.at}, ended by {record.by}"
        case Spoken():
            return _bounded(
                f"{record.stream} message {record.message} of connection {record.connection} of {record.at}"
            )
        case None:
            return "nothing"


def _equal(then: Record, now: Record) -> bool:
    """Whether two records are the same; a step that holds a secret has no hash to compare."""
    if then == now:
        return True
    if isinstance(then, Step) and isinstance(now, Step) and "" in (then.hash, now.hash):
        return msgspec.structs.replace(then, hash="") == msgspec.structs.replace(now, hash="")
    return msgspec.json.encode(then) == msgspec.json.encode(now) if type(then) in (Event, Found) else False


def _cause(recorded: Record | None, now: Record | str, changed: bool) -> str:
    """The likely reason, in words."""
    if recorded is None:
        return "the run goes on where the recording ends" + (": the scenario has more in it" if changed else "")
    if now == "the end of the run":
        return "the run ended before the recording did" + (": the scenario has less in it" if changed else "")
    if isinstance(recorded, Step) and isinstance(now, Step):
        return _cause_of_steps(recorded, now)
    if isinstance(recorded, Ask):
        return "the run asked something the trace has no answer for" + (": the scenario was changed" if changed else "")
    if isinstance(recorded, Draw) or (isinstance(now, str) and now.startswith("draw")):
        return "the run draws something else" + (": the scenario was changed" if changed else "")
    if isinstance(recorded, Event) and isinstance(now, Event) and (recorded.name, recorded.at) == (CALL, now.at):
        return "the user's code answered differently: it was changed, or it is not deterministic"
    return "the scenario was changed" if changed else _NOT_DETERMINISTIC


_NOT_DETERMINISTIC = "another version of fozzy, or something that is not deterministic"


def _cause_of_steps(recorded: Step, now: Step) -> str:
    if (recorded.at, recorded.type) != (now.at, now.type):
        return f"the order of steps changed: {recorded.type} was recorded at {recorded.at}, {now.type} runs at {now.at}"
    if recorded.hash != now.hash:
        return f"the step at {now.at} was changed since the recording"
    return _NOT_DETERMINISTIC


def _short(value: Any) -> str:
    return _bounded(msgspec.json.encode(value).decode())


def _bounded(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…"

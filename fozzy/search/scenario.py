"""Runs candidates of a scenario by the engine, with the recording as the only world there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from fozzy.core.choice import Source
from fozzy.core.events import Ask, Draw, Record, Step
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Mutated, Unanswered
from fozzy.dsl.document import Document, Loaded
from fozzy.dsl.load import assemble
from fozzy.dsl.scenario import SuiteFile
from fozzy.engine.code import NO_CODE, Allowance, with_code
from fozzy.engine.prepare import Ready, ready, start
from fozzy.engine.run import Ended
from fozzy.search.script import Script
from fozzy.search.subject import Candidate, Failure, Outcome, Tape, Windows, failure_of
from fozzy.trace.format import Header

if TYPE_CHECKING:
    from fozzy.search.sessions import Sessions

GROWTH_MAX = 4  # a candidate that makes so many times the records of the first run, and then some, is given up
RECORDS_SPARE = 10_000
SAID_CHARS_MAX = 120
INVALID = "it is not a valid scenario"


class TooLong(Exception):
    """The run went on far beyond the first one; not a failed step, so no block swallows it."""


class Origin(NamedTuple):
    """Where candidates come from: what a run depends on, and what cannot be cut."""

    header: Header
    redactor: Redactor
    document: Document
    included: Mapping[str, Loaded]
    allowance: Allowance = NO_CODE


class _Kept:
    """A sink that keeps choices and counts everything."""

    def __init__(self, records_max: int) -> None:
        self.draws: list[Draw] = []
        self.asks: list[Ask] = []
        self.ends: list[tuple[str, int]] = []  # the steps that ended, each with how many draws there were
        self.records = 0
        self._max = records_max

    def __call__(self, records: Sequence[Record]) -> None:
        self.records += len(records)
        for record in records:
            kind = type(record)
            if kind is Draw:
                self.draws.append(record)  # type: ignore[arg-type]
            elif kind is Step:
                self.ends.append((record.at, len(self.draws)))
            elif kind is Ask:
                self.asks.append(record)  # type: ignore[arg-type]
        if self.records > self._max:
            raise TooLong


class ScenarioSubject:
    """Runs scripts. A `live` one may ask the outside world what the tape has no answer for. Clusters of user code share
    one process, as long as that makes no difference.

    *Limits*: a run makes at most `records_max` records. *Closes*: `close`.
    """

    def __init__(self, origin: Origin, records_max: int = RECORDS_SPARE, *, live: bool = False) -> None:
        self.origin = origin
        self.records_max = records_max
        self.live = live
        self._sessions: Sessions | None = None
        self._bound: tuple[Script, Ready | None] | None = None  # most candidates differ in their tape alone

    def run(self, candidate: Candidate) -> Outcome:
        """Run a candidate once; a question without a recorded answer ends it, unless the world may be asked."""
        return self.run_with(candidate.script, Mutated(*candidate.tape, live=self.live))[0]

    def is_sure(self, candidate: Candidate, failure: Failure, *, was_sure: bool = False) -> bool:
        """Whether a candidate fails for this reason in a process of its own too, which is known where it `was_sure`, and
        still does in the shared one. When not, every run has one of its own from now on (`is_alone`)."""
        sessions = self._sessions
        if sessions is None or sessions.is_alone:
            return True
        is_steady = self.run(candidate).failure == failure
        if is_steady and was_sure:
            return True
        sessions.is_alone = True
        stands = self.run(candidate).failure == failure
        sessions.is_alone = not (is_steady and stands)
        return stands

    @property
    def is_alone(self) -> bool:
        """Whether each run has a process of its own."""
        return self._sessions is not None and self._sessions.is_alone

    def close(self) -> None:
        """End the process that runs share."""
        if self._sessions is not None:
            self._sessions.close()

    def run_with(self, script: Script, source: Source) -> tuple[Outcome, Tape]:
        """Run a script with any source; what it chose, at the places it chose it now."""
        run = self.bound(script)
        if run is None:
            return Outcome("error", said=INVALID), Tape()
        kept, ended = _Kept(self.records_max), Ended()
        try:
            self._start(run, script, source, Log([kept]), ended)
        except Unanswered as question:
            return Outcome("error", said=f"it asks what the recording has no answer for ({question.label})"), Tape()
        except TooLong:
            return Outcome("error", said="it goes on and on"), Tape()
        return _outcome(ended, script, kept), Tape(tuple(kept.draws), tuple(kept.asks))

    def _start(self, run: Ready, script: Script, source: Source, log: Log, ended: Ended) -> None:
        if not script.is_cluster or run.setting.project is None:
            start(run, source, log, ended=ended)
            return
        if self._sessions is None:
            from fozzy.search.sessions import Sessions  # only clusters of user code need processes

            self._sessions = Sessions()
        name = run.document.name
        document = Document(name, name, script.written.decode(), "json", "")
        self._sessions.execute(run._replace(document=document), source, log, ended)

    def bound(self, script: Script) -> Ready | None:
        """The script ready to run; none when it is not valid."""
        if self._bound is None or self._bound[0] is not script:
            self._bound = script, self._made(script)
        return self._bound[1]

    def _made(self, script: Script) -> Ready | None:
        origin = self.origin
        loaded = assemble(script.raw, origin.document, origin.included)
        if loaded is None or isinstance(loaded.file, SuiteFile):
            return None
        header = msgspec.structs.replace(origin.header, case={})
        run = ready(header, loaded, origin.redactor, origin.allowance.root)
        return with_code(run, loaded, origin.allowance)


def _outcome(ended: Ended, script: Script, kept: _Kept) -> Outcome:
    draws = tuple(_moved(draw, script) for draw in kept.draws)
    windows = _windows(kept, script) if script.is_cluster else {}
    if ended.status == "pass":
        return Outcome(draws=draws, windows=windows)
    first = next(each for each in ended.findings if each.status != "pass")
    failure = failure_of(ended.findings, script.origin_of(first.at))
    said = f"it fails with {failure.shown}: {one_of(first.message)}"
    return Outcome(ended.status, failure, said, draws, first.message, windows)


def _windows(kept: _Kept, script: Script) -> Windows:
    begins = [0, *(end for _, end in kept.ends)]
    return {script.origin_of(at): (begin, end) for begin, (at, end) in zip(begins, kept.ends, strict=False)}


def one_of(message: str) -> str:
    """The first line of a message, bounded."""
    first = message.partition("\n")[0]
    return first if len(first) <= SAID_CHARS_MAX else first[: SAID_CHARS_MAX - 1] + "…"


def _moved(draw: Draw, script: Script) -> Draw:
    """A draw at the place its step had at first."""
    origin = script.origin_of(draw.at)
    return draw if origin == draw.at else msgspec.structs.replace(draw, at=origin)

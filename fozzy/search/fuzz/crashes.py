"""From a crash to a small trace that replays alone: written as a scenario, run, shrunk, recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from fozzy.core.blob import Blob
from fozzy.core.choice import Source
from fozzy.core.events import Found
from fozzy.core.sources import Mutated
from fozzy.dsl.format_json import format_json
from fozzy.dsl.load import beside, document, parse
from fozzy.engine.prepare import header_of
from fozzy.engine.record import Keeping, Recorded
from fozzy.errors import EvidenceError
from fozzy.search.failing import Failing
from fozzy.search.fuzz.portion import Crash
from fozzy.search.fuzz.targets import Crashing, Target
from fozzy.search.scenario import Origin, ScenarioSubject
from fozzy.search.script import Script, script_of
from fozzy.search.shrink.regression import keep_in
from fozzy.search.shrink.result import record_best
from fozzy.search.shrink.shrinker import Listener, Shrunk, shrink
from fozzy.search.subject import Candidate, Failure, Outcome, Tape, failure_of
from fozzy.trace.reader import open_trace

SHRINK_NS = 5 * 10**9  # for each crash; what is not small by then is recorded as it is
LIVE_TRIES = 3  # to record a program's, which may be held up just then and fail of that

T = TypeVar("T")
FIELDS = {"call": "args", "proc_spawn": "stdin", "fs_write": "data"}  # where a step has the input


class Kept(NamedTuple):
    """A crash that was run again by itself and shrunk."""

    failing: Failing
    shrunk: Shrunk


def failing_of(target: Target, crash: Crash, name: str, seed: int) -> Failing | None:
    """A crash as a run of a scenario of its own; none when it does not come again by itself."""
    crashing = target.crashing(crash)
    subject, candidate = _subject(crashing, name, seed)
    outcome, tape = subject.run_with(candidate.script, Mutated(candidate.tape.draws, seed=seed, live=crashing.live))
    if outcome.failure is None or outcome.failure.title != crash.title:
        return None
    # A program is run anew for each candidate: its recorded answer would hide that its input file is gone.
    first = Candidate(candidate.script, Tape(outcome.draws, () if crashing.live else tape.asks))
    return Failing(subject, first, outcome.failure, outcome.message)


def shrink_crash(failing: Failing, listen: Listener | None = None, budget_ns: int = SHRINK_NS) -> Kept:
    """Make it small."""
    return Kept(failing, shrink(failing.subject, failing.first, failing.failure, budget_ns=budget_ns, listen=listen))


def input_of(kept: Kept, kind: str) -> Blob:
    """The small input: as it stands in the step that takes it, or a scenario's variables and draws."""
    best = kept.shrunk.best
    if kind != "scenario":
        fields = [(node.type, node.fields.get(FIELDS.get(node.type, ""))) for node in best.script.nodes()]
        return next((_blob_of(value, type_ == "call") for type_, value in fields if value), Blob())
    draws: dict[str, list[int]] = {}
    for draw in best.tape.draws:
        draws.setdefault(draw.label, []).append(draw.value)
    return Blob.of(msgspec.json.encode({"vars": best.script.head.get("vars", {}), "draws": draws}))


def _blob_of(value: Any, is_call: bool) -> Blob:
    """What a field holds; one argument alone stands for itself."""
    if is_call and isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and list(value) == ["$bytes"]:
        return Blob(base64=value["$bytes"])
    return Blob(text=value) if isinstance(value, str) else Blob.of(msgspec.json.encode(value))


def record_crash(kept: Kept, keep: Keeping, check: Callable[[Path], None]) -> Recorded:
    """Record it. *Errors*: `StoreError`, `EvidenceError` when it passes or fails otherwise this time, those of `check`."""

    def look(trace: Path) -> None:
        _see_it_is_the_same(trace, kept.failing.failure)
        check(trace)

    return _tried(kept, lambda: record_best(kept.failing, kept.shrunk.best, keep, look))


def keep_crash(kept: Kept, keep: Keeping) -> Path:
    """Keep it in the folder that is `keep`'s target; where it is already, when it is. *Errors*: as `record_crash`."""
    failing = kept.failing
    return _tried(
        kept, lambda: keep_in(failing, kept.shrunk.best, keep, lambda path: _see_it_is_the_same(path, failing.failure))
    )


def _tried(kept: Kept, act: Callable[[], T]) -> T:
    left = LIVE_TRIES if kept.failing.subject.live else 1
    while True:
        left -= 1
        try:
            with _clean(kept):
                return act()
        except EvidenceError:
            if not left:
                raise


def _see_it_is_the_same(path: Path, wanted: Failure) -> None:
    with open_trace(path) as trace:
        found = [record for record in trace.records() if type(record) is Found and record.status != "pass"]
    if not found:
        raise EvidenceError("trace.not_alone", "it did not come again when it was recorded")
    failure = failure_of(found, wanted.at)
    if failure != wanted:
        raise EvidenceError("trace.not_alone", f"when it was recorded it failed with {failure.shown} instead")


class _Afresh(ScenarioSubject):
    """Runs each candidate without the file that the one before left for a program, and lets none write another."""

    def __init__(self, origin: Origin, file: Path) -> None:
        super().__init__(origin, live=True)
        self.file = file

    def run_with(self, script: Script, source: Source) -> tuple[Outcome, Tape]:
        """Run it, and leave no file."""
        if any(node.fields.get("path", self.file.name) != self.file.name for node in script.nodes()):
            return Outcome("error", said="it writes another file"), Tape()
        try:
            return super().run_with(script, source)
        finally:
            self.file.unlink(missing_ok=True)


@contextmanager
def _clean(kept: Kept) -> Iterator[None]:
    try:
        yield
    finally:
        if isinstance(kept.failing.subject, _Afresh):
            kept.failing.subject.file.unlink(missing_ok=True)


def _subject(crashing: Crashing, name: str, seed: int) -> tuple[ScenarioSubject, Candidate]:
    script = script_of(crashing.raw)
    text = format_json(script.written.decode())
    doc = document(text.encode(), name, name, "json")
    loaded = parse(doc, beside(crashing.allowance.root / name, name, name, (name,)))
    header, redactor = header_of(loaded, crashing.options, seed, "fuzz")
    origin = Origin(header, redactor, loaded.document, loaded.included, crashing.allowance)
    subject = (
        _Afresh(origin, crashing.file) if crashing.file is not None else ScenarioSubject(origin, live=crashing.live)
    )
    return subject, Candidate(script, Tape(crashing.draws))

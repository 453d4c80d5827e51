"""From a crash to a small trace that replays alone: written as a scenario, run, shrunk, recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fozzy.core.sources import Mutated
from fozzy.dsl.format_json import format_json
from fozzy.dsl.load import beside, document, parse
from fozzy.engine.prepare import header_of
from fozzy.engine.record import Keeping, Recorded
from fozzy.search.failing import Failing, folded
from fozzy.search.fuzz.portion import Crash
from fozzy.search.fuzz.targets import Crashing, Target
from fozzy.search.scenario import Origin, ScenarioSubject
from fozzy.search.script import script_of
from fozzy.search.shrink.result import record_best
from fozzy.search.shrink.shrinker import Listener, Shrunk, shrink
from fozzy.search.subject import Candidate, Tape

SHRINK_NS = 5 * 10**9  # for each crash; what is not small by then is recorded as it is


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
    first = Candidate(candidate.script, Tape(outcome.draws, tape.asks))
    return Failing(subject, first, outcome.failure, outcome.message)


def shrink_crash(failing: Failing, listen: Listener | None = None, budget_ns: int = SHRINK_NS) -> Kept:
    """Make it small."""
    return Kept(failing, shrink(failing.subject, failing.first, failing.failure, budget_ns=budget_ns, listen=listen))


def record_crash(kept: Kept, keep: Keeping, check: Callable[[Path], None]) -> Recorded:
    """Record it. *Errors*: `StoreError`, those of `check`."""
    return record_best(kept.failing, kept.shrunk.best, keep, check)


def _subject(crashing: Crashing, name: str, seed: int) -> tuple[ScenarioSubject, Candidate]:
    script = script_of(crashing.raw)
    text = format_json(script.written.decode())
    doc = document(text.encode(), name, name, "json")
    loaded = parse(doc, beside(crashing.allowance.root / name, name, name, (name,)))
    header, redactor = header_of(loaded, crashing.options, seed, "fuzz")
    origin = Origin(header, redactor, loaded.document, loaded.included, crashing.allowance)
    script = folded(script, crashing.case)
    return ScenarioSubject(origin, live=crashing.live), Candidate(script, Tape(crashing.draws))

"""`full`: every check on everything, each made or skipped with its reason."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from fozzy.engine.suite import refuse_code
from fozzy.errors import Problem
from fozzy.gate.checked import Checked, Step, guarded, judged, skipped
from fozzy.gate.checks.roundtrip import NAME as ROUNDTRIP
from fozzy.gate.checks.roundtrip import Trip, roundtrip
from fozzy.gate.checks.scenarios import can_run
from fozzy.gate.checks.shrinks import NAME as SHRINK
from fozzy.gate.checks.shrinks import shrinks
from fozzy.gate.checks.tests import NAME as TEST
from fozzy.gate.checks.tests import Suite, passes
from fozzy.gate.checks.topology import NAME as TOPOLOGY
from fozzy.gate.checks.topology import covered
from fozzy.gate.checks.traces import NAME as TRACES
from fozzy.gate.checks.traces import traces
from fozzy.gate.doctor import Visit, doctor

REQUIRED = "required"
# What --required-steps may name: every check, in the order they are made.
STEPS = (
    *("python", "config", "scenarios", "store", "leftovers", "undeclared"),
    *("terminal", "hash seed", "git", "optional", "determinism", "drift", "commuting"),
    *(TRACES, TEST, ROUNDTRIP, SHRINK, TOPOLOGY),
)


def full(visit: Visit, required: Sequence[str] = (), *, with_topology: bool = False) -> Iterator[Checked]:
    """Every check, one after the other; at the end, whether those that are required were made.

    `with_topology` also holds the map to its required hotspots.
    """
    was_skipped: dict[str, str] = {}
    made: set[str] = set()
    for check in chain(_all(visit), _mapped(visit, with_topology)):
        made.add(check.name)
        if check.status == "skip":
            was_skipped[check.name] = check.left_out[0]
        yield check
    if required:
        lacking = {
            name: was_skipped.get(name, "it was not made") for name in required if name not in made - {*was_skipped}
        }
        yield judged(REQUIRED, ", ".join(required), [_problem(name, reason) for name, reason in lacking.items()])


def _all(visit: Visit) -> Iterator[Checked]:
    yield from doctor(visit._replace(deep=True))
    chosen = visit.found.chosen if visit.found else []
    runnable = can_run(chosen)
    testable = [each for each in chosen if each.loaded is None or each in runnable]
    yield traces(chosen, strict=visit.options.strict)
    yield guarded(Step(TEST, lambda: passes(Suite(testable, visit.options, visit.config.root, visit.seed))))
    if refuse_code(runnable, visit.options, visit.config.root):
        for name in (ROUNDTRIP, SHRINK):
            yield skipped(name, "a scenario calls user code and may not: --allow-code")
        return
    with tempfile.TemporaryDirectory(prefix="fozzy-full-") as folder:
        trip = Trip(runnable, visit.config, visit.options, visit.seed, Path(folder))
        checked, failing = roundtrip(trip)
        yield checked
        yield guarded(Step(SHRINK, lambda: shrinks(failing, visit.config.settings.redact)))


def _mapped(visit: Visit, wanted: bool) -> Iterator[Checked]:
    if wanted:
        yield guarded(Step(TOPOLOGY, lambda: covered(visit.config)))


def _problem(name: str, reason: str) -> Problem:
    return Problem(
        code="full.required_skipped",
        message=f"{name} is required, and was skipped: {reason}",
        hint="give it what it needs, or take it from --required-steps",
    )

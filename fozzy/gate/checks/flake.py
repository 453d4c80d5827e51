"""Flake: the recorded scenario, run again with the recorded seed against the world as it is now, ends the same way.

Unlike a replay this asks the real world. Of so many runs, at most the budget may end otherwise.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fozzy import wall
from fozzy.config import Config
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import load
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Ready, for_host, learn_from, ready, start
from fozzy.engine.replay import embedded
from fozzy.engine.run import Ended
from fozzy.errors import InputError, Problem, Where
from fozzy.gate.checked import Checked, judged, skipped
from fozzy.report.text import count, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import Footer, Header
from fozzy.trace.reader import open_trace

NAME = "flake"
RUNS_MAX = 10_000


class Budget(NamedTuple):
    """How often to run, and how many of a hundred runs may end otherwise."""

    runs: int
    percent: int = 0


def flake(path: Path, budget: Budget, config: Config, allowance: Allowance) -> Checked:
    """Run the recorded scenario again and again. *Errors*: `NotAllowedError`, `EvidenceError`."""
    with open_trace(path) as trace:
        header, footer = trace.header(), trace.footer()
        loaded = _loaded(header, config) or (None if header.scenario.redacted else embedded(trace))
    if footer is None or footer.summary is None:
        return skipped(NAME, "the run was cut off: how it would have ended is not known")
    if loaded is None:
        return skipped(NAME, f"the trace has lost its secrets, and {header.scenario.path} was changed since")
    run = _ready(header, loaded, config, allowance)
    recorded = _recorded(footer)
    ends = Counter(_end(_again(run)) for _ in range(budget.runs))
    others = Counter({end: number for end, number in ends.items() if end != recorded})
    ran = f"{count(budget.runs, 'run')} with seed {header.seed}, {sum(others.values())} ended otherwise than recorded"
    if sum(others.values()) * 100 <= budget.percent * budget.runs:
        return judged(NAME, f"{ran}; the budget is {budget.percent}%")
    return judged(NAME, ran, [_problem((header.scenario.path, shown_path(path)), recorded, others, budget)])


def _loaded(header: Header, config: Config) -> Loaded | None:
    """The scenario's file, when it is still what was recorded: it has its secrets."""
    path = config.root / header.scenario.path
    try:
        loaded = load(path, header.scenario.path, header.scenario.path)
    except InputError:
        return None
    return loaded if loaded.document.digest == header.scenario.digest and not header.case else None


def _ready(header: Header, loaded: Loaded, config: Config, allowance: Allowance) -> Ready:
    redactor = Redactor(config.settings.redact)
    learn_from(redactor, loaded)
    run = for_host(ready(header, loaded, redactor, config.root), config.settings)
    return with_code(run, loaded, allowance._replace(is_trace=True))


def _again(run: Ready) -> Ended:
    return start(run, Seeded(run.header.seed), Log(), None if run.header.det else wall.pause_ns)


def _end(ended: Ended) -> str:
    """How a run ended, in words that are the same for the same failure."""
    if ended.status == "pass":
        return "pass"
    first = ended.findings[0] if ended.findings else None
    return f"{ended.status}: {first.title} at {first.at}" if first else ended.status


def _recorded(footer: Footer) -> str:
    summary = footer.summary
    assert summary is not None
    if summary.status == "pass":
        return "pass"
    first = next(iter(summary.findings), None)
    at = first.location.path if first and first.location else ""
    return f"{summary.status}: {first.title} at {at}" if first else summary.status


def _problem(paths: tuple[str, str], recorded: str, others: Counter[str], budget: Budget) -> Problem:
    scenario, shown = paths
    said = "; ".join(f"{number} times {end}" for end, number in sorted(others.items()))
    return Problem(
        code="ci.flaky",
        message=f"recorded as {recorded}, of {count(budget.runs, 'run')} {said}: more than {budget.percent}%",
        hint=f"fozzy doctor --deep --scenario {quoted(scenario)}   finds what differs",
        where=Where(shown),
    )

"""Replays: a trace runs again as it was recorded, and what it recorded is no failure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fozzy.core.summary import code_flag
from fozzy.engine.code import Allowance
from fozzy.engine.replay import Replayed, replay_file
from fozzy.errors import Exit, Problem, Where
from fozzy.gate.checked import Checked, judged
from fozzy.report.text import count, extent, quoted
from fozzy.trace.finalize import shown_path
from fozzy.trace.reader import is_of_proxy

NAME = "replay"


def replays(
    path: Path, allowance: Allowance, *, names: Sequence[str] = (), strict: bool = True
) -> tuple[Checked, Replayed]:
    """Replay a trace. *Errors*: `NotAllowedError`, `EvidenceError`."""
    if is_of_proxy(path):
        from fozzy.chaos.replaying import replay_proxy  # only a proxy's trace needs the engine of faults

        replayed = replay_proxy(path, unsafe=not strict)
        size = replayed.passed
    else:
        replayed = replay_file(path, unsafe=not strict, names=names, allowance=allowance)
        size = extent(replayed.steps, replayed.nodes)
    divergence = replayed.divergence
    ran = f"{divergence.verdict}, {size}, {count(divergence.records, 'record')}"
    exit_status = replayed.exit_status(unsafe=not strict)
    problems = [_problem(replayed, shown_path(path))] if exit_status != Exit.PASS else []
    return judged(
        NAME, ran, problems, exit_status=Exit.EVIDENCE if exit_status == Exit.EVIDENCE else Exit.FAIL
    ), replayed


def _problem(replayed: Replayed, shown: str) -> Problem:
    divergence, where = replayed.divergence, Where(shown)
    at = f"record #{divergence.record}"
    again = f"fozzy replay {quoted(shown)}{code_flag(replayed.calls_code)}"
    failure = replayed.findings[0].message if replayed.findings else replayed.status
    match divergence.verdict:
        case "DRIFT":
            message = f"the run leaves the recording at {at}: {divergence.cause}"
            return Problem(code="ci.drift", message=message, hint=f"{again}   shows both sides", where=where)
        case "INCOMPLETE":
            message = divergence.cause or f"the recording ends at {at}: the run was cut off"
            return Problem(code="ci.incomplete", message=message, hint="record it again, or --unsafe", where=where)
        case "CHANGED":
            message = f"it fails in another way than it was recorded to: {failure}"
            return Problem(code="ci.changed", message=message, hint=f"{again}   shows it", where=where)
    message = f"it fails as it was recorded to ({replayed.status}): {failure}"
    return Problem(code="ci.failed", message=message, hint=f"{again}   shows it step by step", where=where)

"""Round trip: every scenario is recorded, its trace verified and replayed, and replays as it was recorded.

Nothing goes into the project's store. Scenarios with the tag `host` are left to `test`: each of their runs takes real time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.config import Config
from fozzy.engine.code import allowance_of, refused
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Options
from fozzy.engine.record import Keeping, run_once
from fozzy.engine.replay import replay_file
from fozzy.errors import Exit, FozzyError, Problem, Where
from fozzy.gate.checked import Checked, judged, skipped
from fozzy.gate.witness import Item, items_of
from fozzy.report.text import count
from fozzy.trace.finalize import display_name
from fozzy.trace.store import Store
from fozzy.trace.verify import verify

NAME = "roundtrip"
LIVE_TAG = "host"


class Trip(NamedTuple):
    """What is recorded, with which options, and into which folder of its own."""

    chosen: Sequence[Chosen]
    config: Config
    options: Options
    seed: int
    folder: Path


def roundtrip(trip: Trip) -> tuple[Checked, list[Path]]:
    """Record, verify, replay everything. Also returns the traces of failing runs that call no user code."""
    live = [each for each in trip.chosen if each.loaded and LIVE_TAG in getattr(each.loaded.file, "tags", ())]
    chosen = [each for each in trip.chosen if each not in live]
    if not chosen:
        return skipped(NAME, "there are no scenarios without the tag host"), []
    options = msgspec.structs.replace(trip.options, det=True)
    found: list[Problem] = []
    failing: list[Path] = []
    for number, (each, item) in enumerate(zip(chosen, items_of(chosen, trip.seed), strict=True), 1):
        try:
            problem, trace = _go(each, item, trip._replace(options=options), number)
        except FozzyError as error:
            found += error.problems
            continue
        found += problem
        failing += trace
    left_out = [f"{count(len(live), 'scenario')} with the tag {LIVE_TAG}: test runs them"] if live else []
    ran = f"{count(len(chosen), 'scenario')} recorded, verified and replayed"
    return judged(NAME, ran, found, left_out=left_out, exit_status=Exit.EVIDENCE), failing


def _go(chosen: Chosen, item: Item, trip: Trip, number: int) -> tuple[list[Problem], list[Path]]:
    """One scenario: what went wrong, and its trace when the run failed."""
    assert chosen.loaded is not None
    store = Store(trip.folder)
    run_id = f"{number:08x}"
    store.folder(run_id).mkdir(parents=True)
    keep = Keeping(run_id, store, store.folder(run_id) / "trace.fozzy", "error", False, True)
    done = run_once(chosen.loaded, trip.options, item.seed, "test", keep=keep, case=chosen.case, root=trip.config.root)
    assert done.trace is not None
    name = f"{display_name(chosen.name)} {chosen.label}".rstrip()
    said = list(_wrong(done.trace, trip))
    problems = [_problem(name, chosen.shown, each) for each in said]
    calls = bool(refused(chosen.loaded, allowance_of(Options(), trip.config.root)))
    return problems, [] if done.ended.status == "pass" or calls else [done.trace]


def _wrong(trace: Path, trip: Trip) -> Iterator[str]:
    verified = verify(trace)
    if not verified.trusted:
        yield "its trace cannot be trusted"
    allowance = allowance_of(trip.options, trip.config.root)  # it is our own recording: what may run may be replayed
    divergence = replay_file(trace, names=trip.config.settings.redact, allowance=allowance).divergence
    if divergence.verdict != "SAME":
        yield f"its replay is {divergence.verdict} at record #{divergence.record}: {divergence.cause}"


def _problem(name: str, shown: str, said: str) -> Problem:
    return Problem(
        code="full.no_roundtrip",
        message=f"{name}: {said}",
        hint=f"fozzy doctor --deep --scenario {shown}",
        where=Where(shown),
    )

"""Drift: whether an execution of a cluster is the same after others in its process as it was at first.

Each life of a node has the user's modules anew, but installed packages and Python itself are there once: what they count
or keep is seen by the next execution. That is no issue, only slower: a run has a process of its own, and `explore`
notices and gives each execution its own fork.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.core.events import Record
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Options, Ready
from fozzy.errors import Problem, Where
from fozzy.gate.causes import IN_PLAIN
from fozzy.gate.checked import Cause, Checked, Parted, skipped, told
from fozzy.gate.checks.scenarios import is_distributed
from fozzy.gate.clusters import repeated, spot_of
from fozzy.gate.statements import Parting, parted_at
from fozzy.gate.witness import items_of, prepared
from fozzy.report.text import count
from fozzy.trace.finalize import display_name

NAME = "drift"
BETWEEN = 3  # executions with other seeds, between the first and its repetition
NO_PROGRAMS = "there are no clusters of your own programs"


class Clusters(NamedTuple):
    """What is looked at, and how."""

    chosen: Sequence[Chosen]
    options: Options
    root: Path
    seed: int


def drift(clusters: Clusters) -> Checked:
    """Execute each cluster of user programs again after others in one process, and compare."""
    parted: list[Parted] = []
    found: list[Problem] = []
    looked = broken = 0
    chosen = [each for each in clusters.chosen if is_distributed(each)]
    for each, item in zip(chosen, items_of(chosen, clusters.seed), strict=True):
        run = prepared(item, clusters.options, clusters.root)
        if run.setting.project is None:
            continue
        looked += 1
        pair = repeated(run, BETWEEN)
        if pair is None:
            broken += 1
            continue
        seen = apart(*pair)
        if seen is not None:
            parted.append(_parted(each, run, seen))
            found.append(_problem(each, parted[-1]))
    if not looked:
        return skipped(NAME, NO_PROGRAMS)
    return _checked(looked, broken, found, parted)


def apart(first: Sequence[Record], other: Sequence[Record]) -> Parting | None:
    """Where two executions part; none when they are the same."""
    encode = msgspec.json.Encoder(order="deterministic").encode
    for number, (ours, theirs) in enumerate(zip_longest(first, other)):
        if ours != theirs:
            return parted_at(number, *(None if each is None else encode(each) for each in (ours, theirs)))
    return None


def _checked(looked: int, broken: int, found: list[Problem], parted: list[Parted]) -> Checked:
    said = f"{count(looked, 'cluster')}, each again after {BETWEEN} other executions in its process"
    names = ", ".join(each.scenario for each in parted)
    drifting = f"; {names} {'differs' if len(parted) == 1 else 'differ'} then, explore gives each execution a fork"
    checked = told(NAME, said + (drifting if parted else ": the same"), found)
    left_out = [f"{count(broken, 'cluster')} whose process ended"] if broken else []
    return msgspec.structs.replace(checked, parted=parted, left_out=left_out)


def _parted(chosen: Chosen, run: Ready, seen: Parting) -> Parted:
    spot = spot_of(run, seen)
    return Parted(
        scenario=display_name(chosen.name),
        record=seen.number,
        first=seen.first,
        other=seen.other,
        way=f"the same process, after {BETWEEN} other executions",
        causes=[Cause(kind="left_over", message=IN_PLAIN["left_over"], at=spot.at)],
        time_ns=spot.time_ns,
        node=spot.node,
        at=spot.at,
    )


def _problem(chosen: Chosen, parted: Parted) -> Problem:
    return Problem(
        code="doctor.drift",
        message=f"{parted.scenario}: record #{parted.record} differs after other executions in the same process",
        where=Where(chosen.shown),
        hint="nothing has to be done; exploring is faster where packages keep nothing between executions",
    )

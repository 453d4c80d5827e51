"""Commuting: machines of a cluster do not see which of them ran first at one instant.

Exploring rests on it: where links take their time and nothing is shared, only the order within each machine's own doings
is a choice. Here a cluster runs once as it does and once with its machines taken in the opposite order at each instant;
each machine's own records must be the same. Where they are not, pairs are turned one by one to find who shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, zip_longest
from typing import NamedTuple

import msgspec

from fozzy.core.events import Found, Net, Record
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Ready
from fozzy.errors import Problem, Where
from fozzy.gate.causes import IN_PLAIN
from fozzy.gate.checked import Cause, Checked, Parted, judged, skipped
from fozzy.gate.checks.drift import Clusters
from fozzy.gate.checks.scenarios import is_distributed
from fozzy.gate.clusters import is_commuting, machine_of, machines_of, records_of, spot_of
from fozzy.gate.statements import parted_at
from fozzy.gate.witness import items_of, prepared
from fozzy.report.text import count, duration
from fozzy.trace.finalize import display_name

NAME = "commuting"
PAIRS_MAX = 20  # executions that look for the two that share something
_CONNECTION = re.compile(r"#\d+$")

Line = tuple[int, Record]  # with its number in the execution


class Difference(NamedTuple):
    """The first record of a machine that is another one in the other order; none where one side has no more."""

    node: str
    number: int  # in the execution in the usual order; -1 when only the other one has it
    first: Record | None
    other: Record | None

    @property
    def time_ns(self) -> int:
        """When it was made."""
        return min(each.t for each in (self.first, self.other) if each is not None)


def commuting(clusters: Clusters) -> Checked:
    """Execute each cluster with its machines in the opposite order, and compare machine by machine."""
    parted: list[Parted] = []
    found: list[Problem] = []
    looked = chosen_orders = 0
    chosen = [each for each in clusters.chosen if is_distributed(each)]
    for each, item in zip(chosen, items_of(chosen, clusters.seed), strict=True):
        run = prepared(item, clusters.options, clusters.root)
        if not is_commuting(run):
            chosen_orders += 1
            continue
        looked += 1
        first = records_of(run)
        seen = difference(first, records_of(run, ()))
        if seen is not None:
            parted.append(_parted(each, run, seen, _sharers(run, first, seen)))
            found.append(_problem(each, parted[-1]))
    if not looked:
        return skipped(NAME, "there are no clusters whose machines are taken to commute")
    left_out = [f"{count(chosen_orders, 'cluster')} where the order is a choice already"] if chosen_orders else []
    ran = f"{count(looked, 'cluster')}, machines in the opposite order at each instant"
    return msgspec.structs.replace(judged(NAME, ran, found, left_out=left_out), parted=parted)


def difference(first: Sequence[Record], other: Sequence[Record]) -> Difference | None:
    """The earliest difference between what machines did; none when each did the same."""
    end_ns = _end_ns(first, other)
    ours, theirs = _by_machine(first, end_ns), _by_machine(other, end_ns)
    found = [each for name in [*ours, *theirs] for each in _apart(name, ours.get(name, []), theirs.get(name, []))]
    return min(found, key=lambda each: (each.time_ns, each.number), default=None)


def _end_ns(first: Sequence[Record], other: Sequence[Record]) -> int:
    """Up to when both are compared: a finding ends a run within an instant, at which others may not have run."""
    ends = [each[-1].t for each in (first, other) if each and any(isinstance(found, Found) for found in each)]
    return min(ends, default=1 << 62)


def _by_machine(records: Sequence[Record], end_ns: int) -> dict[str, list[Line]]:
    told: dict[str, list[Line]] = {}
    for number, record in enumerate(records):
        machine = machine_of(record)
        if machine and record.t < end_ns and not isinstance(record, Found):
            told.setdefault(machine, []).append((number, record))
    return told


def _apart(node: str, ours: list[Line], theirs: list[Line]) -> Iterator[Difference]:
    names: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for first, other in zip_longest(ours, theirs):
        a, b = (None if each is None else each[1] for each in (first, other))
        ours_plain, theirs_plain = _plain(a, names[0]), _plain(b, names[1])
        if ours_plain != theirs_plain:
            if isinstance(ours_plain, Net) and isinstance(theirs_plain, Net) and ours_plain.link == theirs_plain.link:
                b = msgspec.structs.replace(theirs_plain, link=a.link)  # type: ignore[union-attr]
            yield Difference(node, first[0] if first else -1, a, b)
            return


def _plain(record: Record | None, names: dict[str, str]) -> Record | None:
    """A record without the number its connection has in the whole cluster: that counts in the order of opening."""
    if not isinstance(record, Net) or not _CONNECTION.search(record.link):
        return record
    name = names.setdefault(record.link, f"{_CONNECTION.sub('', record.link)}#{len(names)}")
    return msgspec.structs.replace(record, link=name)


def _sharers(run: Ready, first: Sequence[Record], seen: Difference) -> tuple[str, ...]:
    """The two machines that share something: that they alone change places makes a difference. Most often one of them
    is the one that differs, or the one that sent what differs."""
    names = list(dict.fromkeys([*machines_of(run), *_by_machine(first, 1 << 62)]))
    record = seen.first or seen.other
    sender = record.link.partition(">")[0] if isinstance(record, Net) else seen.node
    pairs = sorted(combinations(names, 2), key=lambda pair: (sender not in pair, seen.node not in pair))
    for pair in pairs[:PAIRS_MAX]:
        if difference(first, records_of(run, pair)) is not None:
            return pair
    return ()


def _parted(chosen: Chosen, run: Ready, seen: Difference, sharers: tuple[str, ...]) -> Parted:
    encode = msgspec.json.Encoder(order="deterministic").encode
    sides = parted_at(seen.number, *(None if each is None else encode(each) for each in (seen.first, seen.other)))
    spot = spot_of(run, sides) if seen.number >= 0 else None
    at = spot.at if spot is not None else ""
    return Parted(
        scenario=display_name(chosen.name),
        record=seen.number,
        first=_said(sides.first),
        other=_said(sides.other),
        way="the same seed, machines in the opposite order at each instant",
        causes=[Cause(kind="shared", message=_why(sharers), at=at)],
        time_ns=seen.time_ns,
        node=seen.node,
        at=at,
    )


def _said(side: str) -> str:
    return "nothing more" if side == "the end of the run" else side


def _why(sharers: tuple[str, ...]) -> str:
    return f"{' and '.join(sharers) or 'machines'} share something: {IN_PLAIN['shared']}"


def _problem(chosen: Chosen, parted: Parted) -> Problem:
    when = duration(parted.time_ns or 0)
    said = f"what happens on {parted.node} at {when} follows from which machine runs first"
    return Problem(
        code="doctor.not_commuting",
        message=f"{parted.scenario}: {said}: {parted.causes[0].message}",
        where=Where(chosen.shown),
        hint='keep it apart for each machine; if it is meant, share = ["module"] has explore try both orders',
    )

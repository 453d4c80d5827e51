"""The story of a cluster's run, made from its records alone: what clients did, what went wrong and when, what was found.

Rule 1: only what matters becomes a beat: faults, client operations, what nodes said, what arrived late, findings.
Rule 2: what belongs together is one beat: an operation and its outcome, a fault and the links it cuts.
Rule 3: it is bounded. Findings and faults stay, then client operations, then the rest, the last ones before the end.
To tell more: a method for the record in `_EVENTS` or `_take`, its words in `story_words.py`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from fozzy.core.events import Event, Found, Net, Record, Step
from fozzy.core.summary import Beat, Summary
from fozzy.report import story_words as words
from fozzy.report.story_screen import story_lines
from fozzy.report.text import Line

LINES_MAX = 30
ALL_LINES_MAX = 100_000  # of a story that is wanted whole
LATEST = 6  # of any kind, right before the end, that stay whatever else there is
MINOR, OPERATION, MAJOR, FINDING = range(4)


class Draft:
    """A beat that may still change: an operation gets its outcome, a cut more links."""

    __slots__ = ("number", "rank", "at_ns", "who", "what", "outcome", "is_dropped")

    def __init__(self, number: int, rank: int, at_ns: int, who: str, what: str) -> None:
        self.number = number
        self.rank = rank
        self.at_ns = at_ns
        self.who = who
        self.what = what
        self.outcome = ""
        self.is_dropped = False


class _Cause(NamedTuple):
    """What follows at the same instant and place belongs to this beat."""

    t: int
    at: str
    name: str
    draft: Draft
    pairs: list[tuple[str, str]]
    held: list[int]


class Story:
    """A sink that keeps what is worth telling. *Limits*: `limit` beats; without one `ALL_LINES_MAX`."""

    def __init__(self, limit: int | None = LINES_MAX) -> None:
        self._limit = ALL_LINES_MAX if limit is None else limit
        self._kept: list[deque[Draft]] = [deque(maxlen=self._limit) for _ in range(4)]
        self._made = 0
        self._told = 0  # those that were not dropped
        self._cause: _Cause | None = None
        self._faults: dict[str, dict[str, Any]] = {}
        self._open: dict[str, Draft] = {}  # by client
        self._asked: dict[tuple[str, str, str], Draft] = {}  # what one step asks, so that polling is told once
        self._same: dict[tuple[str, str], tuple[Draft, int]] = {}  # what was told since anything of more weight
        self._late: dict[tuple[str, str], int] = {}  # until when what arrives on a link was held

    def __call__(self, records: Sequence[Record]) -> None:
        """Look at a block of records."""
        for record in records:
            self.take(record)

    def take(self, record: Record) -> None:
        """Look at one record."""
        kind = type(record)
        if kind is Event:
            tell = _EVENTS.get(record.name)  # type: ignore[union-attr]
            if tell is not None:
                tell(self, record)  # type: ignore[arg-type]
        elif kind is Net:
            self._net(record)  # type: ignore[arg-type]
        elif kind is Step:
            self._step(record)  # type: ignore[arg-type]
        elif kind is Found:
            self._found(record)  # type: ignore[arg-type]

    # What is left of it

    def beats(self) -> list[Beat]:
        """The story, in order."""
        return [
            Beat(at_ns=draft.at_ns, who=draft.who, what=draft.what, outcome=draft.outcome) for draft in self._chosen()
        ]

    @property
    def left_out(self) -> int:
        """How many beats are not told."""
        return self._told - len(self._chosen())

    def put_into(self, summary: Summary) -> Summary:
        """A summary with the story."""
        return msgspec.structs.replace(summary, story=self.beats(), story_left_out=self.left_out)

    def lines(self) -> list[Line]:
        """The story as a screen shows it; nothing when there is none."""
        return story_lines(self.beats(), self.left_out)

    def _chosen(self) -> list[Draft]:
        by_rank = [[draft for draft in kept if not draft.is_dropped] for kept in self._kept]
        latest = sorted((draft for drafts in by_rank for draft in drafts), key=_number)[-LATEST:]
        chosen = dict.fromkeys([*by_rank[FINDING][-self._limit :], *latest])
        for rank in (MAJOR, OPERATION, MINOR):
            for draft in reversed(by_rank[rank]):
                if len(chosen) >= self._limit:
                    break
                chosen[draft] = None
        return sorted(chosen, key=_number)

    def _tell(self, rank: int, record: Record, who: str, what: str) -> Draft:
        draft = Draft(self._made, rank, record.t, who, what)
        self._made += 1
        self._told += 1
        if rank > MINOR:
            self._same.clear()
        self._kept[rank].append(draft)
        return draft

    def _drop(self, draft: Draft | None) -> None:
        if draft is not None and not draft.is_dropped:
            draft.is_dropped = True
            self._told -= 1

    def _belongs(self, record: Event, *names: str) -> _Cause | None:
        """The beat that a record follows from, of one of these names."""
        cause = self._cause
        is_same = cause is not None and (cause.t, cause.at) == (record.t, record.at)
        return cause if cause is not None and is_same and cause.name in names else None

    def _begin(self, record: Event, what: str) -> _Cause:
        cause = _Cause(record.t, record.at, record.name, self._tell(MAJOR, record, words.FAULT, what), [], [])
        self._cause = cause
        return cause

    # Faults

    def _strike(self, record: Event) -> None:
        self._faults[str(record.fields.get("name"))] = record.fields
        self._begin(record, words.strike(record.fields))

    def _end(self, record: Event) -> None:
        struck = self._faults.get(str(record.fields.get("name")), {})
        self._begin(record, words.end({**struck, **record.fields}))

    def _machine(self, record: Event) -> None:
        if not self._belongs(record, "fault.strike", "fault.end"):
            self._begin(record, words.machine(record.name, record.fields))

    def _cut(self, record: Event) -> None:
        if self._belongs(record, "fault.strike"):
            return
        cause = self._belongs(record, "link.cut") or self._begin(record, "")
        cause.pairs.append(_pair(record))
        cause.draft.what = f"cut {words.sides(cause.pairs)}"

    def _heal(self, record: Event) -> None:
        cause = self._belongs(record, "fault.end", "link.heal") or self._begin(record, "")
        cause.pairs.append(_pair(record))
        self._late[_pair(record)] = record.t
        if cause.name == "link.heal":
            cause.draft.what = f"heal {words.sides(cause.pairs)}"

    def _released(self, record: Event) -> None:
        self._late[_pair(record)] = int(record.fields.get("last_ns", record.t))
        cause = self._belongs(record, "fault.end", "link.heal")
        if cause is not None:
            cause.held.append(int(record.fields.get("count", 0)))
            cause.draft.outcome = words.released(sum(cause.held))

    # Clients

    def _asks(self, record: Event) -> None:
        fields = record.fields
        client = str(fields.get("client", ""))
        draft = self._tell(OPERATION, record, client, words.operation(fields))
        draft.outcome = words.UNANSWERED
        if not record.at.startswith("distributed.clients"):
            key = (client, record.at, draft.what)
            self._drop(self._asked.get(key))
            self._asked[key] = draft
        self._open[client] = draft

    def _told_back(self, record: Event) -> None:
        draft = self._open.pop(str(record.fields.get("client", "")), None)
        if draft is not None:
            draft.outcome = words.outcome(record.fields, record.t - draft.at_ns)

    # Nodes

    def _said(self, record: Event) -> None:
        self._repeated(record, str(record.fields.get("node", "")), str(record.fields.get("text", "")))

    def _repeated(self, record: Record, who: str, what: str) -> None:
        """What happens again before anything of more weight does is told once."""
        draft, times = self._same.get((who, what), (None, 0))
        if draft is None:
            draft = self._tell(MINOR, record, who, what)
        else:
            draft.what = f"{what} ({times + 1} times)"
        self._same[who, what] = draft, times + 1

    def _exit(self, record: Event) -> None:
        self._tell(MINOR, record, str(record.fields.get("node", "")), "its program ends")

    def _net(self, record: Net) -> None:
        source, _, rest = record.link.partition(">")
        target = rest.partition("#")[0]
        what = words.arrival(record, source, record.t <= self._late.get((source, target), -1))
        if what:
            self._repeated(record, target, what)

    # Steps and findings

    def _step(self, record: Step) -> None:
        self._asked.clear()
        if record.type in words.STEPS_TOLD and not record.failed:
            self._tell(OPERATION, record, "step", f"{record.type} {record.note}")

    def _found(self, record: Found) -> None:
        draft = self._tell(FINDING, record, words.finder(record), f"{record.title}: {record.message}")
        draft.outcome = words.FAIL if record.status != "pass" else ""


_EVENTS: dict[str, Callable[[Story, Event], None]] = {
    "fault.strike": Story._strike,
    "fault.end": Story._end,
    "node.crash": Story._machine,
    "node.restart": Story._machine,
    "node.pause": Story._machine,
    "node.resume": Story._machine,
    "node.said": Story._said,
    "node.exit": Story._exit,
    "link.cut": Story._cut,
    "link.heal": Story._heal,
    "link.released": Story._released,
    "op.start": Story._asks,
    "op.end": Story._told_back,
}


def story_of(records: Iterable[Record], limit: int | None = LINES_MAX) -> Story:
    """The story of records, of which none is kept."""
    made = Story(limit)
    for record in records:
        made.take(record)
    return made


def story(records: Iterable[Record], finding: Found | None = None) -> list[Line]:
    """The story as a screen shows it; it ends with `finding` where the records do not have it."""
    made = story_of(records)
    if finding is not None and not made._kept[FINDING]:
        made.take(finding)
    return made.lines()


def _number(draft: Draft) -> int:
    return draft.number


def _pair(record: Event) -> tuple[str, str]:
    return str(record.fields.get("from", "")), str(record.fields.get("to", ""))

"""Watches one execution: its digest, its choices of who goes on, the states it goes through, how it fails.

A state of a cluster is what each node has been through, in its own order, looked at whenever time has moved: two
executions in which the nodes saw the same are in the same state, whichever node was first. One of a scenario of steps is which steps have ended and what they said, and at the end what the store holds: two
orders that have done the same are in the same state, whatever came first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from blake3 import blake3

from fozzy.core.events import Draw, Event, Found, Net, Record, Step
from fozzy.core.log import Log, Sink
from fozzy.core.summary import worst_status
from fozzy.search.explore.plan import Failed
from fozzy.search.subject import failure_of
from fozzy.sim.schedules import is_schedule

MASK = (1 << 64) - 1
KNOWN_MAX = 100_000  # numbers of steps that are remembered
DIGEST_BYTES = 16
_encoder = msgspec.json.Encoder(order="deterministic", enc_hook=str)
_known: dict[tuple[str, str, str], int] = {}


class CutOff(Exception):
    """The execution made more records than it may; not a failed step, so no block swallows it."""


class Watch:
    """A sink. Everything it tells follows from the records alone."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.states: list[int] = []
        self.covered: dict[str, None] = {}
        self._picks: list[tuple[str, int]] = []
        self._digest = blake3()
        self._state = 0
        self._instant = 0
        self._arrivals: list[str] = []
        self._nodes: dict[str, int] = {}

    def __call__(self, records: Sequence[Record]) -> None:
        self._digest.update(_encoder.encode_lines(records))
        for record in records:
            kind = type(record)
            if kind is Step:
                self._step(record)  # type: ignore[arg-type]
            elif kind is Draw:
                if is_schedule(record.label):  # type: ignore[union-attr]
                    self._picks.append((record.label, record.value))  # type: ignore[union-attr]
            elif kind is Net or kind is Event:
                self._event(record)  # type: ignore[arg-type]
            elif kind is Found:
                self.found.append(record)  # type: ignore[arg-type]

    @property
    def digest(self) -> str:
        """The digest of all records."""
        return self._digest.hexdigest(length=DIGEST_BYTES)

    @property
    def choices(self) -> int:
        """How often somebody was chosen."""
        return len(self._picks)

    @property
    def schedule(self) -> int:
        """A number for who was chosen, and what arrived over which link, in order."""
        return number_of(_encoder.encode([self._picks, self._arrivals]))

    def end(self, store: Mapping[str, Any]) -> None:
        """The execution is over, and the store holds this."""
        self.states.append(number_of(_encoder.encode([self._state, dict(store)])))

    def _event(self, record: Net | Event) -> None:
        """A node has been through something more."""
        if record.t != self._instant:
            self._instant = record.t
            self.states.append(self._state)
        if isinstance(record, Net):
            self._arrivals.append(record.link)
            what = (record.what, record.link, record.digest)
        elif record.name == "fault.strike":
            self.covered[record.at] = None
            what = (record.name, record.at, 0)
        else:
            what = (record.name, "", 0)
        before = self._nodes.get(record.at, 0)
        self._nodes[record.at] = after = number_of(_encoder.encode((before, what)))
        self._state = (self._state - before + after) & MASK

    def _step(self, step: Step) -> None:
        self.covered[step.at] = None
        key = (step.at, step.note, step.failed)
        number = _known.get(key)
        if number is None:
            if len(_known) >= KNOWN_MAX:
                _known.clear()
            number = _known[key] = number_of(_encoder.encode(key))
        self._state = (self._state + number) & MASK
        self.states.append(self._state)


def number_of(data: bytes) -> int:
    """A well mixed 64 bit number for some bytes."""
    return int.from_bytes(blake3(data).digest(length=8), "little")


class BoundedLog(Log):
    """A log of at most so many records. *Errors*: `CutOff` at the one behind them."""

    def __init__(self, records_max: int, sinks: Sequence[Sink]) -> None:
        super().__init__(sinks)
        keep: Callable[[Record], None] = self.buffer.append
        left = records_max

        def bounded(record: Record) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise CutOff
            keep(record)

        self.append = bounded


def failed_of(findings: Sequence[Found]) -> Failed | None:
    """The failure these findings make; none when they only warn."""
    first = next((each for each in findings if each.status != "pass"), None)
    if first is None:
        return None
    failure = failure_of([first], first.at)
    return Failed(
        kind=first.finding,  # type: ignore[arg-type]
        title=first.title,
        message=first.message,
        status=worst_status([each.status for each in findings]),  # type: ignore[misc]
        at=first.at,
        field=first.field,
        cause=list(failure.cause),
    )

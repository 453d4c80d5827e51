"""What tests tell besides what proxies see, as events of the trace: a breaker that changed, a fault of a service.

Rule 1: an event says how much each proxy had decided by then (`after`), since under virtual time many things are at one
time: what a proxy decided later has a higher number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from fozzy.core.events import Event, Record
from fozzy.insight.verdict.model import State

BREAKER = "chaos.breaker"
FAULT = "chaos.fault"
CHANGE = "chaos.change"  # of a plan, told by a proxy

STATES: dict[str, State] = {
    "closed": "closed",
    "open": "open",
    "opened": "open",
    "half_open": "half_open",
    "half-open": "half_open",
    "half-opened": "half_open",
    "half_opened": "half_open",
}


def state_of(word: str) -> State | None:
    """A state as libraries call it."""
    return STATES.get(word.lower())


def breaker_event(t: int, name: str, state: State, after: Mapping[str, int], at: str = "") -> Event:
    """A breaker changed. With `at` it guards that proxy, else all of them."""
    return Event(t, at, BREAKER, {"breaker": name, "state": state, "after": dict(after)})


def fault_event(t: int, name: str, is_over: bool, after: Mapping[str, int], at: str = "") -> Event:
    """A fault that no proxy made, as of a service that was killed, begins or is over."""
    return Event(t, at, FAULT, {"fault": name, "over": is_over, "after": dict(after)})


def told(records: Iterable[Record], name: str) -> list[Event]:
    """The events of a name, in order."""
    return [record for record in records if isinstance(record, Event) and record.name == name]


def after_of(event: Event) -> dict[str, int]:
    """What proxies had decided by then."""
    return cast("dict[str, int]", event.fields.get("after", {}))

"""Which faults came to pass, which are in force, and when each was over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange
from fozzy.core.wires import Connected, Spoken
from fozzy.insight.verdict.events import CHANGE, FAULT, after_of, told
from fozzy.insight.verdict.model import Call, Fired, Recovery

ADDED, REMOVED = "toxic added", "toxic removed"


class Over(NamedTuple):
    """A fault was over at a time, when a proxy had decided so much."""

    fault: str
    at: str
    t: int
    number: int | None


def fired_of(records: Iterable[Record], known: Sequence[Fired], http: str) -> list[Fired]:
    """Every fault and how often it came to pass; `known` is what proxies count themselves, where no record says it."""
    counted: dict[tuple[str, str, str], int] = {(each.at, each.fault, each.type): each.times for each in known}
    seen: dict[tuple[str, str, str], int] = {}
    for key in _struck(records, http):
        seen[key] = seen.get(key, 0) + 1
    for key, times in seen.items():
        counted[key] = max(times, counted.get(key, 0))
    return [Fired(at=at, fault=fault, type=type_, times=times) for (at, fault, type_), times in counted.items()]


def _struck(records: Iterable[Record], http: str) -> Iterator[tuple[str, str, str]]:
    for record in records:
        if isinstance(record, Connected | Spoken):
            yield from ((record.at, each.toxic, each.type) for each in record.struck if each.applied)
        elif isinstance(record, Exchange) and record.applied:
            yield http, record.applied, record.applied
        elif isinstance(record, Event) and record.name == FAULT and not record.fields["over"]:
            yield record.at, record.fields["fault"], record.fields["fault"]


def in_force(records: Sequence[Record], after: Mapping[str, int], t: int) -> list[str]:
    """What was in force when proxies had decided so much: toxics, and faults of services."""
    found: dict[str, None] = {}
    for event in [*told(records, CHANGE), *told(records, FAULT)]:
        if _is_later(event, after, t):
            continue
        name = _name(event)
        if event.fields.get("what") == ADDED or event.fields.get("over") is False:
            found[name] = None
        elif event.fields.get("what") == REMOVED or event.fields.get("over"):
            found.pop(name, None)
    return list(found)


def _is_later(event: Event, after: Mapping[str, int], t: int) -> bool:
    decided = after_of(event) if event.name == FAULT else {event.fields.get("proxy", ""): event.fields["number"]}
    both = [(number, after[at]) for at, number in decided.items() if at in after]
    return any(number > known for number, known in both) if both else event.t > t


def _name(event: Event) -> str:
    if event.name == FAULT:
        return str(event.fields["fault"])
    return f"{event.fields.get('proxy', '')}/{event.fields.get('toxic', '')}"


def recoveries_of(records: Sequence[Record], calls: Sequence[Call], fired: Sequence[Fired], at: str) -> list[Recovery]:
    """How one proxy's client fared after each fault there, or of a service, that came to pass.

    A fault is over when it was taken away, or with its last strike where a call was answered between the two.
    """
    struck = {fault: Over(fault, at, call.ended_ns, call.number) for call in calls for fault in call.faults}
    removed = _removed(records, fired, at)
    found: list[Recovery] = []
    for name in dict.fromkeys([*struck, *removed]):
        early = _recovery(struck[name], calls, at) if name in struck else None
        late = removed.get(name)
        if early is not None and (late is None or _is_before(early, late)):
            found.append(early)
        elif late is not None:
            found.append(_recovery(late, calls, at))
    return sorted(found, key=lambda recovery: recovery.over_ns)


def _is_before(recovery: Recovery, over: Over) -> bool:
    call = recovery.call
    return call is not None and (call.ended_ns <= over.t if over.number is None else call.number < over.number)


def _removed(records: Sequence[Record], fired: Sequence[Fired], at: str) -> dict[str, Over]:
    happened = {f"{each.at}/{each.fault}" for each in fired if each.times and each.at == at}
    found: dict[str, Over] = {}
    for event in told(records, CHANGE):
        if event.fields.get("what") == REMOVED and event.fields.get("proxy") == at and _name(event) in happened:
            found[_name(event)] = Over(_name(event), at, event.t, event.fields["number"])
    for event in told(records, FAULT):
        if event.fields["over"] and event.at in ("", at):
            found[_name(event)] = Over(_name(event), at, event.t, after_of(event).get(at))
    return found


def _recovery(over: Over, calls: Sequence[Call], at: str) -> Recovery:
    failed = 0
    for call in calls:
        is_later = call.began_ns >= over.t if over.number is None else call.number > over.number
        if not is_later and call.ended_ns <= over.t:
            continue
        if call.fate == "answered":
            return Recovery(at=at, fault=over.fault, over_ns=over.t, call=call, failed=failed)
        failed += is_later
    return Recovery(at=at, fault=over.fault, over_ns=over.t, failed=failed)

"""Rolling the faults of one request: `cascade`, one after the other until one hits, or `exclusive`, one draw for all."""

from __future__ import annotations

from fozzy.core.exchange import Roll
from fozzy.faults.http.armed import Armed
from fozzy.faults.http.compile import Compiled
from fozzy.faults.http.match import Facts
from fozzy.faults.keyed import draw_at, stream

EXCLUSIVE = "exclusive"
_ADDED = stream(EXCLUSIVE)


def delay_of(section: Compiled, facts: Facts, base: int, now_ns: int, rolls: list[Roll]) -> int:
    """How long a request waits, in nanoseconds."""
    armed = section.latency
    if armed is None or section.amount is None:
        return 0
    if not _is_due(armed, facts, now_ns) or not armed.rolls(base, now_ns, rolls):
        return 0
    armed.count.applied += 1
    return section.amount(base, armed.origin, rolls)


def _is_due(armed: Armed, facts: Facts, now_ns: int) -> bool:
    if armed.is_choosy:
        return armed.is_due(facts, now_ns)
    armed.count.matched += 1
    return True


def cascade(section: Compiled, facts: Facts, base: int, now_ns: int, rolls: list[Roll]) -> Armed | None:
    """The first fault that hits; those behind it count the request and are not rolled."""
    found: Armed | None = None
    for armed in section.faults:
        if armed.is_choosy:
            if armed.is_due(facts, now_ns) and found is None and armed.rolls(base, now_ns, rolls):
                found = armed
            continue
        count = armed.count
        count.matched += 1
        if found is not None:
            continue
        count.rolled += 1
        if armed.threshold is None:
            hit = True
        else:
            value = draw_at(base, armed.added)
            hit = value >= armed.threshold
            rolls.append(Roll(armed.name, armed.share, value, hit, armed.origin))
        if hit and armed.strikes():
            found = armed
    return found


def exclusive(section: Compiled, facts: Facts, base: int, now_ns: int, rolls: list[Roll]) -> Armed | None:
    """The fault in whose share the one draw falls. One that is not due leaves its share empty."""
    due = [(armed, top) for armed, top in section.exclusive or () if _is_due(armed, facts, now_ns)]
    if not due:
        return None
    value = draw_at(base, _ADDED)
    found: Armed | None = None
    for armed, top in due:
        armed.count.rolled += 1
        if max(0, top - armed.width(now_ns)) <= value < top:
            found = armed
    rolls.append(Roll(EXCLUSIVE, sum(armed.share for armed, _ in due), value, found is not None, section.mode_origin))
    return found if found is not None and found.strikes() else None

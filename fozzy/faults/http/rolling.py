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


def passed_over(section: Compiled, facts: Facts, now_ns: int) -> None:
    """A request that a limit refused: it is rolled for nothing, and ordinals count it, so that no clock moves them."""
    section.refused += 1
    for armed in section.choosy:
        armed.is_due(facts, now_ns)


def struck(section: Compiled, facts: Facts, base: int, now_ns: int, rolls: list[Roll]) -> Armed | None:
    """The fault that strikes a request."""
    if section.plain is None:
        return (cascade if section.exclusive is None else exclusive)(section, facts, base, now_ns, rolls)
    section.asked += 1
    if section.exclusive is None:
        return _plain_cascade(section, base, rolls)
    value = draw_at(base, _ADDED)
    which = _slot_of(value, section.exclusive)
    rolls.append(Roll(EXCLUSIVE, section.total, value, which is not None, section.mode_origin))
    if which is None:
        return None
    section.hits[which] += 1
    return section.faults[which]


def _plain_cascade(section: Compiled, base: int, rolls: list[Roll]) -> Armed | None:
    """A cascade of faults with nothing but probabilities; `Compiled.settle` counts what is rolled here."""
    for which, (added, threshold, name, share, origin) in enumerate(section.plain or ()):
        if threshold is not None:
            value = draw_at(base, added)
            hit = value >= threshold
            rolls.append(Roll(name, share, value, hit, origin))
            if not hit:
                continue
        section.hits[which] += 1
        return section.faults[which]
    return None


def _slot_of(value: int, tops: tuple[int, ...]) -> int | None:
    """In whose share a draw falls: the last entry is where the last share begins."""
    if value < tops[-1]:
        return None
    return next(which for which in range(len(tops) - 1) if value >= tops[which + 1])


def cascade(section: Compiled, facts: Facts, base: int, now_ns: int, rolls: list[Roll]) -> Armed | None:
    """The first fault that hits; those behind it count the request and are not rolled."""
    found: Armed | None = None
    for armed in section.faults:
        if _is_due(armed, facts, now_ns) and found is None and armed.rolls(base, now_ns, rolls):
            found = armed
    return found


def exclusive(section: Compiled, facts: Facts, base: int, now_ns: int, rolls: list[Roll]) -> Armed | None:
    """The fault in whose share the one draw falls. One that is not due leaves its share empty."""
    tops = section.exclusive or ()
    due = [(armed, top) for armed, top in zip(section.faults, tops, strict=False) if _is_due(armed, facts, now_ns)]
    if not due:
        return None
    value = draw_at(base, _ADDED)
    found: Armed | None = None
    for armed, top in due:
        armed.count.rolled += 1
        if max(0, top - armed.width(now_ns)) <= value < top:
            found = armed
    rolls.append(
        Roll(EXCLUSIVE, min(1.0, sum(armed.share for armed, _ in due)), value, found is not None, section.mode_origin)
    )
    return found if found is not None and found.strikes() else None

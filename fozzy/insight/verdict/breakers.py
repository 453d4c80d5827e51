"""Breakers: each change with its cause, and the calls that were made although one was open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from fozzy.core.events import Event, Record
from fozzy.insight.verdict.events import BREAKER, after_of, state_of, told
from fozzy.insight.verdict.faults import in_force
from fozzy.insight.verdict.model import Call, Change


def changes_of(records: Sequence[Record], calls: Sequence[Call]) -> list[Change]:
    """All changes of all breakers, in order; one to the state it is in already is none."""
    latest: dict[str, int] = {}
    found: list[Change] = []
    for event in told(records, BREAKER):
        change = _change(event, [found[latest[name]] for name in latest if name == event.fields["breaker"]])
        if change.state == change.before:
            continue
        before = latest.get(change.breaker)
        since = None if before is None else found[before]
        if before is not None and since is not None and since.state == "open":
            found[before] = replace(since, calls=_between(calls, since, change, event.at))
        latest[change.breaker] = len(found)
        found.append(_caused(change, since, calls, records))
    return [_to_the_end(change, index in latest.values(), calls) for index, change in enumerate(found)]


def _change(event: Event, before: Sequence[Change]) -> Change:
    state = state_of(event.fields["state"]) or "closed"
    known = before[-1].state if before else "closed"
    return Change(
        breaker=event.fields["breaker"], state=state, before=known, t=event.t, after=after_of(event), at=event.at
    )


def _to_the_end(change: Change, is_last: bool, calls: Sequence[Call]) -> Change:
    if change.state != "open" or not is_last:
        return change
    return replace(change, calls=_between(calls, change, None, change.at))


def _between(calls: Iterable[Call], opened: Change, ended: Change | None, at: str) -> list[Call]:
    return [
        call
        for call in calls
        if (not at or call.at == at) and is_after(call, opened) and (ended is None or not is_after(call, ended))
    ]


def is_after(call: Call, change: Change) -> bool:
    """Whether a call came later than a change."""
    known = change.after.get(call.at)
    return call.began_ns > change.t if known is None else call.number > known


def _caused(change: Change, since: Change | None, calls: Sequence[Call], records: Sequence[Record]) -> Change:
    """Why it changed: faults for an opening, time for a half-opening, an answer for a closing."""
    recent = [
        call
        for call in calls
        if (not change.at or call.at == change.at)
        and not is_after(call, change)
        and (since is None or is_after(call, since))
    ]
    if change.state == "open":
        failed = [call for call in recent if call.fate not in ("answered", "open")]
        causes = list(dict.fromkeys(fault for call in failed for fault in call.faults))
        why = f"{len(failed)} failed" if failed else ""
        return replace(change, causes=causes or in_force(records, change.after, change.t), why=why)
    if change.state == "half_open" and since is not None:
        return replace(change, why=f"{(change.t - since.t) / 1e9:.3f} s after it opened")
    answered = [call for call in recent if call.fate == "answered"]
    return replace(change, why=f"{answered[-1].about} was answered" if answered else "")

"""What came after a call: the same again in doubt, too early after `Retry-After`, or never after a reply cut short."""

from __future__ import annotations

from collections.abc import Sequence

from fozzy.insight.verdict.model import Call, Cut, Doubt, Wait
from fozzy.insight.verdict.statements import edge


def doubts_of(calls: Sequence[Call]) -> list[Doubt]:
    """Writes that the server got, whose clients never heard of it, and that came again and were not refused.

    Each repetition belongs to one doubt. On the wire a repetition that somebody meant looks like any other.
    """
    found: list[Doubt] = []
    claimed: set[int] = set()
    for first in calls:
        if not first.in_doubt or first.harmless or edge(first.protocol, first.about):
            continue
        again = next((each for each in calls if _repeats(first, each) and each.number not in claimed), None)
        if again is not None:
            claimed.add(again.number)
            found.append(Doubt(first=first, again=again))
    return found


def _repeats(first: Call, call: Call) -> bool:
    return call.number > first.number and call.key == first.key and call.kept


def waits_of(calls: Sequence[Call]) -> list[Wait]:
    """Replies that asked for patience, and what came next to the same."""
    return [_wait(call, call.retry_after_ns, calls) for call in calls if call.retry_after_ns is not None]


def _wait(call: Call, asked_ns: int, calls: Sequence[Call]) -> Wait:
    after = next((each for each in calls if each.number > call.number and each.about == call.about), None)
    waited_ns = 0 if after is None else after.began_ns - call.ended_ns
    return Wait(call=call, asked_ns=asked_ns, next=after, waited_ns=waited_ns)


def cuts_of(calls: Sequence[Call]) -> list[Cut]:
    """Replies that were cut short. A client cannot see it where the end of the connection is the end of the body."""
    found: list[Cut] = []
    for call in calls:
        if call.fate == "truncated":
            resumed = next((each for each in calls if each.number > call.number and each.about == call.about), None)
            is_unseen = call.framing == "close" and call.ended == "fin"
            found.append(Cut(call=call, accepted=is_unseen and resumed is None, resumed=resumed))
    return found

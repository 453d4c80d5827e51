"""Calls as attempts: what a client wanted once, and how often it tried.

Rule 1: a call goes on an operation that asked for the same and whose last attempt failed before this one began; of
several the oldest. After an attempt to connect that came to nothing any call goes on.
Rule 2: a pause is from the end of an attempt to the beginning of the next: of its connection where that is new.
"""

from __future__ import annotations

from collections.abc import Iterable

from fozzy.insight.verdict.model import CONNECT, Call, Operation

FAILED = ("error", "truncated", "lost", "silent")


def operations_of(calls: Iterable[Call]) -> list[Operation]:
    """Of one proxy's calls, in the order of their numbers."""
    begun: list[list[Call]] = []
    failed: list[list[Call]] = []  # whose last attempt failed
    for call in calls:
        found = next((each for each in failed if _goes_on(each, call)), None)
        if found is None:
            found = []
            begun.append(found)
        else:
            failed.remove(found)
        found.append(call)
        if call.fate in FAILED:
            failed.append(found)
    return [_operation(attempts) for attempts in begun]


def _goes_on(attempts: list[Call], call: Call) -> bool:
    last = attempts[-1]
    if beginning_of(call, last) < last.ended_ns:
        return False
    known = next((each for each in attempts if each.about != CONNECT), None)
    return known is None or call.about == CONNECT or known.key == call.key


def _operation(attempts: list[Call]) -> Operation:
    about = next((each.about for each in attempts if each.about != CONNECT), CONNECT)
    pauses = [
        beginning_of(after, before) - before.ended_ns for before, after in zip(attempts, attempts[1:], strict=False)
    ]
    return Operation(at=attempts[0].at, about=about, attempts=attempts, pauses_ns=pauses)


def beginning_of(call: Call, before: Call) -> int:
    """When a call began, seen from the one before it: with its connection, where that came after the end of that one."""
    return call.connected_ns if call.connected_ns >= before.ended_ns else call.began_ns

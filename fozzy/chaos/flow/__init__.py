"""What becomes of an answer on its way to the client, step by step. Pure: no I/O, no clock of its own.

A door feeds in the head and the pieces of the true answer and carries out the steps that come back, in order: a `Head`,
bytes, a `Wait`, an `End`. After an `End` nothing more goes to the client.
Rule 1: `applied` and `reason` say what became of the plan; they hold once the last step was carried out.
Rule 2: a piece goes on at once, except where its fault is about the whole of it.
To add an action: a class in `bodies` or `events`, a line in `_FLOWS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fozzy.chaos.flow.base import Bypassing, End, Flow, Head, Step, Struck, Wait
from fozzy.chaos.flow.bodies import Closing, Cutting, Damaging, Overriding
from fozzy.chaos.flow.events import Ending, Losing, Pausing, Spoiling
from fozzy.faults.http.decision import Action, Close, Cut, Damage, EndStream, LoseEvent, Override, Pause, SpoilEvent

_FLOWS: dict[type[Any], Callable[[Callable[[], int], Any], Flow]] = {
    SpoilEvent: Spoiling,
    LoseEvent: Losing,
    EndStream: Ending,
    Pause: Pausing,
    Cut: Cutting,
    Close: Closing,
    Override: Overriding,
}


def flow_of(action: Action | None, head: Head, now_ns: Callable[[], int]) -> Flow:
    """The flow for an action, once the answer's head is known."""
    if isinstance(action, Damage):
        if head.kind() is None or not head.has_body:
            return Damaging(now_ns, action)
        if action.streams == "corrupt":
            return Spoiling(now_ns, action)
        return Bypassing(now_ns, "stream")
    make = _FLOWS.get(type(action))
    return Flow(now_ns) if make is None else make(now_ns, action)


__all__ = ["End", "Flow", "Head", "Step", "Struck", "Wait", "flow_of"]

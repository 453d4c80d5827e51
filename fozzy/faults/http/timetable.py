"""When scenarios start by themselves and end: the plan's schedule and the durations of what is active.

Rule 1: what is due begins and ends at its own time, not when it is noticed; of a missed period only the last counts.
Rule 2: `after_requests` counts requests; it is due before the one that follows.
Rule 3: an entry counts from when it came into force. Other entries that come or go leave it alone.
"""

from __future__ import annotations

from fozzy.core.duration import parse_ns
from fozzy.faults.http import control
from fozzy.faults.http.plan import Entry
from fozzy.faults.http.state import State

NEVER_NS = 1 << 62
STEPS_MAX = 4096  # of starts and ends that one look finds; there are as many entries as in the plan, and their ends


class Timetable:
    """Which entries of the schedule have had their turn."""

    def __init__(self) -> None:
        self._schedule: list[Entry] = []
        self._since_ns = 0
        self._base: list[int] = []  # requests that came before each entry
        self._next: list[int] = []  # when each entry is due next, or NEVER_NS
        self.next_requests: float = NEVER_NS

    def follow(self, state: State, requests: int, now_ns: int) -> None:
        """Follow another state. An entry that is still there goes on, unless the whole plan is in force anew."""
        if state.plan.schedule == self._schedule and state.since_ns == self._since_ns:
            return
        kept = list(zip(self._schedule, self._next, self._base, strict=True))
        if state.since_ns != self._since_ns:
            kept = []
        self._schedule, self._since_ns = state.plan.schedule, state.since_ns
        self._next, self._base = [], []
        for entry in self._schedule:
            known = next((each for each in kept if each[0] == entry), None)
            if known is not None:
                kept.remove(known)
            self._next.append(_first_ns(entry, now_ns) if known is None else known[1])
            self._base.append(requests if known is None else known[2])
        self._waiting()

    def when(self) -> list[int | None]:
        """When each entry is due next; none where it has had its turn, or requests decide it."""
        return [due if 0 <= due < NEVER_NS else None for due in self._next]

    def _waiting(self) -> None:
        waiting = zip(self._schedule, self._next, self._base, strict=True)
        counted = [base + each.after_requests for each, due, base in waiting if due < 0 and each.after_requests]
        self.next_requests = min(counted, default=NEVER_NS)

    def due_ns(self, state: State, requests: int) -> int:
        """When something is due next."""
        if requests >= self.next_requests:
            return 0
        ends = [each.until_ns for each in state.active if each.until_ns is not None]
        return min([*(due for due in self._next if due >= 0), *ends], default=NEVER_NS)

    def due(self, state: State, now_ns: int, requests: int) -> list[tuple[State, str]]:
        """Everything that is due by now, in the order of its time."""
        changes: list[tuple[State, str]] = []
        for _ in range(STEPS_MAX):
            step = self._step(state, now_ns, requests)
            if step is None:
                break
            changes.append(step)
            state = step[0]
        return changes

    def _step(self, state: State, now_ns: int, requests: int) -> tuple[State, str] | None:
        ends = [(each.until_ns, 0, n) for n, each in enumerate(state.active) if each.until_ns is not None]
        starts = [(due if due >= 0 else now_ns, 1, n) for n, due in enumerate(self._next) if self._is_due(n, requests)]
        at_ns, is_start, which = min([*ends, *starts], default=(NEVER_NS, 0, 0))
        if at_ns > now_ns:
            return None
        if not is_start:
            name = state.active[which].name
            return control.stop(state, name), f"the time of {name} is over"
        entry = self._schedule[which]
        began_ns = self._turn(which, at_ns, now_ns)
        if entry.stack and any(each.name == entry.start for each in state.active):
            state = control.stop(state, entry.start)
        return control.start(state, entry.start, began_ns, stack=entry.stack), f"the schedule starts {entry.start}"

    def _is_due(self, which: int, requests: int) -> bool:
        if self._next[which] >= 0:
            return True
        return requests - self._base[which] >= (self._schedule[which].after_requests or NEVER_NS)

    def _turn(self, which: int, at_ns: int, now_ns: int) -> int:
        """An entry has its turn. Returns when it really was due: the last of several periods."""
        every = self._schedule[which].every
        if every is None:
            self._next[which] = NEVER_NS
        else:
            period_ns = parse_ns(every)
            at_ns += (now_ns - at_ns) // period_ns * period_ns
            self._next[which] = at_ns + period_ns
        self._waiting()
        return at_ns


def _first_ns(entry: Entry, since_ns: int) -> int:
    """When an entry is due first; -1 where requests decide it."""
    if entry.after_requests is not None:
        return -1
    text = entry.at or entry.every
    return NEVER_NS if text is None else since_ns + parse_ns(text)

"""The shrinker: runs the passes in rounds until a round changes nothing, the budget is over, or somebody stops it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from fozzy.errors import Terminated
from fozzy.search.shrink.gate import AIMS, Gate, Size, Slip, Spent, faults_in
from fozzy.search.shrink.passes import PASSES, Aim, Pass
from fozzy.search.shrink.reasons import Reason, reasons
from fozzy.search.subject import Candidate, Failure, Subject

End = Literal["converged", "budget", "interrupted", "terminated"]
ROUNDS_MAX = 100


class Row(NamedTuple):
    """What a pass did in all rounds together, and how large the best was after it."""

    name: str
    tried: int
    kept: int
    size: Size
    faults: int


class Shrunk(NamedTuple):
    """What shrinking came to."""

    first: Candidate
    best: Candidate
    failure: Failure
    rows: list[Row]
    reasons: list[Reason]
    slips: list[Slip]
    end: End
    tried: int
    spent_ns: int


Listener = Callable[[str, Gate], None]


class Shrinker:
    """Shrinks one failure. `aims` say what may change; `listen` is told the pass at work before every run."""

    def __init__(self, gate: Gate, aims: Sequence[Aim], listen: Listener | None = None) -> None:
        self._gate = gate
        gate.aims = tuple(aims)
        self._passes = [each for each in PASSES if set(each.aims) & set(aims)]
        self._listen = listen
        self._rows = {each.name: Row(each.name, 0, 0, gate.size, faults_in(gate.best.script)) for each in self._passes}

    def run(self) -> Shrunk:
        """Shrink until nothing changes. Ctrl-C and a spent budget keep the best so far."""
        gate, first = self._gate, self._gate.best
        end: End = "converged"
        try:
            self._rounds()
        except Spent:
            end = "budget"
        except KeyboardInterrupt as stop:
            end = "terminated" if isinstance(stop, Terminated) else "interrupted"
        why: list[Reason] = []
        if end in ("converged", "budget"):
            try:
                why = self._reasons()
            except KeyboardInterrupt as stop:
                end = "terminated" if isinstance(stop, Terminated) else "interrupted"
        rows = [*self._rows.values()]
        slips = list(gate.slips.values())
        return Shrunk(first, gate.best, gate.failure, rows, why, slips, end, gate.tried, gate.spent_ns)

    def _rounds(self) -> None:
        gate = self._gate
        gate.look_at_calm()
        for _ in range(ROUNDS_MAX):
            before = gate.size, gate.is_alone
            for each in self._passes:
                self._run(each)
            gate.make_sure()
            if (gate.size, gate.is_alone) == before:
                return

    def _run(self, each: Pass) -> None:
        gate = self._gate
        tried, kept = gate.tried, gate.kept
        gate.listen = lambda: self._listen(each.name, gate) if self._listen else None
        try:
            each.run(gate)
        finally:
            row = self._rows[each.name]
            self._rows[each.name] = Row(
                each.name,
                row.tried + gate.tried - tried,
                row.kept + gate.kept - kept,
                gate.size,
                faults_in(gate.best.script),
            )

    def _reasons(self) -> list[Reason]:
        """Why each thing that is left is needed, as far as there is time to say so."""
        self._gate.listen = lambda: self._listen("why", self._gate) if self._listen else None
        return reasons(self._gate)


def shrink(
    subject: Subject,
    first: Candidate,
    failure: Failure,
    *,
    budget_ns: int,
    aims: Sequence[Aim] = AIMS,
    listen: Listener | None = None,
) -> Shrunk:
    """Shrink a candidate that fails for a reason. *Units*: `budget_ns` is wall time. *Closes*: the process that runs
    shared; a run after this one begins another."""
    try:
        return Shrinker(Gate(subject, first, failure, budget_ns), aims, listen).run()
    finally:
        close = getattr(subject, "close", None)
        if close is not None:
            close()

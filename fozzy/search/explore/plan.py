"""What is explored and what came of it: a plan, an order for one execution, what it did, and who carries it out.

An execution follows from its order alone, so executions can be done anywhere and in any order, and one that failed can
be done again by itself. To explore another kind of scenario: write a `Bench`.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

import msgspec

from fozzy.core.outcome import FindingKind, Status
from fozzy.engine.record import Keeping, Recorded
from fozzy.sim.schedules import Pick, Schedule

SEED_BITS = 53
EXECUTIONS_DEFAULT = 1_000
RECORDS_MAX = 1_000_000  # of one execution: it is cut there, so that one that never ends does not stop the others


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to explore, and for how long. *Units*: `time_ns` is wall time; `bound` counts picks that are not the first."""

    schedule: Schedule
    seed: int
    count: int = EXECUTIONS_DEFAULT
    bound: int | None = None
    time_ns: int | None = None
    records_max: int = RECORDS_MAX
    jobs: int = 1
    goes_on: bool = False  # after the first failure

    def seed_of(self, index: int) -> int:
        """The seed of an execution: a search of all orders keeps everything else as it is."""
        return self.seed if self.schedule.is_systematic else (self.seed + index) % (1 << SEED_BITS)


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One execution that is wanted; `path` is what a systematic schedule follows."""

    index: int
    seed: int
    schedule: Schedule
    path: list[Pick] = []


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """Why an execution failed; those with the same `print` are one failure."""

    kind: FindingKind
    title: str
    message: str
    status: Status
    at: str
    field: str = ""
    cause: list[str] = []

    @property
    def print(self) -> tuple[str, str, str]:
        """What tells this failure from others."""
        return (self.kind, self.title, self.at)


class Done(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an execution came to.

    `choices` counts choices of who goes on and `schedule` is a 64 bit digest of them; `states` are 64 bit numbers of
    the states it went through, `covered` the places it came to; `path` is what a systematic schedule took. `is_cut`
    says that it was ended at the most records; `unsteady` why its path could not be followed.
    """

    index: int
    status: Status = "pass"
    failed: Failed | None = None
    digest: str = ""
    choices: int = 0
    schedule: int = 0
    states: list[int] = []
    covered: list[str] = []
    path: list[Pick] = []
    is_cut: bool = False
    unsteady: str = ""


class Bench(Protocol):
    """Somebody who carries out executions of one scenario."""

    places: Sequence[str]  # all there is to come to

    @property
    def is_alone(self) -> bool:
        """Whether each execution has a process of its own, since programs keep state from one to the next."""
        ...

    def run(self, orders: Sequence[Order], end_ns: int | None) -> Generator[Done, None, None]:
        """What each came to, in their order; from `end_ns` on nothing is begun. *Errors*: `FozzyError`. *Closes*: what
        is under way, with it."""
        ...

    def record(self, order: Order, failed: Failed, keep: Keeping) -> Recorded:
        """Do a failing execution again and record it. *Errors*: `EvidenceError` when it does not fail alike."""
        ...

    def close(self) -> None:
        """End everything."""
        ...

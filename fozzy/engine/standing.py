"""Workers that stay between the runs of a suite: with the interpreters of user code they have started, and all they have
imported, so that a scenario that runs again begins at once.

Rule: nothing of a run is kept. A worker reads the scenario's file again each time; interpreters of user code begin
anew when a file of theirs has changed.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fozzy.engine.discover import Chosen
from fozzy.engine.suite import Answers, Job, run_afresh
from fozzy.engine.workers import Pool, Recipe


class Order(msgspec.Struct, frozen=True):
    """One scenario that is to run."""

    path: str
    name: str
    shown: str
    case: dict[str, Any]
    number: int
    job: msgspec.Raw  # the same for all of a run, so it is written once


class Standing:
    """The workers of one watch. *Closes*: `close` ends them all."""

    def __init__(self) -> None:
        self._pool = Pool(answer, lambda: Recipe(f"{__name__}:worker", b"", "bytes"))
        self.heard: Mapping[
            int, Callable[[], bool]
        ] = {}  # what is looked after while scenarios run; says whether to stop

    def answers(self, chosen: Sequence[Chosen], job: Job, jobs: int) -> Answers:
        """Run these, in any order: as `engine/suite` wants it."""
        told = msgspec.Raw(msgspec.json.encode(msgspec.structs.replace(job, paths=[])))
        orders = [
            Order(str(each.path), each.name, each.shown, each.case, number, told)
            for number, each in enumerate(chosen, 1)
        ]
        names = [f"{each.path} {each.label}".encode("utf-8", "surrogateescape") for each in chosen]
        return self._pool.run([msgspec.json.encode(each) for each in orders], jobs, names, self.heard)

    def close(self) -> None:
        """End them all."""
        self._pool.close()


def answer(request: bytes) -> bytes:
    """Run one scenario as its file is now, in a worker."""
    order = msgspec.json.decode(request, type=Order)
    chosen = Chosen(Path(order.path), order.name, order.shown, None, order.case)
    return msgspec.json.encode(run_afresh(chosen, order.number, msgspec.json.decode(order.job, type=Job)))


def worker(_payload: bytes) -> Callable[[bytes], bytes]:
    """The handler of a spawned worker, to which each request says all."""
    return answer

"""Schedules: who goes on where several could. Each is a source whose `choose` sees who they are, not only how many.

`fifo` always takes the first in order; `random` draws; `pct` follows priorities with a few changes; `dfs` and `bfs`
follow a path that a search gives them (`Followed`). Whatever is no such choice is drawn from the seed, so a schedule
moves no other decision. What a schedule chooses is recorded as an ordinary draw: a replay needs no schedule.
To add one: a class here that is a `Source` with `choose`, and a line in `source_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from fozzy.core.choice import CHANCES, A, Source
from fozzy.core.sources import Seeded, Spec

Kind = Literal["fifo", "random", "pct", "dfs", "bfs"]
Pick = tuple[int, int]  # which was taken, of how many

DEPTH_DEFAULT = 3
PARALLEL, SIMULATED = "parallel", "sched."  # the families of labels that say who goes on


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Which schedule, and what it needs to be the same again: of `pct` its depth and its `horizon` k."""

    kind: Kind = "random"
    depth: int = DEPTH_DEFAULT
    horizon: int = 0

    @property
    def is_systematic(self) -> bool:
        """Whether a search says which path it follows."""
        return self.kind in ("dfs", "bfs")


class Unsteady(Exception):
    """The same picks led to another choice than before: the run is not deterministic. Not a failed step."""

    def __init__(self, number: int, then: int, now: int) -> None:
        ends = f"the run ended before choice {number + 1}, which was among {then}"
        super().__init__(ends if now == 0 else f"choice {number + 1} was among {then}, and now it is among {now}")


def is_schedule(label: str) -> bool:
    """Whether a draw under this label says who goes on."""
    return label.startswith(SIMULATED) or label == PARALLEL or label.startswith(PARALLEL + ".")


def source_of(schedule: Schedule, seed: int, path: Sequence[Pick] = ()) -> Source:
    """A fresh source for one execution; `path` is what a systematic one follows."""
    if schedule.kind == "fifo":
        return Fifo(seed)
    if schedule.kind == "pct":
        return Pct(seed, schedule.depth, schedule.horizon)
    return Followed(seed, path) if schedule.is_systematic else Seeded(seed)


def scheduled(spec: Spec) -> Source:
    """The schedule a spec is of."""
    more = spec.more
    schedule = Schedule(kind=spec.kind, depth=more.get("depth", 0), horizon=more.get("horizon", 0))  # type: ignore[arg-type]
    return source_of(schedule, spec.seed or 0, [(value, options) for value, options in more.get("path", ())])


class _Scheduled:
    """A source that draws from a seed and asks the world; who goes on is for its `choose`."""

    kind = ""

    def __init__(self, seed: int) -> None:
        self._seeded = Seeded(seed)
        self.draw = self._seeded.draw

    def spec(self) -> Spec:
        """This source as it is before its first draw."""
        return Spec(kind=self.kind, seed=self._seeded.seed, more=self._more())

    def _more(self) -> dict[str, Any]:
        return {}

    def ask(self, label: str, request: Any, live: Callable[[], tuple[A, int]], answer: type[A]) -> tuple[A, int]:
        """Let the world answer."""
        return self._seeded.ask(label, request, live, answer)


class Fifo(_Scheduled):
    """The first in order goes on, always: the one that ran last, or that came first."""

    kind = "fifo"

    def choose(self, label: str, who: Sequence[int]) -> int:
        """The first."""
        del label, who
        return 0


class Pct(_Scheduled):
    """Probabilistic concurrency testing: Burckhardt, Kothari, Musuvathi, Nagarakatte, "A randomized scheduler with
    probabilistic guarantees of finding bugs", ASPLOS 2010.

    Everybody gets a random priority when first seen, and the highest goes on. At each of `depth` - 1 change points,
    drawn over `horizon` choices, the one that would go on falls below all first priorities; the i-th point gives the
    priority i. Numbers are told apart by the label they are chosen under.
    """

    kind = "pct"

    def __init__(self, seed: int, depth: int, horizon: int) -> None:
        super().__init__(seed)
        self._given = {"depth": depth, "horizon": horizon}
        self._priorities: dict[tuple[str, int], int] = {}
        self._changes: dict[int, list[int]] = {}
        self._step = 0
        for number in range(1, depth):
            self._changes.setdefault(self.draw("pct.change", 1, max(1, horizon)), []).append(number - depth)

    def _more(self) -> dict[str, Any]:
        return self._given

    def choose(self, label: str, who: Sequence[int]) -> int:
        """The one with the highest priority."""
        self._step += 1
        priorities = self._priorities
        keys = [(label, number) for number in who]
        for key in keys:
            if key not in priorities:
                priorities[key] = self.draw("pct.priority", 0, CHANCES - 1)
        best = _highest(keys, priorities)
        for low in self._changes.get(self._step, ()):
            priorities[keys[best]] = low
            best = _highest(keys, priorities)
        return best


def _highest(keys: Sequence[tuple[str, int]], priorities: dict[tuple[str, int], int]) -> int:
    return max(range(len(keys)), key=lambda index: priorities[keys[index]])


class Followed(_Scheduled):
    """Follows a path of picks, then takes the first in order. `taken` is the path of the whole run.

    *Errors*: `Unsteady` when there is another number to choose from than the path says.
    """

    kind = "dfs"

    def __init__(self, seed: int, path: Sequence[Pick]) -> None:
        super().__init__(seed)
        self.taken: list[Pick] = []
        self._path = path

    def _more(self) -> dict[str, Any]:
        return {"path": [list(pick) for pick in self._path]}

    def choose(self, label: str, who: Sequence[int]) -> int:
        """What the path says."""
        del label
        number, value = len(self.taken), 0
        if number < len(self._path):
            value, then = self._path[number]
            if then != len(who):
                raise Unsteady(number, then, len(who))
        self.taken.append((value, len(who)))
        return value

    def finish(self) -> None:
        """The run is over; the path must be too. *Errors*: `Unsteady`."""
        number = len(self.taken)
        if number < len(self._path):
            raise Unsteady(number, self._path[number][1], 0)

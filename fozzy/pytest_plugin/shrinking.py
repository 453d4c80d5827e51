"""The fewest faults with which a test still fails the same way: a fault less, then fewer strikes of those that stay.

Rule 1: every candidate is the whole test, run with the same seed; draws are keyed, so a fault that is left out moves no other.
Rule 2: the same failure is the same error at the same place of the test, and the same complaint of an oracle. Any other
one is no progress.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from fozzy.core.words import count
from fozzy.pytest_plugin.declared import Cut, Declared
from fozzy.pytest_plugin.state import ChaosTest, Failure

RUNS_MAX = 200  # of the test; faults are few, so this is more than it takes

Again = Callable[[Cut], ChaosTest | None]  # one run with so much left out


class Shrunk(NamedTuple):
    """What came of it. Where `is_shrunk`, the last run is one of the smallest and failed the same way."""

    cut: Cut
    runs: int
    said: str
    is_shrunk: bool = False


class _Search:
    """The smallest so far. The last run is always one of it when `finish` is through."""

    def __init__(self, first: ChaosTest, again: Again) -> None:
        assert first.failure is not None
        self.failure: Failure = first.failure
        self.best: Cut = dict(first.wanted.cut)
        self.test = first
        self.runs = 0
        self._again = again
        self._tried: set[str] = set()
        self._is_latest = False

    def holds(self, cut: Cut) -> bool:
        """Whether it still fails so with that much left out; then that is the smallest."""
        if self.runs >= RUNS_MAX or repr(sorted(cut.items())) in self._tried:
            return False
        self._tried.add(repr(sorted(cut.items())))
        test = self._run(cut)
        self._is_latest = False
        if test is None:
            return False
        self.best, self.test, self._is_latest = cut, test, True
        return True

    def finish(self) -> bool:
        """Run the smallest again, so that what is kept is of it."""
        return self._is_latest or self._run(self.best) is not None

    def _run(self, cut: Cut) -> ChaosTest | None:
        self.runs += 1
        test = self._again(cut)
        same = test is not None and test.failure is not None and test.failure.is_like(self.failure)
        return test if same else None


def shrink(first: ChaosTest, again: Again) -> Shrunk:
    """Leave out what is not needed for the failure of a test that has run."""
    search = _Search(first, again)
    before = len(first.declared.all)
    if not search.holds({**search.best}):
        return Shrunk(search.best, search.runs, "not shrunk: run again as it was, it did not fail the same way")
    while _drop(search) or _thin(search):
        pass
    if not search.finish():
        return Shrunk(search.best, search.runs, "not shrunk: the smallest did not fail the same way again")
    left = [f"  {_named(each)}" for each in search.test.declared.all]
    head = f"{count(before, 'fault')} made {len(left)} in {count(search.runs, 'run')}"
    needs = "it fails so without any fault" if not left else "it needs"
    return Shrunk(search.best, search.runs, "\n".join([f"{head}; {needs}", *left]), is_shrunk=True)


def _drop(search: _Search) -> bool:
    """Leave out as many as possible at once, then fewer at a time."""
    done = False
    size = len(search.test.declared.all)
    while size:
        places = [each.place for each in search.test.declared.all]
        for group in _groups(places, size):
            done |= search.holds({**search.best, **dict.fromkeys(group)})
        size //= 2
    return done


def _thin(search: _Search) -> bool:
    """Have each strike less often: once, or half as often."""
    done = False
    for each in list(search.test.declared.all):
        for fields in _fewer(each):
            kept = search.best.get(each.place) or {}
            if search.holds({**search.best, each.place: {**kept, **fields}}):
                done = True
                break
    return done


def _fewer(declared: Declared) -> Iterator[dict[str, int]]:
    hits = declared.tally.hit
    if hits > 1:
        yield {"times": 1}
        if declared.armed.toxic.after is None:
            yield {"times": 1, "after": hits - 1}
        yield {"times": hits // 2}
        yield {"times": hits - 1}


def _groups(places: list[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(places), size):
        yield places[at : at + size]


def _named(declared: Declared) -> str:
    toxic = declared.armed.toxic
    times = "" if toxic.times is None else f", times={toxic.times}"
    after = "" if toxic.after is None else f", after={toxic.after}"
    return f"{declared.place} ({toxic.type}{after}{times})"

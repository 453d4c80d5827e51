"""Portions executed here or in forked workers: the same answers in the same order, and errors that are told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing

import pytest

from fozzy import wall
from fozzy.errors import StoreError
from fozzy.search.fuzz.benches import LocalBench
from fozzy.search.fuzz.mutate import Means, mutate
from fozzy.search.fuzz.portion import Portion, Result
from fozzy.search.fuzz.rng import Rng
from tests.leftovers import children

PORTIONS = [Portion(name=f"1.{index}", seed=1, runs=60, corpus=[b"a"]) for index in range(4)]


class Plain:
    """Every byte is a feature. One portion may fail, or end its process."""

    def __init__(self, name: str, harm: str = "") -> None:
        self.words: Sequence[bytes] = []
        self.closed = False
        self._harm = harm if name == "1.2" else ""
        self._pid = os.getpid()

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        return mutate(data, rng, means)

    def execute(self, data: bytes) -> Result:
        if self._harm == "fail":
            raise StoreError("store.unwritable", "no room")
        if self._harm == "die" and os.getpid() != PARENT:
            os._exit(9)
        return Result([*data])

    def close(self) -> None:
        MADE.remove(self)


MADE: list[Plain] = []
PARENT = os.getpid()


def bench(jobs: int, harm: str = "") -> LocalBench:
    """A bench whose targets are counted while they are open."""

    def make(name: str) -> Plain:
        MADE.append(Plain(name, harm))
        return MADE[-1]

    return LocalBench(make, [b""], jobs)


@pytest.mark.parametrize("jobs", [2, 3, 9])
def test_workers_answer_as_one_process_does(jobs: int) -> None:
    """The same portions have the same answers in the same order; every target is closed."""
    alone = list(bench(1).run(PORTIONS, frozenset({97}), None))
    assert list(bench(jobs).run(PORTIONS, frozenset({97}), None)) == alone and MADE == []
    assert [told.runs for told in alone] == [60] * 4 and all(told.finds for told in alone)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_worker_is_raised_here(jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    """What a target cannot go on with ends the campaign with the same error, and without a traceback."""
    with pytest.raises(StoreError, match="no room"):
        list(bench(jobs, "fail").run(PORTIONS, frozenset(), None))
    assert MADE == [] and capfd.readouterr().err == ""


def test_the_portion_of_a_worker_that_died_is_done_again() -> None:
    """Nothing is missing in what is told."""
    assert list(bench(2, "die").run(PORTIONS, frozenset(), None)) == list(bench(1).run(PORTIONS, frozenset(), None))


def test_time_ends_a_portion() -> None:
    """What was done until then counts."""
    (told,) = bench(1).run(
        [Portion(name="1.0", seed=1, runs=10**9, corpus=[b"a"])], frozenset(), wall.elapsed_ns() + 10**7
    )
    assert 0 < told.runs < 10**9 and MADE == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_whoever_stops_early_leaves_nothing(jobs: int) -> None:
    """Closing the answers ends the workers."""
    before = children()
    with closing(bench(jobs).run(PORTIONS, frozenset(), None)) as answers:
        next(answers)
    assert children() == before

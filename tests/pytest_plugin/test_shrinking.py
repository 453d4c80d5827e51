"""The fewest faults: a search over runs of a test, here of one that is made up."""

from __future__ import annotations

from typing import Any

from fozzy.faults.tcp.armed import Armed
from fozzy.faults.tcp.plan import Toxic
from fozzy.pytest_plugin.declared import Cut, Declarations
from fozzy.pytest_plugin.shrinking import RUNS_MAX, Shrunk, shrink
from fozzy.pytest_plugin.state import ChaosTest, Failure, Wanted

FAILS = Failure("call", "AssertionError", "2 != 1", "test_it.py", 7)


class Run(ChaosTest):
    """A run of a test with ten faults, each of which strikes five times where nothing says otherwise."""

    def __init__(self, cut: Cut, needed: dict[int, int]) -> None:
        super().__init__(Wanted("test_it.py::test_it", 7, cut=cut))
        self.declared = Declarations(cut)
        hits = {}
        for number in range(10):
            toxic = Toxic(type="latency", name=f"f{number}", attributes={"latency": 1})
            left = self.declared.cut("redis", toxic)
            if left is None:
                self.declared.left_out("redis", toxic)
                continue
            armed = Armed("redis", left, 0)
            armed.hit = hits[number] = min(5, left.times or 5)
            self.declared.put("redis", toxic, armed, stays=False)
        if all(hits.get(number, 0) >= times for number, times in needed.items()):
            self.failure = FAILS


def shrunk(needed: dict[int, int], **changes: Any) -> tuple[Shrunk, list[Cut]]:
    """What comes of a test that needs these faults to fail, each so often; and what was tried."""
    tried: list[Cut] = []

    def again(cut: Cut) -> ChaosTest:
        tried.append(cut)
        return Run(cut, changes.get("later", needed))

    return shrink(Run({}, needed), again), tried


def test_only_what_is_needed_is_left() -> None:
    """Two faults of ten, one of which must strike three times; the last run is one of them."""
    done, tried = shrunk({2: 1, 8: 3})
    left = [f"redis/f{number}" for number in range(10) if done.cut.get(f"redis/f{number}", {}) is not None]
    assert left == ["redis/f2", "redis/f8"]
    assert done.cut["redis/f2"]["times"] == 1  # type: ignore[index]
    assert done.cut["redis/f8"]["times"] == 3 or done.cut["redis/f8"]["times"] == 4  # type: ignore[index]
    assert Run(tried[-1], {2: 1, 8: 3}).failure == FAILS
    assert done.is_shrunk and done.said.startswith("10 faults made 2 in ")
    assert len(tried) == done.runs <= RUNS_MAX


def test_a_failure_without_any_fault_is_told() -> None:
    """Then the faults have nothing to do with it."""
    done, _ = shrunk({})
    assert "it fails so without any fault" in done.said


def test_a_failure_that_does_not_come_again_is_not_shrunk() -> None:
    """Run again as it was it must fail the same way."""
    done, tried = shrunk({2: 1}, later={2: 6})
    assert not done.is_shrunk and done.said.startswith("not shrunk")
    assert tried == [{}]


def test_a_smallest_that_does_not_fail_again_is_not_shrunk() -> None:
    """What is told must be a failure: the smallest is run once more, and here it passes."""
    tried: list[Cut] = []

    def again(cut: Cut) -> ChaosTest:
        before = cut in tried
        tried.append(cut)
        return Run(cut, {2: 6} if before else {2: 1, 8: 3})

    done = shrink(Run({}, {2: 1, 8: 3}), again)
    assert tried[-1] == done.cut and tried.count(done.cut) == 2
    assert not done.is_shrunk and done.said == "not shrunk: the smallest did not fail the same way again"

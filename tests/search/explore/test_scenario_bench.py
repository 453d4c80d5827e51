"""Scenarios of steps on the bench: what an execution tells, and a failing one as an ordinary run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.core.events import Draw
from fozzy.engine.code import NO_CODE
from fozzy.engine.prepare import Options
from fozzy.engine.record import Keeping
from fozzy.engine.replay import replay_file
from fozzy.errors import EvidenceError, UsageError
from fozzy.search.explore.plan import Done, Failed, Order
from fozzy.search.explore.scenario_bench import ScenarioBench, open_bench
from fozzy.search.explore.watch import failed_of
from fozzy.sim.schedules import Schedule
from fozzy.trace.reader import open_trace
from fozzy.trace.store import Store

from .conftest import LOST_UPDATE, bench_of, branches, explored, loaded_of, say

PICKY = [
    {"type": "rand_int", "key": "k", "min": 0, "max": 9},
    {"type": "if", "that": "${k}", "equals": 7, "then": [{"type": "fail", "message": "seven"}], "else": [say("fine")]},
]


def order(kind: Any, seed: int = 1, **more: Any) -> Order:
    return Order(index=0, seed=seed, schedule=Schedule(kind=kind, horizon=9), **more)


def test_fifo_is_the_order_of_the_file() -> None:
    """Branch after branch, as declared; each choice is counted."""
    done = bench_of([branches(2, 3, 1)]).execute(order("fifo"))
    assert done.covered == [
        *[f"steps[0].parallel.branches.b0[{n}]" for n in range(2)],
        *[f"steps[0].parallel.branches.b1[{n}]" for n in range(3)],
        "steps[0].parallel.branches.b2[0]",
        "steps[0]",
    ]
    assert done.choices == 2 + 3 and done.status == "pass" and len(done.states) == 8


def test_the_seed_decides_everything_else() -> None:
    """Each seed another draw, the same seed the same records; the run is told its own seed."""
    bench = bench_of(PICKY)
    assert bench.execute(order("random", 5)) == bench.execute(order("random", 5))
    assert len({bench.execute(order("fifo", seed)).digest for seed in range(40)}) == 10
    own = bench_of([{"type": "trace_event", "name": "e", "fields": {"s": "${seed}"}}])
    assert own.execute(order("fifo", 1)).digest != own.execute(order("fifo", 2)).digest


def test_a_failure_is_told_with_its_place() -> None:
    """Kind, title, message and place of the first finding."""
    failed = next(done.failed for seed in range(99) if (done := bench_of(PICKY).execute(order("random", seed))).failed)
    assert (failed.kind, failed.title, failed.at) == ("assertion", "fail", "steps[1].if.then[0]")
    assert failed.message == "seven" and failed.status == "fail"


def test_findings_that_only_warn_are_no_failure() -> None:
    """Only what fails a run counts."""
    assert failed_of([]) is None
    done = bench_of([{"type": "memory_alloc", "bytes": 10, "key": "k"}]).execute(order("fifo"))
    assert done.failed is None and done.status == "pass"


def test_what_a_scenario_expects_is_found_all_the_same() -> None:
    """Where it says that it fails, `test` holds it to that; a search looks for the failure."""
    steps = [{"type": "fail", "message": "meant"}]
    for expect in ({"status": "fail"}, {"status": "fail", "at": "steps[0]"}, {"status": "fail", "at": "steps[4]"}):
        assert bench_of(steps, expect=expect).execute(order("fifo")).failed is not None


def test_an_execution_that_goes_on_and_on_is_cut() -> None:
    """At the most records, to the record; that is no failure."""
    bench = bench_of([{"type": "repeat", "times": 1_000, "steps": [say("again")]}], records_max=50)
    done = bench.execute(order("fifo"))
    assert done.is_cut and done.failed is None and done.states


def test_a_path_is_followed() -> None:
    """It is told whole; one that leads elsewhere is said, and nothing else of that run counts."""
    bench = bench_of([branches(2, 2)])
    done = bench.execute(order("dfs", path=[(1, 2), (1, 2)]))
    assert done.path == [(1, 2), (1, 2), (0, 2)] and not done.unsteady
    assert "was among 3" in bench.execute(order("dfs", path=[(1, 3)])).unsteady
    assert "the run ended" in bench.execute(order("dfs", path=[(0, 2)] * 7)).unsteady


def test_the_places_of_a_scenario_are_its_steps() -> None:
    """All of them, blocks and what they hold."""
    assert bench_of(PICKY).places == [
        "steps[0]",
        "steps[1]",
        "steps[1].if.then[0]",
        "steps[1].if.else[0]",
    ]


def test_the_host_is_never_asked() -> None:
    """A scenario that needs the world cannot be explored."""
    steps = [{"type": "proc_spawn", "cmd": "ls"}]
    with pytest.raises(UsageError, match="asks the host for proc"):
        open_bench(loaded_of(steps, backends={"proc": "host"}), Options(), 1, {}, NO_CODE)


def keeping(folder: Path) -> Keeping:
    store = Store(folder)
    run_id = store.fresh()
    return Keeping(run_id, store, store.folder(run_id) / "1.fozzy", "append", False, True)


@pytest.mark.parametrize("kind", ["random", "pct", "dfs", "bfs"])
def test_a_failing_execution_is_an_ordinary_run(kind: str, project: Path) -> None:
    """Recorded with its own seed and whole tape, it replays SAME by itself, whatever schedule found it."""
    campaign = explored(LOST_UPDATE, kind)
    (seen,) = campaign.so.seen
    recorded = bench_of(LOST_UPDATE).record(seen.order, seen.failed, keeping(project))
    assert recorded.trace is not None and recorded.findings[0].title == "assert"
    assert replay_file(recorded.trace).divergence.verdict == "SAME"
    with open_trace(recorded.trace) as trace:
        header = trace.header()
        draws = [record for record in trace.records() if isinstance(record, Draw)]
    assert (header.mode, header.seed, header.det) == ("explore", seen.order.seed, True)
    assert draws and all(draw.label == "parallel" for draw in draws)


def test_what_does_not_fail_again_is_not_recorded(project: Path) -> None:
    """Another failure, or none: an error, and nothing is kept."""
    bench, keep = bench_of(PICKY), keeping(project)
    failed = Failed(kind="assertion", title="fail", message="seven", status="fail", at="steps[1].if.then[0]")
    sevens = [seed for seed in range(99) if bench.execute(order("fifo", seed)).failed]
    other = next(seed for seed in range(99) if seed not in sevens)
    with pytest.raises(EvidenceError, match="with no failure"):
        bench.record(order("fifo", other), failed, keep)
    wrong = Failed(kind="assertion", title="fail", message="seven", status="fail", at="steps[0]")
    with pytest.raises(EvidenceError, match=r"with fail at steps\[1\]"):
        bench.record(order("fifo", sevens[0]), wrong, keep)
    with pytest.raises(EvidenceError, match="with no failure"):
        bench.record(order("dfs", sevens[0], path=[(1, 2)]), failed, keep)
    assert list(keep.store.folder(keep.run_id).iterdir()) == []


def test_orders_run_here_and_in_workers() -> None:
    """The same results, wherever they were made."""
    orders = [Order(index=index, seed=index, schedule=Schedule()) for index in range(100)]

    def told(bench: ScenarioBench) -> list[tuple[Any, ...]]:
        return [fields(done) for done in bench.run(orders, None)]

    def fields(done: Done) -> tuple[Any, ...]:
        return (done.index, done.digest, done.failed, done.choices, done.schedule)

    assert told(bench_of(LOST_UPDATE)) == told(bench_of(LOST_UPDATE, jobs=2))

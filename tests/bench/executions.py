"""What whole executions of clusters cost, as `fozzy explore` does them: `python executions.py WHAT` prints JSON.

All are times of the processor. `code FILE`: milliseconds of one in a process that does many, and of one in a fork of its
own. `worker FILE`: how many a second that process does, and its memory after a thousand and after ten thousand. `store
FILE`: the same of a campaign over a builtin program. It works in the folder of the file, and in whatever interpreter
`clusters.py` found.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MANY, FEW = 10_000, 1_000
HANG_NS = 30 * 10**9


def code(file: str) -> dict[str, float]:
    """Milliseconds of the processor of one execution beside user code, at its best of some rounds."""
    here, batch, cluster_worker = _working(file)
    ours, theirs = socket.socketpair()
    reading = threading.Thread(target=lambda: [None for _ in iter(lambda: theirs.recv(1 << 20), b"")], daemon=True)
    reading.start()

    def shared(seed: int) -> None:
        assert cluster_worker.execute(here, batch, _order(seed)).status == "pass"

    told = {"shared": _best(shared, 40, time.process_time), "alone": 0.0}
    told["alone"] = _best(lambda seed: cluster_worker._alone(here, batch, _order(seed), ours), 20, _with_forks)
    return told


def _best(execute: Callable[[int], None], each: int, clock: Callable[[], float]) -> float:
    times = []
    for _ in range(5):
        began = clock()
        for seed in range(each):
            execute(seed)
        times.append((clock() - began) / each * 1000)
    return min(times)


def _with_forks() -> float:
    return sum(sum(resource.getrusage(whose)[:2]) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _working(file: str) -> tuple[Any, Any, Any]:
    """This process as one that executes, the orders' frame, and the module that does it."""
    import fozzy.sim.patched  # noqa: F401  # first, as the worker does

    sys.path.insert(0, "")
    __import__(file.partition(".")[0])
    from fozzy.dsl.load import load
    from fozzy.engine.cluster.wire import Script
    from fozzy.engine.cluster.worker import begin
    from fozzy.search.explore import cluster_worker
    from fozzy.world.code.places import Places

    here: Any = begin(None, Places([str(Path.cwd())], str(Path.cwd())), {})  # type: ignore[arg-type]
    script = Script.of(load(Path(file)).document, [])
    batch = cluster_worker.Batch(script=script, orders=[], hang_ns=HANG_NS, records_max=10**6)
    return here, batch, cluster_worker


def worker(file: str) -> dict[str, float]:
    """Many executions in this process, as the worker does them."""
    here, batch, cluster_worker = _working(file)
    return _many(lambda seed: cluster_worker.execute(here, batch, _order(seed)))


def store(file: str) -> dict[str, float]:
    """A campaign in this process, which no failure ends."""
    from fozzy.search.explore.campaign import Campaign
    from fozzy.search.explore.plan import Plan
    from fozzy.sim.schedules import Schedule

    bench = _opened(file)
    campaign = Campaign(Plan(schedule=Schedule(kind="random"), seed=1, count=MANY, goes_on=True), bench)
    counted = _Counted()
    campaign.listen = counted.one
    campaign.run()
    assert campaign.ended_by == "count", campaign.ended_by
    return counted.told()


class _Counted:
    """The time of many and the memory after few and after many."""

    def __init__(self) -> None:
        self.count = 0
        self.peaks: list[int] = []
        self.began = time.process_time()

    def one(self) -> None:
        """One more was done."""
        from fozzy import wall

        self.count += 1
        if self.count in (FEW, MANY):
            self.peaks.append(wall.peak_rss_bytes())

    def told(self) -> dict[str, float]:
        """What to print."""
        seconds = time.process_time() - self.began
        return {"per_second": MANY / seconds, "few_mb": self.peaks[0] / 1e6, "many_mb": self.peaks[1] / 1e6}


def _many(execute: Callable[[int], Any]) -> dict[str, float]:
    counted = _Counted()
    for seed in range(MANY):
        done = execute(seed)
        assert done.status == "pass", done.failed
        counted.one()
    return counted.told()


def _order(seed: int) -> Any:
    from fozzy.search.explore.plan import Order
    from fozzy.sim.schedules import Schedule

    return Order(index=seed, seed=seed, schedule=Schedule(kind="random"))


def _opened(file: str) -> Any:
    from fozzy.dsl.load import load
    from fozzy.engine.code import Allowance
    from fozzy.engine.prepare import Options
    from fozzy.search.explore.scenario_bench import open_bench

    options, allowance = Options(det=True, allow_code=True), Allowance(True, Path.cwd(), [])
    return open_bench(load(Path(file)), options, 1, {}, allowance)


def main() -> None:
    """Measure what is named."""
    what, file = sys.argv[1:]
    os.chdir(Path(file).parent)
    print(json.dumps({"code": code, "worker": worker, "store": store}[what](Path(file).name)))


if __name__ == "__main__":
    main()

"""What tests of exploring share: scenarios of parallel branches, benches for them, and campaigns."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from typing import Any

from fozzy.dsl.document import Loaded
from fozzy.dsl.load import document, parse
from fozzy.engine.code import NO_CODE
from fozzy.engine.prepare import Options
from fozzy.engine.record import Keeping, Recorded
from fozzy.search.explore.campaign import Campaign
from fozzy.search.explore.plan import Done, Failed, Order, Plan
from fozzy.search.explore.scenario_bench import ScenarioBench, open_bench
from fozzy.sim.schedules import Schedule

Json = dict[str, Any]


def say(name: str) -> Json:
    """A step that only says something."""
    return {"type": "trace_event", "name": name}


def branches(*counts: int, name: str = "") -> Json:
    """A parallel block whose branches have so many steps."""
    made = {f"b{n}": [say(f"b{n}.{step}") for step in range(count)] for n, count in enumerate(counts)}
    return {"type": "parallel", **({"name": name} if name else {}), "branches": made}


# Two branches read a number and write it back: an update is lost when both read first.
LOST_UPDATE = [
    {"type": "set_kv", "key": "n", "value": 0},
    {
        "type": "parallel",
        "branches": {
            who: [
                {"type": "set_kv", "key": who, "value": "${n}"},
                say("between"),
                {"type": "set_kv", "key": "n", "value": f"1 after ${{{who}}}"},
            ]
            for who in ("a", "b")
        },
    },
    {"type": "assert", "that": "${a} ${b}", "not_equals": "0 0"},
]


def loaded_of(steps: list[Json], **more: Any) -> Loaded:
    """A scenario of these steps."""
    text = json.dumps({"version": 1, "name": "n", **more, "steps": steps})
    return parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json"))


def bench_of(steps: list[Json], *, jobs: int = 1, **more: Any) -> ScenarioBench:
    """A bench for a scenario of these steps."""
    bounds = {"records_max": more.pop("records_max")} if "records_max" in more else {}
    return open_bench(loaded_of(steps, **more), Options(det=True), 1, {}, NO_CODE, jobs=jobs, **bounds)


def plan_of(kind: Any, count: int = 1_000, *, depth: int = 3, **more: Any) -> Plan:
    """A plan with a schedule of this kind."""
    return Plan(**{"schedule": Schedule(kind=kind, depth=depth), "seed": 1, "count": count, **more})


def explored(steps: list[Json], kind: Any, count: int = 1_000, **more: Any) -> Campaign:
    """A campaign that is over."""
    jobs = more.get("jobs", 1)
    campaign = Campaign(plan_of(kind, count, **more), bench_of(steps, jobs=jobs))
    campaign.run()
    return campaign


class Scripted:
    """A bench that does as it is told: some executions fail, one may stop everything; it keeps what it was asked for."""

    places: Sequence[str] = ()

    def __init__(self, failing: Sequence[int] = (), stop_at: int = -1, stop: type[BaseException] = KeyboardInterrupt):
        self.failing = failing
        self.asked: list[Order] = []
        self.closed = 0
        self._stop_at = stop_at
        self._stop = stop

    def run(self, orders: Sequence[Order], end_ns: int | None) -> Generator[Done, None, None]:
        try:
            for order in orders:
                if order.index == self._stop_at:
                    self._stop_at = -1
                    raise self._stop
                self.asked.append(order)
                yield self._done(order)
        finally:
            self.closed += 1

    def record(self, order: Order, failed: Failed, keep: Keeping) -> Recorded:
        raise AssertionError("nothing is recorded here")

    def close(self) -> None:
        """Nothing is open."""

    def _done(self, order: Order) -> Done:
        at = f"steps[{order.index % 3}]"
        failed = Failed(kind="assertion", title="t", message=f"m{order.index}", status="fail", at=at)
        return Done(
            index=order.index,
            failed=failed if order.index in self.failing else None,
            choices=5,
            schedule=order.index,
            states=[order.index, 2**63 + order.index // 2],
        )

"""What a plan must pass that its types cannot say, and a plan that has."""

from __future__ import annotations

from typing import NamedTuple

from fozzy.faults.http.control import start
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan


class ChaosFile(NamedTuple):
    """A chaos file that is good: its plan, and the scenario it begins with, which only MockForge's block can say."""

    plan: Plan
    shown: str
    scenario: str | None = None


def check_plan(plan: Plan, scenario: str | None = None) -> None:
    """Whether an engine can carry it out, beginning with this scenario. *Errors*: `InputError`, with fields by name."""
    engine = Engine(plan, 0)
    if scenario is not None:
        engine.change(start(engine.state, scenario, 0), 0)

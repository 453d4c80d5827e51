"""How a door is opened inside a process: from a plan in any form to the session that decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy import wall
from fozzy.chaos.session import Session
from fozzy.core.clock import Clock
from fozzy.errors import UsageError
from fozzy.faults.http.control import start
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Plan

AnyPlan = Plan | dict[str, Any] | str | Path


def session_of(plan: AnyPlan | None, seed: int | None, session: Session | None, clock: Clock | None = None) -> Session:
    """The session of a door: the one that is given, which doors may share, or one for a plan in any form.

    Without a seed, here or in the plan, one is chosen; `session.engine.seed` tells it. With a `clock` the session
    counts its nanoseconds. *Errors*: `InputError` for the plan, `UsageError` for a session and a plan.
    """
    if session is not None:
        if plan is not None or seed is not None or clock is not None:
            hint = "give the plan, the seed and the clock to the session"
            raise UsageError("chaos.two_plans", "a session has its own plan, seed and clock", hint=hint)
        return session
    read, scenario = _read(plan)
    if seed is None:
        seed = wall.fresh_seed() if read.seed is None else read.seed
    opened = Session(Engine(read, seed, has_upstream=True), None if clock is None else lambda: clock.now)
    if scenario is not None:
        opened.engine.change(start(opened.engine.state, scenario, opened.now_ns()), opened.now_ns())
    return opened


def _read(plan: AnyPlan | None) -> tuple[Plan, str | None]:
    """A plan, and the scenario it begins with, which only a file of MockForge's says."""
    if plan is None or isinstance(plan, Plan):
        return plan or Plan(), None
    if isinstance(plan, dict):
        return formed(Plan, plan), None
    from fozzy.chaos.files.load import load_plan

    found = load_plan(Path(plan))
    return found.plan, found.scenario

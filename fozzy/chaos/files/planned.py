"""What a proxy begins with: a file, the flags and variables over it, and the scenario below them.

The scenario that is begun with stands in the plan with all that is said over it, and is started like any other: so it
can be stopped, which leaves the plan without it, and it ends when its time is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.chaos.files.checked import ChaosFile, check_plan
from fozzy.chaos.files.flags import Given, Value, read_flags, told
from fozzy.chaos.files.sections import check_whole, section_over, section_with_flags, with_flags
from fozzy.errors import UsageError, suggestion
from fozzy.faults.http.plan import Plan, Section
from fozzy.faults.http.state import State


class Planned(NamedTuple):
    """A plan that is good, and where it is from. `notes` tells MockForge's flags by our names."""

    plan: Plan
    scenario: str | None
    flags: Mapping[str, Given]
    file: str | None
    notes: list[str]

    @property
    def section(self) -> Section:
        """What is in force at first."""
        begun = State.begun(self.plan).scenario(self.scenario) if self.scenario else None
        return begun or self.plan


def planned(given: Mapping[str, list[Value]], environment: Mapping[str, list[Value]]) -> Planned:
    """What is begun with. *Errors*: `UsageError` for flags and variables, `InputError` for the file; all of either."""
    flags = read_flags(given, environment)
    file = _file(flags)
    name, origin = _scenario(flags, file)
    plan = with_flags(file.plan, flags)
    section = file.plan
    scenario = None
    if name is not None:
        scenario = State.begun(plan).scenario(name)
        if scenario is None:
            known = State.begun(plan).scenarios()
            hint = suggestion(name, known) or f"there are {', '.join(known)}"
            raise UsageError("chaos.unknown_scenario", f'{origin}: there is no scenario "{name}"', hint=hint)
        merged = section_with_flags(section_over(section, scenario), flags, plan.latency_max)
        check_whole(merged, flags)
        if merged != scenario:
            plan = msgspec.structs.replace(plan, scenarios={**plan.scenarios, name: merged})
    plan = section_with_flags(plan, flags, plan.latency_max)
    if scenario is None:
        check_whole(plan, flags)
    check_plan(plan, name)
    return Planned(plan, name, flags, file.shown or None, told(given))


def _file(flags: Mapping[str, Given]) -> ChaosFile:
    name = flags["chaos"].value if "chaos" in flags else ""
    if not name:
        return ChaosFile(Plan(), "")
    from fozzy.chaos.files.load import load_plan  # without a file nobody needs what reads one

    return load_plan(Path(name), name)


def _scenario(flags: Mapping[str, Given], file: ChaosFile) -> tuple[str | None, str]:
    """The scenario to begin with, and who says so."""
    if "scenario" in flags:
        return flags["scenario"].value, flags["scenario"].origin
    return file.scenario, file.shown

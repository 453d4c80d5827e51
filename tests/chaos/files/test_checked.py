"""A plan is held against the engine before anything runs."""

from __future__ import annotations

import pytest

from fozzy.chaos.files.checked import check_plan
from fozzy.errors import InputError
from fozzy.faults.http.plan import Faults, Plan, Scenario


def test_what_contradicts_itself_is_refused_also_in_the_scenario_it_begins_with() -> None:
    """Shares of more than 1 where one draw decides; an unknown scenario."""
    much = Faults(drop=0.6, malformed=0.6)
    check_plan(Plan(faults=much))
    with pytest.raises(InputError, match="more than 1"):
        check_plan(Plan(mode="exclusive", faults=much))
    plan = Plan(scenarios={"a": Scenario(mode="exclusive", faults=Faults(drop=0.5))})
    check_plan(plan, "a")
    with pytest.raises(InputError, match="there is no scenario"):
        check_plan(plan, "b")

"""Scenarios: list, show, start, stop."""

from __future__ import annotations

from typing import Literal

import msgspec

from fozzy.chaos.api.answers import InForce, Scenarios, ScenarioShown
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.core.duration import parse_ns
from fozzy.errors import InputError, suggestion
from fozzy.faults.http import control
from fozzy.faults.http.plan import Duration, Scenario, Section
from fozzy.faults.http.predefined import PROFILES, SCENARIOS
from fozzy.faults.http.state import State

Kind = Literal["predefined", "profile", "own"]


class Which(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which scenarios: of a kind, active or not."""

    kind: Kind | None = None
    active: bool | None = None


class Start(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"for_": "for"}):
    """How a scenario starts: in the place of those that are active or laid over them, for its own time or `for` so long."""

    stack: bool = False
    for_: Duration | None = None


def list_all(controls: Controls, asked: Asked) -> Scenarios:
    """Scenarios, those of the plan first."""
    state = controls.state
    shown = [shown_of(state, name, scenario) for name, scenario in state.scenarios().items()]
    fit = [
        each for each in shown if asked.query.kind in (None, each.kind) and asked.query.active in (None, each.is_active)
    ]
    return Scenarios(scenarios=fit, active=state.active)


def get(controls: Controls, asked: Asked) -> ScenarioShown:
    """One scenario."""
    name, state = asked.words["scenario"], controls.state
    scenario = state.scenario(name)
    if scenario is None:
        hint = suggestion(name, state.scenarios())
        raise InputError("chaos.unknown_scenario", f'there is no scenario "{name}"', hint=hint)
    return shown_of(state, name, scenario)


def start(controls: Controls, asked: Asked) -> InForce:
    """Start one."""
    name, body = asked.words["scenario"], asked.body or Start()
    if body.for_ is not None and parse_ns(body.for_) == 0:
        said = f'for is "{body.for_}": expected more than nothing'
        raise Rejected(400, "chaos.bad_value", said, field="for")
    now_ns = controls.session.now_ns()
    state = control.start(controls.state, name, now_ns, stack=body.stack, for_=body.for_)
    return controls.change(state, "scenario started", scenario=name)


def stop(controls: Controls, asked: Asked) -> InForce:
    """Stop one."""
    name = asked.words["scenario"]
    return controls.change(control.stop(controls.state, name), "scenario stopped", scenario=name)


def stop_all(controls: Controls, asked: Asked) -> InForce:
    """Stop all; none may be active."""
    if not controls.state.active:
        return controls.in_force()
    return controls.change(control.stop(controls.state), "scenarios stopped")


def shown_of(state: State, name: str, scenario: Scenario) -> ScenarioShown:
    """A scenario as it is shown."""
    kind: Kind = "own"
    if name not in state.plan.scenarios:
        kind = "predefined" if name in SCENARIOS else "profile"
    assert kind == "own" or name in SCENARIOS or name in PROFILES
    section = {field.name: getattr(scenario, field.name) for field in msgspec.structs.fields(Section)}
    return ScenarioShown(
        name=name,
        kind=kind,
        about=scenario.about,
        lasts=scenario.for_,
        is_active=any(each.name == name for each in state.active),
        config=Section(**section),
    )


_ONE = "/fozzy/scenarios/{scenario}"
OPERATIONS = [
    Operation(
        method="GET",
        path="/fozzy/scenarios",
        name="list_scenarios",
        does="List the scenarios that can be started, with their effective config, and those that are active.",
        run=list_all,
        asks=Which,
        gives=Scenarios,
    ),
    Operation(
        method="DELETE",
        path="/fozzy/scenarios",
        name="stop_scenarios",
        does="Stop every scenario: what was before the first holds again.",
        run=stop_all,
        gives=InForce,
    ),
    Operation(
        method="GET",
        path=_ONE,
        name="get_scenario",
        does="Show a scenario and its effective config.",
        run=get,
        gives=ScenarioShown,
        refuses=(404,),
    ),
    Operation(
        method="POST",
        path=_ONE,
        name="start_scenario",
        does="Start a scenario and turn chaos on; it takes the place of those that are active, or with `stack` is laid over them.",
        run=start,
        takes=Start,
        is_optional=True,
        gives=InForce,
        refuses=(404, 409),
        example={"for": "30s"},
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        name="stop_scenario",
        does="Stop a scenario; when the last one stops, exactly what was before holds again.",
        run=stop,
        gives=InForce,
        refuses=(404,),
    ),
]

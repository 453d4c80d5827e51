"""MockForge's paths under `/api/chaos`, with its names, and all of them at work while the proxy runs.

As there, a part that is put changes what is in force now. Where a scenario is active, the rest of what it does stays and
the scenario itself ends; `reset` brings back what the run began with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from fozzy.chaos.api.answers import Message
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.chaos.api.reading import Nothing, located
from fozzy.errors import InputError
from fozzy.faults.http import control
from fozzy.faults.http.mockforge import (
    Block,
    FaultBlock,
    LatencyBlock,
    RateBlock,
    TrafficBlock,
    block_of,
    section_of,
)
from fozzy.faults.http.plan import Section
from fozzy.faults.http.predefined import SCENARIOS

TAGS = {
    "network_degradation": ["network", "latency"],
    "service_instability": ["service", "errors"],
    "cascading_failure": ["critical", "cascading"],
    "peak_traffic": ["traffic", "load"],
    "slow_backend": ["latency", "performance"],
}
# Path, part of the block, its type and what the answer calls it.
PARTS: list[tuple[str, str, Any, str]] = [
    ("latency", "latency", LatencyBlock, "Latency"),
    ("faults", "fault_injection", FaultBlock, "Fault injection"),
    ("rate-limit", "rate_limit", RateBlock, "Rate limit"),
    ("traffic", "traffic_shaping", TrafficBlock, "Traffic shaping"),
]


class ChaosStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands, in MockForge's form."""

    enabled: bool
    active_scenarios: list[str]
    latency_enabled: bool
    fault_injection_enabled: bool
    rate_limit_enabled: bool
    traffic_shaping_enabled: bool


class ScenarioInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario, in MockForge's form."""

    name: str
    description: str
    tags: list[str]


class ChaosScenario(msgspec.Struct, frozen=True, kw_only=True):
    """An active scenario, in MockForge's form."""

    name: str
    description: str
    tags: list[str]
    chaos_config: Block


def get_config(controls: Controls, asked: Asked) -> Block:
    """What is in force."""
    return block_of(controls.holds().config, controls.state.enabled)


def put_config(controls: Controls, asked: Asked) -> Message:
    """Another configuration in the place of all that is in force."""
    block: Block = asked.body
    if block.scenario is not None:
        hint = "Start it with: POST /api/chaos/scenarios/NAME"
        raise Rejected(400, "chaos.mockforge", "scenario cannot be put", hint=hint, field="scenario")
    state = _with(controls, _section(block))
    controls.change(replace(state, enabled=block.enabled), "MockForge's config")
    return Message(message="Configuration updated")


def _put_part(part: str, title: str) -> Callable[[Controls, Asked], Message]:
    def put(controls: Controls, asked: Asked) -> Message:
        said = _section(Block(**{part: asked.body}))
        now, active = controls.holds().config, controls.state.active
        controls.change(_with(controls, _replaced(now, said, part)), f"MockForge's {part}")
        ended = f'; the scenario "{active[0].name}" ended, the rest of what it did stays' if active else ""
        return Message(message=f"{title} configuration updated{ended}")

    return put


def _replaced(now: Section, said: Section, part: str) -> Section:
    """What is in force, with one part of MockForge's as it is said."""
    if part == "latency":
        return replace(now, latency=said.latency)
    if part == "fault_injection":
        return replace(now, faults=said.faults)
    limits, new = now.limits, said.limits
    if part == "rate_limit":
        return replace(now, limits=replace(limits, global_=new.global_, client=new.client, route=new.route))
    names = ("bandwidth", "loss", "max_connections", "connection_timeout")
    return replace(now, limits=replace(limits, **{name: getattr(new, name) for name in names}))


def _section(block: Block) -> Section:
    try:
        return section_of(block)
    except InputError as error:
        raise located(error, Block) from None


def _with(controls: Controls, section: Section) -> Any:
    """The state with this section for the server, and no scenario in its place."""
    fields = {field.name: getattr(section, field.name) for field in msgspec.structs.fields(Section)}
    return replace(controls.with_plan(**fields), active=[])


def enable(controls: Controls, asked: Asked) -> Message:
    """Turn chaos on."""
    controls.change(control.enable(controls.state), "enabled")
    return Message(message="Chaos engineering enabled")


def disable(controls: Controls, asked: Asked) -> Message:
    """Turn chaos off."""
    controls.change(control.disable(controls.state), "disabled")
    return Message(message="Chaos engineering disabled")


def reset(controls: Controls, asked: Asked) -> Message:
    """As it was at the start."""
    controls.reset()
    return Message(message="Chaos configuration reset")


def active(controls: Controls, asked: Asked) -> list[ChaosScenario]:
    """Active scenarios."""
    found = []
    for each in controls.state.active:
        scenario = controls.state.scenario(each.name)
        assert scenario is not None
        found.append(
            ChaosScenario(
                name=each.name,
                description=scenario.about,
                tags=TAGS.get(each.name, []),
                chaos_config=block_of(scenario),
            )
        )
    return found


def predefined(controls: Controls, asked: Asked) -> list[ScenarioInfo]:
    """The five."""
    return [ScenarioInfo(name=name, description=each.about, tags=TAGS[name]) for name, each in SCENARIOS.items()]


def start(controls: Controls, asked: Asked) -> Message:
    """Start one."""
    name = asked.words["scenario"]
    state = control.start(controls.state, name, controls.session.now_ns())
    controls.change(state, "scenario started", scenario=name)
    return Message(message=f"Scenario '{name}' started")


def stop(controls: Controls, asked: Asked) -> Message:
    """Stop one."""
    name = asked.words["scenario"]
    controls.change(control.stop(controls.state, name), "scenario stopped", scenario=name)
    return Message(message=f"Scenario '{name}' stopped")


def stop_all(controls: Controls, asked: Asked) -> Message:
    """Stop all."""
    if controls.state.active:
        controls.change(control.stop(controls.state), "scenarios stopped")
    return Message(message="All scenarios stopped")


def status(controls: Controls, asked: Asked) -> ChaosStatus:
    """How it stands."""
    block = get_config(controls, asked)
    return ChaosStatus(
        enabled=block.enabled,
        active_scenarios=[each.name for each in controls.state.active],
        latency_enabled=block.latency is not None and block.latency.enabled,
        fault_injection_enabled=block.fault_injection is not None and block.fault_injection.enabled,
        rate_limit_enabled=block.rate_limit is not None and block.rate_limit.enabled,
        traffic_shaping_enabled=block.traffic_shaping is not None and block.traffic_shaping.enabled,
    )


def _operation(what: str, name: str, does: str, run: Any, gives: Any = Message, **said: Any) -> Operation:
    method, _, path = what.partition(" ")
    return Operation(
        method=method, path=f"/api/chaos/{path}", name=f"mockforge_{name}", does=does, run=run, gives=gives, **said
    )


_EMPTY: dict[str, Any] = {"takes": Nothing, "is_optional": True}
OPERATIONS = [
    _operation("GET config", "get_config", "Show what is in force, in MockForge's names.", get_config, Block),
    _operation(
        "PUT config",
        "put_config",
        "Put a whole configuration in the place of what is in force.",
        put_config,
        takes=Block,
        example={"enabled": True, "latency": {"enabled": True, "fixed_delay_ms": 500, "probability": 0.8}},
    ),
    *(
        _operation(
            f"PUT config/{path}",
            f"put_{part}",
            f"Put `{part}` in the place of what is in force; the rest stays.",
            _put_part(part, title),
            takes=kind,
            example={"enabled": True, "fixed_delay_ms": 1000} if part == "latency" else {"enabled": False},
        )
        for path, part, kind, title in PARTS
    ),
    _operation("POST enable", "enable", "Turn chaos on, as it is configured.", enable, **_EMPTY),
    _operation("POST disable", "disable", "Turn all chaos off; what is configured stays.", disable, **_EMPTY),
    _operation("POST reset", "reset", "Put the plan of the start in force, as `/fozzy/reset`.", reset, **_EMPTY),
    _operation("GET scenarios", "active", "List the active scenarios.", active, list[ChaosScenario]),
    _operation("DELETE scenarios", "stop_all", "Stop every scenario.", stop_all),
    _operation(
        "GET scenarios/predefined", "predefined", "List MockForge's five scenarios.", predefined, list[ScenarioInfo]
    ),
    _operation("POST scenarios/{scenario}", "start", "Start a scenario.", start, refuses=(404,), **_EMPTY),
    _operation("DELETE scenarios/{scenario}", "stop", "Stop a scenario.", stop, refuses=(404,)),
    _operation("GET status", "status", "Show how it stands.", status, ChaosStatus),
]

"""Which of several sections wins, field by field: header, route, test scope, server. Each field knows who said it.

The server's section is the plan's own, or that of the scenarios that are active: the first takes its place whole, the
others are laid over it. A test scope takes the server's place, or is laid over it with `merge`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from fozzy.faults.http.kinds import ACTS
from fozzy.faults.http.plan import Faults, Latency, Limits, Scope, Section, When
from fozzy.faults.http.state import State

HEADER = "header"
SERVER = "server"
SCENARIO = "scenario "
MODE = "cascade"  # where nobody says one
SINCE: Mapping[str, int] = MappingProxyType({})  # nothing was put anew
LIMITS = ("global_", "client", "route", "bandwidth", "concurrency")
CONNECTION_LIMITS = ("max_connections", "idle_timeout", "connection_timeout")


class Layer(NamedTuple):
    """One who may say something, and since when."""

    origin: str
    since_ns: int
    mode: str | None
    latency: Latency | None
    faults: Faults
    limits: Limits
    put_ns: Mapping[str, int] = SINCE  # when one of its sections was put anew

    def since(self, section: str) -> int:
        """Since when it says what it says in one of its sections."""
        return self.put_ns.get(section, self.since_ns)


class Said(NamedTuple):
    """The value of a field, who said it, and since when."""

    value: Any
    origin: str
    since_ns: int


class Resolved(NamedTuple):
    """What holds for some requests; fields that nobody says are missing."""

    mode: Said
    latency: Said | None
    faults: dict[str, Said]  # in the order in which they are tried; a number where a number was said
    limits: dict[str, Said]


def layers(state: State, test: str = "", route: int | None = None) -> list[Layer]:
    """Who may say something about a request, the farthest first."""
    found = _server(state)
    scope = state.tests.get(test)
    if scope is not None:
        layer = _scope(state, test, scope)
        found = [*found, layer] if scope.merge else [layer]
    if route is not None:
        found.append(_route(state, route))
    return found


def declared(state: State) -> list[Layer]:
    """Everybody who says something now: server or scenarios, test scopes, routes."""
    tests = [_scope(state, name, scope) for name, scope in state.tests.items()]
    return [*_server(state), *tests, *(_route(state, route) for route in range(len(state.plan.routes)))]


def _route(state: State, route: int) -> Layer:
    said = state.plan.routes[route]
    return Layer(place_of(route), state.since_ns, None, said.latency, said.faults, said.limits)


def _server(state: State) -> list[Layer]:
    if not state.active:
        return [_layer(SERVER, state.since_ns, state.plan)._replace(put_ns=state.put_ns)]
    found = []
    for active in state.active:
        scenario = state.scenario(active.name)
        assert scenario is not None, f"{active.name} was never a scenario"
        found.append(_layer(f"{SCENARIO}{active.name}", active.since_ns, scenario))
    return found


def _scope(state: State, test: str, scope: Scope) -> Layer:
    origin = test_origin(test)
    return _layer(origin, state.put_ns.get(origin, state.since_ns), scope)


def _layer(origin: str, since_ns: int, section: Section | Scope) -> Layer:
    return Layer(origin, since_ns, section.mode, section.latency, section.faults, section.limits)


def test_origin(test: str) -> str:
    """How the scope of a test is called as an origin."""
    return f"test {test}"


def place_of(route: int) -> str:
    """Where a route stands in its plan."""
    return f"routes[{route}]"


def faults_of(layer: Layer) -> dict[str, float | When]:
    """The faults that a layer says, in the order in which they are tried."""
    said = {name: layer.limits.loss if name == "loss" else getattr(layer.faults, name) for name in ACTS}
    return {name: value for name, value in said.items() if value is not None}


def section_of(fault: str) -> str:
    """The section that says a fault."""
    return "limits" if fault == "loss" else "faults"


def resolved(found: list[Layer]) -> Resolved:
    """The layers as one: of each field the nearest that says it."""
    mode, latency = Said(MODE, "default", 0), None
    faults: dict[str, Said] = {}
    limits: dict[str, Said] = {}
    for layer in found:
        if layer.mode is not None:
            mode = Said(layer.mode, layer.origin, layer.since_ns)
        if layer.latency is not None:
            latency = Said(layer.latency, layer.origin, layer.since("latency"))
        for name, value in faults_of(layer).items():
            faults[name] = Said(value, layer.origin, layer.since(section_of(name)))
        for name in (*LIMITS, *CONNECTION_LIMITS):
            value = getattr(layer.limits, name)
            if value is not None:
                limits[name] = Said(value, layer.origin, layer.since("limits"))
    return Resolved(mode, latency, {name: faults[name] for name in ACTS if name in faults}, limits)

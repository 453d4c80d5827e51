"""What connections need of a plan: the smaller of its limits and the wire's."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.chaos.http.settings import Settings
from fozzy.chaos.http.wire import Wire
from fozzy.faults.http import control
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan

PLENTY = 1 << 30


def settings(plan: dict[str, Any], wire: Wire | None = None, *, room: int = PLENTY, off: bool = False) -> Settings:
    """Those of a plan."""
    engine = Engine(msgspec.convert(plan, Plan), 1)
    if off:
        engine.change(control.disable(engine.state), 0)
    return Settings(engine.state, engine.connections, wire or Wire(), room)


def test_the_smaller_limit_counts() -> None:
    """Of plan, wire and system."""
    plan = {"limits": {"max_connections": 5, "idle_timeout": "2s", "connection_timeout": "9s"}}
    found = settings(plan)
    assert (found.connections_max, found.idle_timeout_s, found.total_ns) == (5, 2.0, 9 * 10**9)
    found = settings(plan, Wire(connections_max=3, idle_timeout_s=1))
    assert (found.connections_max, found.idle_timeout_s) == (3, 1)
    assert settings(plan, room=2).connections_max == 2


def test_without_chaos_the_wire_counts() -> None:
    """A plan that is off limits no connection."""
    found = settings({"limits": {"max_connections": 5, "connection_timeout": "9s"}}, off=True)
    assert (found.connections_max, found.total_ns) == (4096, None)


@pytest.mark.parametrize(
    ("route", "reads"),
    [
        ({"path": "/"}, False),
        ({"body": {"$.a": 1}}, True),
        ({"body_bytes_min": 1}, True),
        ({"body_bytes_max": 1}, True),
    ],
)
def test_routes_that_look_at_bodies(route: dict[str, Any], reads: bool) -> None:
    """Then a body is waited for although nothing is drawn."""
    assert settings({"routes": [route]}).reads_body == reads


def test_it_looks_often_enough() -> None:
    """A few times within the shortest time there is, and not all the time."""
    assert settings({}).look_s == 0.25
    assert settings({}, Wire(header_timeout_s=0.4)).look_s == pytest.approx(0.1)
    assert settings({"limits": {"connection_timeout": "1ms"}}).look_s == 0.02

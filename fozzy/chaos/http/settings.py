"""What a connection needs to know of the plan that is in force, worked out once for each state of it."""

from __future__ import annotations

from fozzy.chaos.http.wire import Wire
from fozzy.faults.http.compile import Connections
from fozzy.faults.http.plan import Route
from fozzy.faults.http.state import State

_NONE = Connections(None, None, None)


class Settings:
    """The limits of connections, as the wire, the system and the server's section say them: the smaller one counts."""

    def __init__(self, state: State, connections: Connections, wire: Wire, room: int) -> None:
        said = connections if state.enabled else _NONE
        self.state = state
        key_bytes = state.plan.key_bytes
        self.gathered_bytes = key_bytes and key_bytes + 1  # before a decision; one more tells whether that was all
        self.reads_body = any(_reads_body(route) for route in state.plan.routes)
        self.connections_max = min(wire.connections_max, room, said.open_max or room)
        idle_s = wire.idle_timeout_s if said.idle_ns is None else said.idle_ns / 1e9
        self.idle_timeout_s = min(idle_s, wire.idle_timeout_s)
        self.plans_idle = idle_s < wire.idle_timeout_s  # the plan ends idle connections, so that is a fault to record
        self.total_ns = said.total_ns
        total_s = wire.answer_timeout_s if said.total_ns is None else said.total_ns / 1e9
        waits = (wire.header_timeout_s, wire.body_idle_timeout_s, wire.connect_timeout_s, wire.answer_timeout_s)
        self.look_s = min(0.25, max(0.02, min(*waits, self.idle_timeout_s, total_s) / 4))  # how often it looks


def _reads_body(route: Route) -> bool:
    return bool(route.body) or route.body_bytes_min is not None or route.body_bytes_max is not None

"""What a connection needs to know of the plan that is in force, worked out once for each state of it."""

from __future__ import annotations

from fozzy.chaos.http.wire import Wire
from fozzy.core.duration import parse_ns
from fozzy.faults.http.plan import Route
from fozzy.faults.http.resolve import Resolved, layers, resolved
from fozzy.faults.http.state import State


class Settings:
    """The limits of connections, as the wire and the server's section say them: the smaller one counts."""

    def __init__(self, state: State, wire: Wire) -> None:
        found = resolved(layers(state)) if state.enabled else None
        self.state = state
        self.reads_body = any(_reads_body(route) for route in state.plan.routes)
        self.key_bytes = state.plan.key_bytes
        most = _limit(found, "max_connections")
        self.connections_max = wire.connections_max if most is None else min(most, wire.connections_max)
        idle_ns, total_ns = _duration_ns(found, "idle_timeout"), _duration_ns(found, "connection_timeout")
        self.idle_timeout_s = wire.idle_timeout_s if idle_ns is None else min(idle_ns / 1e9, wire.idle_timeout_s)
        self.total_ns = total_ns
        shortest = min(
            self.idle_timeout_s,
            wire.header_timeout_s,
            wire.body_idle_timeout_s,
            wire.connect_timeout_s,
            wire.answer_timeout_s,
            *([] if total_ns is None else [total_ns / 1e9]),
        )
        self.look_s = min(0.25, max(0.02, shortest / 4))  # how often lateness is looked for


def _reads_body(route: Route) -> bool:
    return bool(route.body) or route.body_bytes_min is not None or route.body_bytes_max is not None


def _limit(found: Resolved | None, name: str) -> int | None:
    said = found.limits.get(name) if found is not None else None
    return None if said is None else int(said.value)


def _duration_ns(found: Resolved | None, name: str) -> int | None:
    said = found.limits.get(name) if found is not None else None
    return None if said is None else parse_ns(said.value)

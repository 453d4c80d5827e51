"""A state made ready: its routes as matchers, its sections compiled when they are first needed."""

from __future__ import annotations

from typing import Any

from fozzy.core.duration import parse_ns
from fozzy.core.exchange import Source
from fozzy.faults.http.armed import Tally
from fozzy.faults.http.check import checked
from fozzy.faults.http.compile import Compiled, Pool, connections
from fozzy.faults.http.decision import Seen
from fozzy.faults.http.match import Facts, matcher
from fozzy.faults.http.plan import Faults, Latency, Limits, Route
from fozzy.faults.http.resolve import HEADER, LIMITS, Layer, declared, layers, place_of, resolved
from fozzy.faults.http.state import State

HEADER_SECTIONS_MAX = 1024  # sections that header values made; of more, all are made anew

Fields = tuple[tuple[str, float], ...]


class Program:
    """What a state does. *Errors*: `InputError` with every problem of its plan."""

    def __init__(self, state: State, before: Program | None, now_ns: int) -> None:
        self.state = checked(state)
        plan = self.state.plan
        self.enabled = state.enabled
        self.latency_max_ns = parse_ns(plan.latency_max)
        if before is not None:
            before.settle()
        self.pool: Pool = Pool(now_ns, None if before is None else before.pool)
        self._routes = [(matcher(route), route, place_of(n)) for n, route in enumerate(plan.routes)]
        self.has_routes = bool(plan.routes)
        self.source: Source = "internal" if plan.upstream is None else "proxy"  # where no route says another
        self.client_header = None if plan.client_header is None else plan.client_header.lower()
        self._sections: dict[tuple[str, int | None], Compiled] = {}
        self._by_header: dict[tuple[str, int | None, Fields], Compiled] = {}
        everybody = declared(self.state)
        armed = [each for layer in everybody for each in self.pool.arm_all(layer)]
        limited = any(getattr(layer.limits, name) is not None for layer in everybody for name in LIMITS)
        self.is_idle = not self.enabled or not (limited or any(each.can_strike for each in armed))
        self.connections = connections(self.section("", None).limits if self.enabled else {})

    def settle(self) -> None:
        """Bring the numbers of all faults up to date."""
        for section in (*self._sections.values(), *self._by_header.values()):
            section.settle()

    def tallies(self) -> list[Tally]:
        """The numbers of everything that is or was declared."""
        self.settle()
        return self.pool.tallies()

    def client_of(self, seen: Seen) -> str:
        """Whom a request is from: the peer, or whom a trusted header names first."""
        for name, value in seen.headers:
            if name.lower() == self.client_header:
                return value.partition(",")[0].strip() or seen.client
        return seen.client

    def route_of(self, facts: Facts) -> int | None:
        """The first route that means a request."""
        for n, (matches, _, _) in enumerate(self._routes):
            if matches is None or matches(facts):
                return n
        return None

    def placed(self, route: int) -> tuple[Route, str]:
        """A route and its place."""
        return self._routes[route][1:]

    def source_of(self, route: Route, has_upstream: bool) -> Source:
        """Who will answer, unless a fault does."""
        if route.answer is not None or route.answers:
            return "fixture"
        return "proxy" if route.upstream is not None or has_upstream else self.source

    def section(self, test: str, route: int | None, said: Fields = ()) -> Compiled:
        """What holds for the requests of a test scope and a route, with what their headers say."""
        scope = test if test in self.state.tests else ""
        if said:
            return self._said(scope, route, said)
        section = self._sections.get((scope, route))
        if section is None:
            section = self._sections[scope, route] = Compiled(resolved(self.layers(scope, route)), self.pool, route)
        return section

    def layers(self, test: str, route: int | None) -> list[Layer]:
        """Who may say something about some requests, the farthest first."""
        return layers(self.state, test, route)

    def _said(self, scope: str, route: int | None, said: Fields) -> Compiled:
        key = scope, route, said
        section = self._by_header.get(key)
        if section is None:
            if len(self._by_header) >= HEADER_SECTIONS_MAX:
                self.settle()
                self._by_header.clear()
            found = resolved([*self.layers(scope, route), header_layer(dict(said))])
            section = self._by_header[key] = Compiled(found, self.pool, route)
        return section


def header_layer(said: dict[str, float]) -> Layer:
    """What headers say, as a section: probabilities, and a fixed latency."""
    delay = said.get("latency")
    shares: dict[str, Any] = {name: value for name, value in said.items() if name != "latency"}
    latency = None if delay is None else Latency(fixed=f"{int(delay)}ns")
    return Layer(HEADER, 0, None, latency, Faults(**shares), Limits())

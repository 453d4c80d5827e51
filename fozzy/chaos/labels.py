"""Bounded words for metrics and spans: of a method, a status, a reason, and of the route an exchange took.

Rule: nothing a client or an upstream makes up becomes a label; there are as many as the plan and we have words for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fozzy.core.events import Event

if TYPE_CHECKING:
    from fozzy.chaos.session import Session
    from fozzy.faults.http.plan import Plan, Route

OTHER = "other"
NO_ROUTE = "none"
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"))
ROUTES_MAX = 256  # labels in one run, over all changes of the plan; later ones are `other`
REASONS_MAX = 64
PLANS_MAX = 8  # plans whose routes are remembered: exchanges end after the change that came while they ran
_WORD = re.compile(r"[a-z][a-z0-9_.]{0,47}")
_PLACE = re.compile(r"routes\[(\d+)\]")


def method_label(method: str) -> str:
    """The method, or `other`."""
    return method if method in METHODS else OTHER


def status_label(status: int) -> str:
    """The status; 0 where the client got no answer."""
    return str(status) if status == 0 or 100 <= status <= 599 else OTHER


class Words:
    """A set of words that takes so many and no more. *Limits*: `size`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._known: set[str] = set()

    def bounded(self, word: str) -> str:
        """The word itself while there is room, else `other`."""
        if word not in self._known:
            if len(self._known) >= self.size:
                return OTHER
            self._known.add(word)
        return word

    def reason(self, text: str) -> str:
        """A reason as a label: only a plain word is one."""
        return self.bounded(text) if _WORD.fullmatch(text) else OTHER


def route_label(route: Route) -> str:
    """A route's name, else its method and path as the plan says them; `*` where it says neither."""
    return route.name or " ".join(part for part in (route.method, route.path) if part) or "*"


class RouteLabels:
    """Which label an exchange's route has, also when the plan was changed while the exchange ran."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._words = Words(ROUTES_MAX)
        self._plans: list[tuple[int, Plan]] = [(0, session.engine.state.plan)]
        self._known: dict[str, str] = {"": NO_ROUTE}
        self._since = 0

    def changed(self, event: Event) -> None:
        """The plan was changed: later exchanges are told by its routes."""
        plan = self._session.engine.state.plan
        if plan is self._plans[-1][1]:
            return
        self._since = int(event.fields["number"])
        self._plans = [*self._plans[1 - PLANS_MAX :], (self._since, plan)]
        self._known = {"": NO_ROUTE}

    def of(self, place: str, number: int) -> str:
        """The label of the route at `place` of the plan that was in force when the exchange `number` was decided."""
        if number < self._since:
            return self._words.bounded(self._look(place, next(p for n, p in reversed(self._all()) if n <= number)))
        label = self._known.get(place)
        if label is None:
            label = self._known[place] = self._words.bounded(self._look(place, self._plans[-1][1]))
        return label

    def _all(self) -> list[tuple[int, Plan]]:
        return [(0, self._plans[0][1]), *self._plans]

    def _look(self, place: str, plan: Plan) -> str:
        """*Limits*: a place that the plan does not have is `other`: the plan it was of is forgotten."""
        if not place:
            return NO_ROUTE
        match = _PLACE.match(place)
        index = int(match[1]) if match else len(plan.routes)
        return route_label(plan.routes[index]) if index < len(plan.routes) else OTHER

"""Labels are bounded: what clients and upstreams make up is `other`; routes are told as their plan said them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fozzy.chaos.labels import (
    METHODS,
    NO_ROUTE,
    OTHER,
    PLANS_MAX,
    ROUTES_MAX,
    RouteLabels,
    Words,
    method_label,
    route_label,
    status_label,
)
from fozzy.core.events import Event
from fozzy.faults.http.plan import Plan, Route


def session(*routes: Route) -> Any:
    """As much of a session as labels look at."""
    return SimpleNamespace(engine=SimpleNamespace(state=SimpleNamespace(plan=Plan(routes=list(routes)))))


def change(of: Any, number: int, *routes: Route) -> Event:
    """Put a plan with these routes in force; the event that tells so."""
    of.engine.state.plan = Plan(routes=list(routes))
    return Event(0, "", "chaos.change", {"number": number})


def test_methods_and_statuses() -> None:
    """Known methods and true statuses are labels; 0 is the client that got nothing."""
    assert [method_label(method) for method in sorted(METHODS)] == sorted(METHODS)
    assert [method_label(method) for method in ("get", "BREW", "")] == [OTHER] * 3
    assert [status_label(status) for status in (0, 100, 404, 599, 99, 600, 999)] == [
        "0", "100", "404", "599", OTHER, OTHER, OTHER,
    ]  # fmt: skip


def test_words_are_so_many() -> None:
    """The first words are kept as they are, later ones are `other`; a sentence is no reason."""
    words = Words(2)
    assert [words.bounded(word) for word in ("a", "b", "c", "a")] == ["a", "b", OTHER, "a"]
    assert Words(9).reason("client_gone") == "client_gone"
    assert Words(9).reason("Upstream said: go away") == OTHER


def test_a_route_is_told_as_the_plan_says_it() -> None:
    """Its name, else method and path with their stars."""
    assert route_label(Route(name="chat", path="/v1/*")) == "chat"
    assert route_label(Route(method="POST", path="/v1/*")) == "POST /v1/*"
    assert route_label(Route(headers={"a": "b"})) == "*"


def test_an_exchange_is_told_by_the_plan_it_was_decided_by() -> None:
    """After a change, exchanges that were decided before it keep their labels; forgotten plans make `other`."""
    of = session(Route(name="old"))
    labels = RouteLabels(of)
    assert (labels.of("routes[0]", 3), labels.of("", 3)) == ("old", NO_ROUTE)
    labels.changed(change(of, 5, Route(name="new")))
    assert [labels.of("routes[0]", number) for number in (4, 6)] == ["old", "new"]
    assert labels.of("routes[7]", 6) == OTHER
    for number in range(10, 10 + 10 * PLANS_MAX, 10):
        labels.changed(change(of, number, Route(name=f"n{number}")))
    assert labels.of("routes[0]", 10 * PLANS_MAX + 1) == f"n{10 * PLANS_MAX}"
    assert labels.of("routes[0]", 12) == "n10"


def test_many_changes_make_no_more_labels() -> None:
    """However often routes are renamed, there are so many labels and no more."""
    of = session()
    labels = RouteLabels(of)
    seen = set()
    for number in range(1, ROUTES_MAX * 2):
        labels.changed(change(of, number, Route(name=f"n{number}")))
        seen.add(labels.of("routes[0]", number))
    assert len(seen) == ROUTES_MAX + 1 and OTHER in seen

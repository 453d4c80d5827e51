"""Routes: which requests go where, or get an answer of the plan's own. The first that means a request is taken."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from fozzy.chaos.api.answers import Routed, Routes
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.numbers import numbered, numbers
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.faults.http.plan import Route
from fozzy.faults.http.resolve import place_of

EXAMPLE = {"method": "GET", "path": "/v1/models", "answer": {"json": {"data": []}}}


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Before which route; last where it is not said."""

    at: Annotated[int, Meta(ge=0)] | None = None


def get(controls: Controls, asked: Asked) -> Routes:
    """The routes."""
    routes = controls.state.plan.routes
    return Routes(
        routes=[Routed(index=index, place=place_of(index), route=route) for index, route in enumerate(routes)]
    )


def add(controls: Controls, asked: Asked) -> Routes:
    """One more."""
    routes = controls.state.plan.routes
    at = len(routes) if asked.query.at is None else asked.query.at
    if at > len(routes):
        said = f"at is {at}: expected a place from 0 to {len(routes)}"
        raise Rejected(400, "chaos.bad_value", said, field="at")
    return _put(controls, [*routes[:at], asked.body, *routes[at:]], "route added")


def replace(controls: Controls, asked: Asked) -> Routes:
    """Another in the place of one."""
    index = _index(controls, asked)
    routes = controls.state.plan.routes
    return _put(controls, [*routes[:index], asked.body, *routes[index + 1 :]], "route replaced")


def delete(controls: Controls, asked: Asked) -> Routes:
    """One fewer."""
    index = _index(controls, asked)
    routes = controls.state.plan.routes
    return _put(controls, [*routes[:index], *routes[index + 1 :]], "route removed")


def _index(controls: Controls, asked: Asked) -> int:
    count = len(controls.state.plan.routes)
    index = numbered(asked.words["index"], count)
    if index is None:
        said = f"the plan has no route {asked.words['index']}"
        raise Rejected(404, "chaos.unknown_route", said, hint=numbers(count))
    return index


def _put(controls: Controls, routes: list[Route], what: str) -> Routes:
    controls.change(controls.with_plan(routes=routes), what)
    return get(controls, Asked({}, None, None))


_ONE = "/fozzy/routes/{index}"
OPERATIONS = [
    Operation(method="GET", path="/fozzy/routes", name="get_routes", does="List the routes.", run=get, gives=Routes),
    Operation(
        method="POST",
        path="/fozzy/routes",
        name="add_route",
        does="Add a route, last or before another.",
        run=add,
        takes=Route,
        asks=Where,
        gives=Routes,
        example=EXAMPLE,
    ),
    Operation(
        method="PUT",
        path=_ONE,
        name="put_route",
        does="Put another route in the place of one.",
        run=replace,
        takes=Route,
        gives=Routes,
        refuses=(404,),
        example=EXAMPLE,
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        name="delete_route",
        does="Take a route away; those behind it move up.",
        run=delete,
        gives=Routes,
        refuses=(404,),
    ),
]

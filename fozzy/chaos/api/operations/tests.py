"""Test scopes: what goes wrong for the requests that carry a test's id, instead of the rest or merged over it."""

from __future__ import annotations

import msgspec

from fozzy.chaos.api.answers import Explained, InForce, TestConfig, Tests
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.merging import merged_names
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.faults.http import control
from fozzy.faults.http.plan import Count, Scope
from fozzy.faults.http.resolve import place_of

EXAMPLE = {"faults": {"drop": 1.0}, "merge": True}


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose requests."""

    test: str = ""
    route: Count | None = None


def list_all(controls: Controls, asked: Asked) -> Tests:
    """Every scope."""
    return Tests(tests=controls.state.tests)


def delete_all(controls: Controls, asked: Asked) -> InForce:
    """No scope."""
    return controls.change(control.drop_tests(controls.state), "test scopes removed")


def get(controls: Controls, asked: Asked) -> TestConfig:
    """What the requests of a test get."""
    test = asked.words["test"]
    notes = [] if controls.state.enabled else ["chaos is off: what is configured does nothing until it is turned on"]
    return TestConfig(test=test, scope=controls.state.tests.get(test), holds=controls.holds(test), notes=notes)


def post(controls: Controls, asked: Asked) -> TestConfig:
    """A scope, or another in its place."""
    test = asked.words["test"]
    put = control.put_test(controls.state, test, asked.body, controls.session.now_ns())
    controls.change(put, "test scope set", test=test)
    return get(controls, asked)


def patch(controls: Controls, asked: Asked) -> TestConfig:
    """Parts of a scope."""
    test = asked.words["test"]
    if test not in controls.state.tests:
        control.drop_test(controls.state, test)  # which says that there is none
    merged_names(asked.body, Scope)
    controls.change(control.patch_test(controls.state, test, asked.body), "test scope changed", test=test)
    return get(controls, asked)


def delete(controls: Controls, asked: Asked) -> TestConfig:
    """The baseline again."""
    test = asked.words["test"]
    controls.change(control.drop_test(controls.state, test), "test scope removed", test=test)
    return get(controls, asked)


def explain(controls: Controls, asked: Asked) -> Explained:
    """What holds, field by field."""
    test, route = asked.query.test, asked.query.route
    if test and test not in controls.state.tests:
        control.drop_test(controls.state, test)  # which says that there is none
    if route is not None and route >= len(controls.state.plan.routes):
        said = f"route is {route}: the plan has {len(controls.state.plan.routes)} routes, counted from 0"
        raise Rejected(404, "chaos.unknown_route", said, field="route")
    place = None if route is None else place_of(route)
    return Explained(test=test, route=place, holds=controls.holds(test, route))


OPERATIONS = [
    Operation(
        method="GET", path="/fozzy/tests", name="list_tests", does="List the test scopes.", run=list_all, gives=Tests
    ),
    Operation(
        method="DELETE",
        path="/fozzy/tests",
        name="delete_tests",
        does="Take every test scope away.",
        run=delete_all,
        gives=InForce,
    ),
    Operation(
        method="GET",
        path="/fozzy/tests/{test}/config",
        name="get_test",
        does="Show what the requests of a test get: its scope, or the baseline.",
        run=get,
        gives=TestConfig,
    ),
    Operation(
        method="POST",
        path="/fozzy/tests/{test}/config",
        name="put_test",
        does="Give a test a scope: instead of the server's section, or with `merge` over it. `{}` is no chaos. "
        "Its faults and limits count from the beginning, also where it had the same scope before.",
        run=post,
        takes=Scope,
        gives=TestConfig,
        example=EXAMPLE,
    ),
    Operation(
        method="PATCH",
        path="/fozzy/tests/{test}/config",
        name="patch_test",
        does="Change fields of a test's scope; `null` takes one away.",
        run=patch,
        takes=Scope,
        is_patch=True,
        gives=TestConfig,
        refuses=(404,),
        example={"faults": {"drop": None}},
    ),
    Operation(
        method="DELETE",
        path="/fozzy/tests/{test}/config",
        name="delete_test",
        does="Take a test's scope away: the baseline again.",
        run=delete,
        gives=TestConfig,
        refuses=(404,),
    ),
    Operation(
        method="GET",
        path="/fozzy/explain",
        name="explain",
        does="Show who said each field that holds for the requests of a test and a route.",
        run=explain,
        asks=About,
        gives=Explained,
        refuses=(404,),
    ),
]

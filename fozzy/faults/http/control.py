"""Changes of what is in force: each makes a state of another and changes nothing itself. `Engine.change` validates.

Rule 1: starting a scenario turns chaos on; without `stack` it takes the place of those that are active.
Rule 2: stopping the last one restores exactly what was there before: plan, test scopes, and whether chaos was on.
Rule 3: a patch says only what changes; `null` takes a field away. What it leaves as it was goes on.
Rule 4: what is put, or put in the place of another, begins anew, also where it says the same: ordinals count from 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from fozzy.core.duration import parse_ns
from fozzy.errors import InputError, suggestion
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Plan, Scope
from fozzy.faults.http.resolve import test_origin
from fozzy.faults.http.state import Active, State


def start(state: State, name: str, now_ns: int, *, stack: bool = False, for_: str | None = None) -> State:
    """Start a scenario, for its own time or `for_`. *Errors*: `chaos.unknown_scenario`, `chaos.active`."""
    scenario = state.scenario(name)
    if scenario is None:
        known = suggestion(name, state.scenarios())
        raise InputError("chaos.unknown_scenario", f'there is no scenario "{name}"', hint=known)
    if stack and any(each.name == name for each in state.active):
        raise InputError("chaos.active", f'the scenario "{name}" is active already')
    lasts = for_ or scenario.for_
    before = state.active[0].enabled_before if state.active else state.enabled
    until = None if lasts is None else now_ns + parse_ns(lasts)
    begun = Active(name=name, since_ns=now_ns, until_ns=until, enabled_before=before)
    return replace(state, enabled=True, active=[*state.active, begun] if stack else [begun])


def stop(state: State, name: str | None = None) -> State:
    """Stop a scenario, or all. *Errors*: `chaos.not_active`."""
    left = [] if name is None else [each for each in state.active if each.name != name]
    if len(left) == len(state.active):
        said = "no scenario is active" if name is None else f'the scenario "{name}" is not active'
        raise InputError("chaos.not_active", said, hint=suggestion(name or "", [each.name for each in state.active]))
    enabled = state.enabled if left else state.active[0].enabled_before
    return replace(state, active=left, enabled=enabled)


def enable(state: State) -> State:
    """Turn chaos on, as it is configured."""
    return _enabled(state, True)


def disable(state: State) -> State:
    """Turn all chaos off; what is configured stays."""
    return _enabled(state, False)


def _enabled(state: State, enabled: bool) -> State:
    active = [replace(each, enabled_before=enabled) for each in state.active]
    return replace(state, enabled=enabled, active=active)


def reset(begun: State, now_ns: int) -> State:
    """What a run began with, in force from now on; scenarios that it began with have their whole time again."""
    later_ns = now_ns - begun.since_ns
    return replace(begun, since_ns=now_ns, active=[_later(each, later_ns) for each in begun.active])


def _later(active: Active, by_ns: int) -> Active:
    until_ns = None if active.until_ns is None else active.until_ns + by_ns
    return replace(active, since_ns=active.since_ns + by_ns, until_ns=until_ns)


def put_plan(state: State, plan: Plan, now_ns: int) -> State:
    """Another plan in the place of the present one, with its own test scopes; no scenario is active."""
    return replace(State.begun(plan), since_ns=now_ns)


def patch(state: State, changes: Any, now_ns: int) -> State:
    """Change parts of the plan; what stays the same goes on. With another schedule all begins anew, as it counts from now.

    *Errors*: `chaos.*` with the field.
    """
    plan = formed(Plan, patched(msgspec.to_builtins(state.plan), changes, "the patch"))
    enabled = plan.enabled if "enabled" in changes else state.enabled
    tests = plan.tests if "tests" in changes else state.tests
    since = state.since_ns if plan.schedule == state.plan.schedule else now_ns
    return replace(state, plan=plan, enabled=enabled, tests=tests, since_ns=since)


def patched(document: Any, changes: Any, place: str) -> Any:
    """A document with a JSON Merge Patch (RFC 7386) applied. *Errors*: `chaos.bad_value` where it is no object."""
    if not isinstance(changes, dict):
        raise InputError("chaos.bad_value", f"{place}: expected an object, got {msgspec.json.encode(changes).decode()}")
    return _merged(document, changes)


def _merged(document: Any, changes: Any) -> Any:
    if not isinstance(changes, dict):
        return changes
    whole = dict(document) if isinstance(document, dict) else {}
    for name, value in changes.items():
        if value is None:
            whole.pop(name, None)
        else:
            whole[name] = _merged(whole.get(name), value)
    return whole


def put_section(state: State, name: str, section: Any, now_ns: int) -> State:
    """Another section in the place of one of the plan: `latency`, `faults` or `limits`."""
    return replace(state, plan=replace(state.plan, **{name: section}), put_ns={**state.put_ns, name: now_ns})


def put_test(state: State, test: str, scope: Scope, now_ns: int) -> State:
    """Put a test scope in force, or another in its place."""
    put_ns = {**state.put_ns, test_origin(test): now_ns}
    return replace(state, tests={**state.tests, test: scope}, put_ns=put_ns)


def patch_test(state: State, test: str, changes: Any) -> State:
    """Change parts of a test scope, which begins empty. *Errors*: `chaos.*` with the field."""
    place = f"tests.{test}"
    scope = patched(msgspec.to_builtins(state.tests.get(test, Scope())), changes, place)
    return replace(state, tests={**state.tests, test: formed(Scope, scope, place)})


def drop_test(state: State, test: str) -> State:
    """Take a test scope away: the baseline again. *Errors*: `chaos.unknown_test`."""
    if test not in state.tests:
        raise InputError(
            "chaos.unknown_test", f'there is no scope for the test "{test}"', hint=suggestion(test, state.tests)
        )
    return _without(state, [test])


def drop_tests(state: State) -> State:
    """Take all test scopes away."""
    return _without(state, state.tests)


def _without(state: State, gone: Iterable[str]) -> State:
    names, origins = set(gone), {test_origin(test) for test in gone}
    tests = {name: scope for name, scope in state.tests.items() if name not in names}
    return replace(state, tests=tests, put_ns={of: ns for of, ns in state.put_ns.items() if of not in origins})

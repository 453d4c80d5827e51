"""What a plan may not say although each of its values is well formed: contradictions, reversed ranges, unknown names.

All problems are told at once, each with its place in the document. Nothing is clamped and nothing guessed.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from fozzy.core.duration import parse_ns
from fozzy.errors import InputError, Problem, suggestion
from fozzy.faults.http.flaws import (
    TOKEN,
    Wrong,
    header_flaws,
    joined,
    match_flaws,
    narrow_flaws,
    parts_flaws,
    section_flaws,
)
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Answer, Entry, Plan, Route, Scope
from fozzy.faults.http.resolve import layers, place_of, resolved
from fozzy.faults.http.shares import HINT, overfull
from fozzy.faults.http.state import Active, State

TESTS_MAX = 10_000  # scopes in force at once; each is compiled, and looked at with every change
PROBLEMS_MAX = 100  # that are told of one plan


def checked(state: State) -> State:
    """A state that can be carried out. *Errors*: `InputError` with every problem, up to `PROBLEMS_MAX`."""
    _well_formed(state)
    problems = [*map(_problem, _flaws(state)), *_unknown(state)]
    if not problems:
        problems = list(_overfull(state))
    if problems:
        raise InputError.of(problems[:PROBLEMS_MAX])
    return state


def _well_formed(state: State) -> None:
    """Values in their ranges also where a program made them, and not a decoder."""
    document: Any = msgspec.to_builtins(state.plan)
    formed(Plan, document)
    for test, scope in state.tests.items():
        formed(Scope, msgspec.to_builtins(scope), f"tests.{test}")


def _problem(flaw: Wrong) -> Problem:
    message = f"{flaw.place} {flaw.said}"
    if flaw.is_conflict:
        return Problem(code="chaos.conflict", message=message, hint=flaw.hint)
    return Problem(code="chaos.bad_value", message=message, hint=flaw.hint)


def _flaws(state: State) -> Iterator[Wrong]:
    plan = state.plan
    most = plan.latency_max
    yield from section_flaws("", plan, most)
    for name, scenario in plan.scenarios.items():
        place = f"scenarios.{name}"
        yield from section_flaws(place, scenario, most)
        if scenario.for_ is not None and parse_ns(scenario.for_) == 0:
            yield Wrong(joined(place, "for"), "must be more than nothing")
    for name, scope in {**plan.tests, **state.tests}.items():
        yield from section_flaws(f"tests.{name}", scope, most)
        yield from narrow_flaws(f"tests.{name}", scope.limits)
    for n, route in enumerate(plan.routes):
        yield from _route_flaws(place_of(n), route, most)
    for n, entry in enumerate(plan.schedule):
        yield from _entry_flaws(f"schedule[{n}]", entry)
    yield from _own_flaws(plan)
    if len(state.tests) > TESTS_MAX:
        yield Wrong(
            "tests", f"has {len(state.tests)} scopes: expected up to {TESTS_MAX}", "remove those of tests that ended"
        )


def _own_flaws(plan: Plan) -> Iterator[Wrong]:
    if plan.upstream is not None:
        yield from _upstream_flaws("upstream", plan.upstream)
    if plan.client_header is not None and not (plan.client_header and TOKEN.issuperset(plan.client_header)):
        yield Wrong("client_header", f'is "{plan.client_header}", which is no name of a header')


def _route_flaws(place: str, route: Route, latency_max: str) -> Iterator[Wrong]:
    yield from match_flaws(place, route)
    yield from parts_flaws(place, route.latency, route.faults, route.limits, latency_max)
    yield from narrow_flaws(place, route.limits)
    ways = [name for name in ("upstream", "answer", "answers") if getattr(route, name)]
    if len(ways) > 1:
        yield Wrong(
            place, f"says {' and '.join(ways)}, which exclude each other", f"keep one of {', '.join(ways)}", True
        )
    if route.upstream is not None:
        yield from _upstream_flaws(joined(place, "upstream"), route.upstream)
    if route.answer is not None:
        yield from _answer_flaws(joined(place, "answer"), route.answer)
    for n, answer in enumerate(route.answers):
        yield from _answer_flaws(joined(place, f"answers[{n}]"), answer)


def _upstream_flaws(place: str, url: str) -> Iterator[Wrong]:
    wrong = f'is "{url}": expected an address such as "http://127.0.0.1:9000"'
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # it is read when it is asked for
    except ValueError:
        yield Wrong(place, wrong)
        return
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        yield Wrong(place, wrong)


def _answer_flaws(place: str, answer: Answer) -> Iterator[Wrong]:
    bodies = [name for name in ("text", "base64", "events", "lines") if getattr(answer, name) is not None]
    if answer.json is not msgspec.UNSET:
        bodies.insert(0, "json")
    if len(bodies) > 1:
        yield Wrong(
            place, f"says {' and '.join(bodies)}, which exclude each other", f"keep one of {', '.join(bodies)}", True
        )
    if answer.base64 is not None:
        try:
            a2b_base64(answer.base64, strict_mode=True)
        except (Base64Error, ValueError) as error:
            yield Wrong(joined(place, "base64"), f"is no base64: {error}")
    yield from header_flaws(joined(place, "headers"), answer.headers)


def _entry_flaws(place: str, entry: Entry) -> Iterator[Wrong]:
    if entry.at is None and entry.every is None and entry.after_requests is None:
        yield Wrong(place, "says no time", "give at, every or after_requests")
    if entry.after_requests is not None and entry.at is not None:
        yield Wrong(place, "says at and after_requests, which exclude each other", "keep one of them", True)
    if entry.every is not None and parse_ns(entry.every) == 0:
        yield Wrong(joined(place, "every"), "must be more than nothing")


def _unknown(state: State) -> Iterator[Problem]:
    """Scenarios that are named and do not exist."""
    named = [(f"schedule[{n}].start", entry.start) for n, entry in enumerate(state.plan.schedule)]
    for place, name in [*named, *(("the active scenario", active.name) for active in state.active)]:
        if state.scenario(name) is None:
            hint = suggestion(name, state.scenarios())
            yield Problem(
                code="chaos.unknown_scenario", message=f'{place} is "{name}": there is no such scenario', hint=hint
            )


def _overfull(state: State) -> Iterator[Problem]:
    """Sections whose shares exclude each other and add up to too much: as they are now, and in each scenario of the plan."""
    own = [
        (f"scenarios.{name}", replace(state, active=[Active(name=name, since_ns=0)])) for name in state.plan.scenarios
    ]
    for place, each in [("", state), *own]:
        for test in ("", *each.tests):
            if resolved(layers(each, test)).mode.value != "exclusive":
                continue
            for route in (None, *range(len(each.plan.routes))):
                wrong = overfull(resolved(layers(each, test, route)))
                if wrong:
                    of = [place, f"tests.{test}" if test else "", "" if route is None else place_of(route)]
                    where = ", ".join(part for part in of if part)
                    yield Problem(code="chaos.shares", message=f"{where}: {wrong}" if where else wrong, hint=HINT)

"""What the operations of the control API answer. Names are those of a plan; times are nanoseconds since the start."""

from __future__ import annotations

from typing import Literal

import msgspec

from fozzy.chaos.api.cassettes import Recording, Replaying
from fozzy.faults.http.explained import Field
from fozzy.faults.http.plan import Entry, Plan, Route, Scope, Section
from fozzy.faults.http.state import Active


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all answers."""


class Holds(Told, frozen=True, kw_only=True):
    """What holds for some requests: as a section, and field by field with who said it."""

    enabled: bool
    mode: str
    mode_origin: str
    config: Section
    fields: list[Field]


class InForce(Told, frozen=True, kw_only=True):
    """What is in force from the next request on, for requests without a scope or route of their own."""

    enabled: bool
    active: list[Active]
    holds: Holds
    tests: list[str]
    notes: list[str]


class Config(Told, frozen=True, kw_only=True):
    """The plan, which is what a file says and what was changed since, and what is in force because of it."""

    plan: Plan
    in_force: InForce


class TestConfig(Told, frozen=True, kw_only=True):
    """A test scope, none where there is none, and what holds for the requests of that test."""

    test: str
    scope: Scope | None
    holds: Holds
    notes: list[str] = []


class Tests(Told, frozen=True, kw_only=True):
    """Every test scope."""

    tests: dict[str, Scope]


class Explained(Told, frozen=True, kw_only=True):
    """What holds for the requests of a test and a route, and who said each field."""

    test: str
    route: str | None
    holds: Holds


class ScenarioShown(Told, frozen=True, kw_only=True):
    """A scenario: where it comes from, and what holds for the server's requests while it alone is active."""

    name: str
    kind: Literal["predefined", "profile", "own"]
    about: str
    lasts: str | None
    is_active: bool
    config: Section


class Scenarios(Told, frozen=True, kw_only=True):
    """Scenarios, and which are active in which order."""

    scenarios: list[ScenarioShown]
    active: list[Active]


class Scheduled(Told, frozen=True, kw_only=True):
    """An entry of the schedule, its number, and when it is due; none: it has had its turn, or waits for requests."""

    index: int
    entry: Entry
    due_ns: int | None


class Schedule(Told, frozen=True, kw_only=True):
    """The schedule, and the run's time and requests, which it goes by."""

    schedule: list[Scheduled]
    now_ns: int
    requests: int


class Routed(Told, frozen=True, kw_only=True):
    """A route and its place in the plan."""

    index: int
    place: str
    route: Route


class Routes(Told, frozen=True, kw_only=True):
    """The routes, in the order in which they are tried."""

    routes: list[Routed]


class Tallied(Told, frozen=True, kw_only=True):
    """What became of one declared fault: how often it was meant, rolled, hit, applied and bypassed."""

    place: str
    name: str
    matched: int
    rolled: int
    hit: int
    applied: int
    bypassed: int


class Load(Told, frozen=True, kw_only=True):
    """Requests in flight now, and at most since the start or the last reset; open connections of clients."""

    requests: int
    requests_max: int
    connections: int


class Status(Told, frozen=True, kw_only=True):
    """How it stands."""

    version: str
    door: str
    listening: str
    upstream: str | None
    seed: int
    now_ns: int
    requests: int
    enabled: bool
    active: list[Active]
    tests: int
    routes: int
    load: Load
    journal_entries: int
    journal_size: int
    recording: Recording
    replaying: Replaying


class Health(Told, frozen=True, kw_only=True):
    """The controls answer."""

    status: Literal["ok"]
    version: str


class Cleared(Told, frozen=True, kw_only=True):
    """How many entries were taken away."""

    cleared: int


class Message(Told, frozen=True, kw_only=True):
    """What was done, in MockForge's form."""

    message: str

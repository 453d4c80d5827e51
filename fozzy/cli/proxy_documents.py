"""The JSON documents of `fozzy proxy`."""

from __future__ import annotations

from typing import Any, Literal

from fozzy.cli.problem_documents import ErrorDocument
from fozzy.core.outcome import Camel
from fozzy.core.summary import Summary


class FaultBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What became of one declared fault. `place` is who declares it: `server`, `scenario NAME`, `test ID`, `routes[0]`."""

    place: str
    name: str
    matched: int
    rolled: int
    hit: int
    applied: int
    bypassed: int


class ProxyBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What a proxy did. `faulted` exchanges were delayed or had a fault applied; `misses` were not in the recording."""

    listen: str
    control: str | None
    upstream: str | None
    file: str | None
    scenario: str | None
    exchanges: int
    faulted: int
    bypassed: int
    misses: int
    not_recorded: int
    recorded: int | None
    trace_paths: list[str]
    p50_ns: int
    p99_ns: int
    in_flight_max: int
    faults: list[FaultBody]
    never_rolled: list[FaultBody]
    always_missed: list[FaultBody]


class ProxyDocument(Summary, frozen=True, kw_only=True):
    """The summary of a proxy's run, and what it did."""

    proxy: ProxyBody | None = None


class TcpProxyBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A proxy as it was at the end; `connections` are all it had."""

    name: str
    listen: str
    upstream: str
    protocol: str
    enabled: bool
    connections: int
    toxics: list[str]


class ToxicBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What became of one toxic. `place` is `PROXY/TOXIC`, `connections` those it was there on, `reasons` why not applied."""

    place: str
    type: str
    connections: int
    matched: int
    rolled: int
    hit: int
    applied: int
    bypassed: int
    reasons: dict[str, int]


class TcpBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What TCP proxies did. Of `raw` with neither toxics nor a recording `messages` are not counted."""

    proxies: list[TcpProxyBody]
    control: str | None
    file: str | None
    connections: int
    messages: int
    struck: int
    bypassed: int
    upstream_bytes: int
    downstream_bytes: int
    ended_by: dict[str, int]
    recorded: int | None
    trace_paths: list[str]
    toxics: list[ToxicBody]
    never_came: list[ToxicBody]
    always_missed: list[ToxicBody]


class TcpDocument(Summary, frozen=True, kw_only=True):
    """The summary of a run of TCP proxies, and what they did."""

    proxy: TcpBody | None = None


class ScenarioBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A scenario that can be started. `config` is what it says, as a chaos file does."""

    name: str
    kind: Literal["predefined", "profile", "own"]
    about: str
    lasts: str | None
    active: bool | None
    words: list[str]
    config: dict[str, Any]


class ScenariosDocument(Camel, frozen=True, kw_only=True):
    """The scenarios there are; `active` is known of a running proxy only."""

    schema_version: int
    command: Literal["proxy scenarios"]
    status: Literal["pass"]
    control: str | None = None
    scenarios: list[ScenarioBody]


class ControlDocument(Camel, frozen=True, kw_only=True):
    """What a running proxy answered, in the names of its control API."""

    schema_version: int
    command: Literal["proxy status", "proxy start", "proxy stop", "proxy journal"]
    status: Literal["pass"]
    control: str
    answer: Any


PROXY_DOCUMENTS: dict[str, list[type]] = {
    "proxy http": [ProxyDocument, ErrorDocument],
    "proxy tcp": [TcpDocument, ErrorDocument],
    "proxy scenarios": [ScenariosDocument, ErrorDocument],
    "proxy status": [ControlDocument, ErrorDocument],
    "proxy start": [ControlDocument, ErrorDocument],
    "proxy stop": [ControlDocument, ErrorDocument],
    "proxy journal": [ControlDocument, ErrorDocument],
}

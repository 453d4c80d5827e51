"""How it stands: status, numbers, health, metrics, and the description of all this."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.chaos.api.answers import Health, Load, Status, Tallied
from fozzy.chaos.api.call import Answer, Rejected
from fozzy.chaos.api.cassettes import Recording, Replaying
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.chaos.stats import Summary
from fozzy.version import VERSION

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of the requests, of the faults that are or were declared, and of the load."""

    summary: Summary
    faults: list[Tallied]
    load: Load


def status(controls: Controls, asked: Asked) -> Status:
    """How it stands."""
    session, state, cassettes = controls.session, controls.state, controls.cassettes
    return Status(
        version=VERSION,
        door=controls.about.door,
        listening=controls.about.listening,
        upstream=state.plan.upstream or controls.about.upstream,
        seed=session.engine.seed,
        now_ns=session.now_ns(),
        requests=session.engine.requests,
        enabled=state.enabled,
        active=state.active,
        tests=len(state.tests),
        routes=len(state.plan.routes),
        load=_load(controls),
        journal_entries=len(controls.journal),
        journal_size=controls.journal.size,
        recording=cassettes.recording() if cassettes else Recording(),
        replaying=cassettes.replaying() if cassettes else Replaying(),
    )


def stats(controls: Controls, asked: Asked) -> Stats:
    """Numbers."""
    tallies = [Tallied(**tally._asdict()) for tally in controls.tallies()]
    return Stats(summary=controls.stats.summary(), faults=tallies, load=_load(controls))


def _load(controls: Controls) -> Load:
    session = controls.session
    return Load(requests=session.load, requests_max=session.load_max, connections=session.connections)


def health(controls: Controls, asked: Asked) -> Health:
    """It answers."""
    return Health(status="ok", version=VERSION)


def metrics(controls: Controls, asked: Asked) -> Answer:
    """Prometheus' text."""
    if controls.metrics is None:
        raise Rejected(404, "chaos.api_path", "no metrics are kept here")
    return Answer(200, controls.metrics(), METRICS_TYPE)


def openapi(controls: Controls, asked: Asked) -> Any:
    """The document."""
    from fozzy.chaos.api.openapi import document  # made when somebody asks

    return document()


def _metrics(path: str, name: str) -> Operation:
    return Operation(
        method="GET",
        path=path,
        name=name,
        does="Give the counters in Prometheus' text format.",
        run=metrics,
        gives=str,
        text=METRICS_TYPE,
        refuses=(404,),
    )


OPERATIONS = [
    Operation(method="GET", path="/fozzy/status", name="status", does="Show how it stands.", run=status, gives=Status),
    Operation(
        method="GET",
        path="/fozzy/stats",
        name="stats",
        does="Show counts, percentiles of times, what became of each fault, and peaks of load.",
        run=stats,
        gives=Stats,
    ),
    Operation(
        method="GET",
        path="/fozzy/health",
        name="health",
        does="Say that the controls answer.",
        run=health,
        gives=Health,
    ),
    _metrics("/fozzy/metrics", "metrics"),
    _metrics("/metrics", "prometheus"),
    Operation(
        method="GET",
        path="/fozzy/openapi.json",
        name="openapi",
        does="Give the description of all operations (OpenAPI 3.1).",
        run=openapi,
        gives=dict[str, Any],
    ),
]

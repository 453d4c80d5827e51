"""Every operation of the control API, by area."""

from __future__ import annotations

from fozzy.chaos.api.operation import Operation
from fozzy.chaos.api.operations import (
    cassettes,
    config,
    journal,
    mockforge,
    power,
    recorder,
    routes,
    scenarios,
    schedule,
    status,
    tests,
)

AREAS: dict[str, tuple[str, list[Operation]]] = {
    "config": ("What goes wrong, for all requests.", config.OPERATIONS),
    "tests": ("What goes wrong for the requests of one test.", tests.OPERATIONS),
    "power": ("Chaos on, off, and as it was at the start.", power.OPERATIONS),
    "scenarios": ("Sections with a name, started and stopped.", scenarios.OPERATIONS),
    "schedule": ("When scenarios start by themselves.", schedule.OPERATIONS),
    "routes": ("Where requests go, and answers of the plan's own.", routes.OPERATIONS),
    "journal": ("The last requests.", journal.OPERATIONS),
    "status": ("How it stands, in words and numbers.", status.OPERATIONS),
    "cassettes": ("Recording, and answering from a recording.", cassettes.OPERATIONS),
    "mockforge": ("MockForge's paths, with its names.", [*mockforge.OPERATIONS, *recorder.OPERATIONS]),
}
OPERATIONS = [operation for _, operations in AREAS.values() for operation in operations]

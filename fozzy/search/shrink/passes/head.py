"""Leaves out what a scenario says of itself and what its steps do not need."""

from __future__ import annotations

from fozzy.search.shrink.cut import drop_most
from fozzy.search.shrink.gate import Gate

# What a run is bounded by and where it goes stands in the trace's header too: without it the file would say less than
# is true. `name` and `version` make a file a scenario.
KEPT = ("version", "name", "timeout", "limits", "backends", "http_base_url", "distributed")


def trim_head(gate: Gate) -> None:
    """Leave out members of the head, then single variables."""
    head = gate.best.script.head
    drop_most([name for name in head if name not in KEPT], lambda names: _without(gate, names))
    variables = gate.best.script.head.get("vars")
    if isinstance(variables, dict):
        drop_most(list(variables), lambda names: _without_variables(gate, names))


def _without(gate: Gate, names: object) -> bool:
    head = gate.best.script.head
    return gate.with_script(
        gate.best.script.with_head({name: value for name, value in head.items() if name not in names})  # type: ignore[operator]
    )


def _without_variables(gate: Gate, names: object) -> bool:
    head = dict(gate.best.script.head)
    head["vars"] = {name: value for name, value in head["vars"].items() if name not in names}  # type: ignore[operator]
    return gate.with_script(gate.best.script.with_head(head))

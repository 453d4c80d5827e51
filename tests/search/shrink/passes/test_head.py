"""The head: what nothing needs is left out, what bounds the run is not."""

from __future__ import annotations

from typing import Any

from fozzy.search.script import script_of
from fozzy.search.shrink.passes.head import KEPT, trim_head


def test_what_nothing_needs_goes(plant: Any) -> None:
    """Tags and descriptions go, and variables one by one; a timeout, limits and backends are the run's own."""
    bounds = {"timeout": "1s", "limits": {"call_ms_max": 5}, "backends": {"proc": "host"}, "http_base_url": "http://x"}
    head = {
        "version": 1,
        "name": "n",
        **bounds,
        "tags": ["a"],
        "description": "d",
        "vars": {"a": 1, "b": 2, "c": 3},
        "env": ["HOME"],
    }
    script = script_of({**head, "steps": [{"type": "fail"}]})
    gate = plant.gate(lambda each: "b" in each.script.head.get("vars", {}), script)
    trim_head(gate)
    assert gate.best.script.head == {"version": 1, "name": "n", **bounds, "vars": {"b": 2}}
    assert set(bounds) <= set(KEPT)


def test_all_variables_go_with_their_member(plant: Any) -> None:
    """Nothing is left that holds nothing."""
    script = script_of({"version": 1, "name": "n", "vars": {"a": 1}, "steps": [{"type": "fail"}]})
    gate = plant.gate(lambda each: True, script)
    trim_head(gate)
    assert gate.best.script.head == {"version": 1, "name": "n"}

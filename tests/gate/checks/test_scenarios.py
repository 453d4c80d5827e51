"""Scenarios: every file is looked at, and what cannot run is named."""

from __future__ import annotations

import json
from pathlib import Path

from fozzy.engine.discover import discover
from fozzy.errors import Exit
from fozzy.gate.checks.scenarios import can_run, scenarios

CLUSTER = {
    "version": 1,
    "name": "a cluster",
    "distributed": {
        "node_count": 3,
        "steps": [{"type": "client_put", "node": "n0", "key": "x", "value": "1"}],
        "invariants": [{"type": "kv_all_equal", "key": "x"}],
    },
}


def test_every_problem_of_every_file(project: Path) -> None:
    """Invalid files are counted, each problem is kept, and a cluster runs like any other scenario."""
    Path("bad.fozzy.json").write_text('{"version": 1, "name": "n", "steps": [{"type": "nope"}]}')
    Path("cluster.fozzy.json").write_text(json.dumps(CLUSTER))
    found = discover(["."], project)
    checked = scenarios(found)
    assert (checked.status, checked.exit_status) == ("fail", Exit.USAGE)
    assert checked.ran == "2 files, 1 valid, 1 distributed"
    assert checked.left_out == []
    assert [each.name for each in can_run(found.chosen)] == ["cluster.fozzy.json"]

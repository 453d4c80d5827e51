"""An execution begins where it belongs: here for builtin nodes, beside the user's code for his."""

from __future__ import annotations

from typing import Any

from fozzy.core.events import Event


def test_builtin_nodes_run_here(builtin: Any) -> None:
    """There is no code whose digest would be told."""
    ran = builtin([{"type": "tick", "duration": "1s"}])
    assert ran.status == "pass"
    assert not [each for each in ran.records if isinstance(each, Event) and "digest" in each.fields]


def test_programs_run_beside_the_users_code(programs: Any) -> None:
    """In a process of their own, whose records are the run's."""
    programs.write("import os, sys\ndef main(node): print(node.name, 'pid', os.getpid(), 'pytest' in sys.modules)")
    ran = programs(nodes=["a", "b"])
    assert ran.status == "pass"
    assert ran.said() == ["a pid 1000 False", "b pid 1001 False"]
    assert "digest" in ran.records[0].fields


def test_a_mixed_cluster_runs_beside_the_users_code(programs: Any) -> None:
    """Builtin nodes too."""
    programs.write("async def main(node): print(node.peers)")
    put = {"type": "client_put", "node": "kv", "key": "k", "value": 1}
    ran = programs(nodes={"kv": {"builtin": "kv"}, "mine": {"program": "m:main"}}, steps=[put])
    assert ran.findings == []
    assert ran.said() == ["[<node kv>]"]

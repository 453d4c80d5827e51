"""What a cluster and its faults say and do not need to say goes."""

from __future__ import annotations

from typing import Any

from fozzy.search.script import script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.passes.cluster import trim_cluster, trim_faults
from fozzy.search.subject import Candidate, Failure, Tape


def gate_of(plant: Any, fails: Any, **cluster: Any) -> Gate:
    steps = [{"type": "tick", "duration": "1s"}]
    raw = {"version": 1, "name": "n", "distributed": {"steps": steps, **cluster}}
    failure = Failure("checker", "planted", "distributed")
    subject = plant.subject(lambda candidate: fails(candidate.script.raw["distributed"]) and failure)
    return Gate(subject, Candidate(script_of(raw), Tape()), failure, 60 * 10**9)


def test_members_that_nothing_needs_go(plant: Any) -> None:
    """Nodes and what runs on them stay, whatever they are."""
    gate = gate_of(
        plant,
        lambda cluster: cluster.get("schedule_intra", False),
        node_count=2,
        builtin="kv",
        seeds=9,
        schedule_intra=True,
        duration="5s",
        client="m:C",
    )
    trim_cluster(gate)
    assert set(gate.best.script.cluster) == {"node_count", "builtin", "schedule_intra"}


def test_what_programs_are_given_stays(plant: Any) -> None:
    """With other settings it would be another bug."""
    nodes = {"a": {"program": "m:f", "args": {"size": 50, "more": [1, 2]}, "port": 81}, "b": {"program": "m:g"}}
    gate = gate_of(plant, lambda cluster: cluster["nodes"]["a"].get("args", {}).get("size", 0) >= 7, nodes=nodes)
    trim_cluster(gate)
    assert gate.best.script.cluster["nodes"] == nodes


def test_faults_say_only_what_they_must(plant: Any) -> None:
    """Nodes that need not be parted leave their group, and options go."""
    fault = {
        "kind": "partition",
        "name": "p",
        "between": [["a", "b"], ["c", "d"]],
        "oneway": True,
        "at": "0s",
        "for": "1s",
    }
    gate = gate_of(
        plant,
        lambda cluster: "b" in cluster["faults"][0]["between"][0] and "for" in cluster["faults"][0],
        nodes=["a", "b", "c", "d"],
        faults=[fault],
    )
    trim_faults(gate)
    left = gate.best.script.raw["distributed"]["faults"]
    assert left == [{"kind": "partition", "between": [["b"], ["c"]], "at": "0s", "for": "1s"}]

"""Faults one can ask for by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.cluster.file import Cluster
from fozzy.dsl.cluster.presets import NEED_TWO, PRESETS, preset
from fozzy.dsl.cluster.rules import fault_flaws
from fozzy.dsl.cluster.settings import fault_settings
from fozzy.dsl.steps.cluster import Tick
from fozzy.errors import UsageError
from fozzy.sim.settings import Moment

STEPS: list[Any] = [Tick(duration="1ms")] * 4
S = 10**9


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("cluster", [Cluster(node_count=3, steps=STEPS), Cluster(nodes=["a", "b"], program="x:y")])
def test_presets_are_valid_faults_of_the_cluster(name: str, cluster: Cluster) -> None:
    """What a preset makes would be accepted in the cluster's own file."""
    made = msgspec.to_builtins(preset(name, cluster))
    assert len(made) == (name != "none")
    assert list(fault_flaws(made, msgspec.to_builtins(cluster), ())) == []


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "none"])
def test_a_preset_strikes_before_a_drawn_step(name: str) -> None:
    """Where there are steps it strikes before any of them, else at any time of the first ten seconds."""
    (with_steps,) = fault_settings(preset(name, Cluster(node_count=2, steps=STEPS)))
    (without,) = fault_settings(preset(name, Cluster(node_count=2, program="x:y")))
    assert with_steps.at == Moment(by="step", low=0, high=3)
    assert without.at == Moment(low=0, high=10 * S)


def test_presets_strike_the_first_nodes() -> None:
    """Partitions are between the first two nodes, crashes at the first; what heals or restarts does so at some time."""
    cluster = Cluster(nodes=["b", "a", "c"], program="x:y")
    made = {name: fault_settings(preset(name, cluster)) for name in PRESETS}
    assert made.pop("none") == []
    assert {name: each.kind for name, (each,) in made.items()} == {
        "partition-first-two": "partition",
        "heal-first-two": "partition",
        "crash-first": "crash",
        "restart-first": "restart",
    }
    assert {name: each.nodes or each.between for name, (each,) in made.items()} == {
        **dict.fromkeys(("partition-first-two", "heal-first-two"), (("b",), ("a",))),
        **dict.fromkeys(("crash-first", "restart-first"), ("b",)),
    }
    assert [name for name, (each,) in made.items() if each.lasts is not None] == ["heal-first-two", "restart-first"]


@pytest.mark.parametrize("name", NEED_TWO)
def test_one_node_cannot_be_cut_apart(name: str) -> None:
    """A preset that cuts two nodes apart says so of a cluster of one."""
    with pytest.raises(UsageError, match=f'"{name}" needs two nodes') as caught:
        preset(name, Cluster(node_count=1, steps=STEPS))
    assert caught.value.code == "usage.preset_needs_nodes"


def test_an_unknown_preset_is_told() -> None:
    """A name that is none of the presets is told with the nearest one."""
    with pytest.raises(UsageError, match='no faults called "crash-frist"') as caught:
        preset("crash-frist", Cluster(node_count=1, steps=STEPS))
    assert caught.value.hint == 'did you mean "crash-first"?'

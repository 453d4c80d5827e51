"""Each kind of program has its class."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from fozzy.sim.cluster import Cluster
from fozzy.sim.programs import program_of
from fozzy.sim.settings import ClusterSetting, NodeKind, NodeSetting
from tests.sim.harness import choices_of


@pytest.mark.parametrize("kind", get_args(NodeKind))
def test_every_kind_has_a_program(kind: Any) -> None:
    """With the members a cluster asks for, before and after it began."""
    setting = NodeSetting(name="n0", kind=kind)
    cluster = Cluster(ClusterSetting(nodes=(setting,)), choices_of()[0])
    program = program_of(setting, cluster, cluster.nodes[0])
    assert program.is_running
    assert isinstance(program.serves, bool)
    assert isinstance(program.is_finite, bool)
    program.lose()

"""Steps that cut and mend links."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.dsl.cluster.moments import Drawn
from fozzy.dsl.steps.cluster import Heal, HealAll, Partition


@pytest.mark.parametrize("kind", [Partition, Heal])
def test_a_link_joins_two_nodes(kind: Any) -> None:
    """A node has no link to itself."""
    assert list(kind(a="x", b="y", at="5s").check()) == []
    assert list(kind(a="x", b="y", at=Drawn(within=["0s", "5s"])).check()) == []
    assert [issue.path for issue in kind(a="x", b="x").check()] == [("b",)]


def test_what_mends_all_names_no_node() -> None:
    """Mending everything has no fields to get wrong."""
    assert list(HealAll().check()) == [] and HealAll().nodes == ()

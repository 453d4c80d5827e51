"""What steps and invariants of a cluster have in common."""

from __future__ import annotations

import msgspec
import pytest

from fozzy.core.types import fields
from fozzy.dsl.cluster.faults import Faults
from fozzy.dsl.steps.cluster import ClusterSteps, Invariants, by_tag

KINDS = [*by_tag(ClusterSteps).values(), *by_tag(Invariants).values(), *by_tag(Faults).values()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_says_what_it_does_and_what_its_fields_mean(kind: type[msgspec.Struct]) -> None:
    """Every step, invariant and fault has a sentence, and each of its fields says in the schema what it means."""
    assert kind.__doc__ and kind.__doc__.count("\n") == 0 and kind.__doc__.endswith(".")
    made = msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"]
    said = {name: made[name].get("description", "") for name in fields(kind)}
    assert all(text and not text.startswith("A whole number and a unit") for text in said.values()), said


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fields_that_name_nodes_exist(kind: type[msgspec.Struct]) -> None:
    """Every field that is said to name nodes is one of the type's."""
    named = [field.partition(".")[0] for field in kind.nodes]  # type: ignore[attr-defined]
    assert set(named) <= set(fields(kind))
    assert {"node", "a", "b", "between", "from", "to"} & set(fields(kind)) <= set(named)

"""Many executions of a scenario are looked through for the first that fails."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.engine.cluster.many import first_failing
from tests.engine.cluster.conftest import executed, made

STEPS = [
    {"type": "client_put", "node": "n0", "key": "k", "value": 0},
    {"type": "client_put", "node": "n1", "key": "k", "value": 1},
]
RACE = {
    "node_count": 2, "args": {"merge": "arrival"}, "network": {"latency": {"uniform": ["1ms", "30ms"]}},
    "steps": [{"type": "workload", "count": 1, "operations": [{"op": "put", "args": {"key": "k", "value": {"unique": True}}}]}],
    "invariants": [{"type": "kv_all_equal", "key": "k"}],
}  # fmt: skip


def test_the_first_that_fails_is_found() -> None:
    """By its place among the seeds; none when all pass."""
    run = made(RACE)
    failing = [seed for seed in range(30) if executed(run, seed).status != "pass"]
    passing = [seed for seed in range(30) if seed not in failing]
    assert failing and passing
    assert first_failing(run, [*passing, failing[0], failing[-1]]) == len(passing)
    assert first_failing(run, passing) is None
    assert first_failing(made({"node_count": 2, "steps": STEPS}), range(5)) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def main(node): pass", None),
        ("import random\ndef main(node):\n    assert random.random() > 0.3", "some"),
        ("import os\ndef main(node): os._exit(3)", 0),
        ("import os; os._exit(3)", 0),
    ],
)
def test_programs_of_the_users_are_run_in_one_process(programs: Any, text: str, found: Any) -> None:
    """One that ends it is the first to fail."""
    programs.write(text)
    run = programs.ready()
    index = first_failing(run, range(20))
    if found == "some":
        assert index is not None
        assert [programs(seed=seed).status for seed in range(index + 1)] == ["pass"] * index + ["fail"]
    else:
        assert index == found

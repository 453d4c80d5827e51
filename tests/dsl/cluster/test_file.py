"""A distributed file as a whole: the cluster and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from fozzy.dsl.cluster.file import SEEDS_MAX, Cluster, DistributedFile

if TYPE_CHECKING:
    from tests.conftest import Problems

TICK = {"type": "tick", "duration": "1ms"}
FULL: dict[str, Any] = {
    "version": 1,
    "name": "n",
    "tags": ["a"],
    "seed": 7,
    "limits": {"call_ms_max": 1},
    "expect": {"status": "fail"},
    "distributed": {
        "node_count": 2,
        "builtin": "kv",
        "client": "shop.client:Client",
        "seeds": SEEDS_MAX,
        "duration": "5s",
        "schedule_intra": True,
        "share": ["shop.store"],
        "network": {"latency": "1ms"},
        "faults": [{"kind": "crash", "node": "n0", "at": "1s"}],
        "steps": [TICK],
        "invariants": [{"type": "no_deadlock"}],
    },
}


def test_everything_a_distributed_file_may_say(problems: Problems) -> None:
    """Every field together is valid, and is read back as it was written."""
    assert problems(FULL) == []
    assert msgspec.to_builtins(msgspec.convert(FULL, DistributedFile)) == FULL


def test_what_is_left_out() -> None:
    """A cluster that says nothing of it is executed once, with no faults, in asyncio's own order."""
    cluster = msgspec.convert({"node_count": 1, "steps": [TICK]}, Cluster)
    assert (cluster.seeds, cluster.faults, cluster.schedule_intra, cluster.duration) == (1, [], False, None)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client": "shop"}, "bad_value"),
        ({"duration": "0s"}, "bad_value"),
        ({"share": ["shop", "shop"]}, "bad_value"),
        ({"share": ["shop:x"]}, "bad_value"),
        ({"seeds": 0}, "bad_value"),
        ({"seeds": SEEDS_MAX + 1}, "bad_value"),
        ({"steps": []}, "empty"),
        ({"nodes": ["n0", "n1"]}, "exclusive"),
        ({"stepz": []}, "unknown_field"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(problems: Problems, changed: dict[str, Any], code: str) -> None:
    """Each thing that a cluster cannot say is one problem."""
    found = problems({**FULL, "distributed": {**FULL["distributed"], **changed}})
    assert [problem.code for problem in found] == [f"scenario.{code}"]

"""Faults of a cluster."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.cluster.faults import Faults, fault_names, joined, unique_names


def fault(kind: str, **more: Any) -> Any:
    return msgspec.convert({"kind": kind, "at": "1s", **more}, Faults)


@pytest.mark.parametrize(
    ("made", "paths"),
    [
        (fault("partition", between=[["a"], ["b", "c"]]), []),
        (fault("partition", between=[["a", "b"], ["c", "b"]]), [("between", 1, 1)]),
        (fault("partition", between=[["a", "a"], ["c"]]), [("between", 0, 1)]),
        (fault("latency", **{"from": "a", "to": "b"}), []),
        (fault("latency", **{"from": "a", "to": "a"}), [("to",)]),
        (fault("loss", rate=0.5, **{"from": "a", "to": "a"}), [("to",)]),
        (fault("loss", rate=0), []),
        (fault("crash", node={"any": ["a", "b"]}), []),
    ],
    ids=str,
)
def test_groups_share_no_node_and_links_join_two(made: Any, paths: list[Any]) -> None:
    """A node in both groups or twice in one, and a link to itself, are told at the name."""
    assert [issue.path for issue in made.check()] == paths


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "partition", "between": [["a"]]},
        {"kind": "partition", "between": [["a"], []]},
        {"kind": "partition", "between": [["a"], ["b"], ["c"]]},
        {"kind": "crash"},
        {"kind": "crash", "node": "a", "for": "1s"},
        {"kind": "loss"},
        {"kind": "loss", "rate": 2},
        {"kind": "latency", "add": 5},
        {"kind": "fire", "node": "a"},
    ],
    ids=str,
)
def test_what_is_no_fault(more: dict[str, Any]) -> None:
    """A fault has the fields of its kind: two groups, a node, a rate; a crash is for good."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"at": "1s", **more}, Faults)


def test_a_restart_is_down_for_a_while() -> None:
    """A restart says itself how long the node is down when nobody does."""
    assert (fault("restart", node="a").for_, fault("restart", node="a", **{"for": "2s"}).for_) == ("100ms", "2s")
    assert fault("pause", node="a").for_ is None


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ([], []),
        ([(None, "crash"), (None, "crash"), (None, "pause")], ["crash", "crash2", "pause"]),
        ([(None, "crash"), ("crash", "crash")], ["crash2", "crash"]),
        ([("crash2", "crash"), (None, "crash"), (None, "crash")], ["crash2", "crash", "crash3"]),
    ],
)
def test_every_fault_has_a_name_of_its_own(given: list[tuple[str | None, str]], made: list[str]) -> None:
    """Names given are kept; the others are the kind with the first number that is free."""
    assert unique_names(given) == made


def test_faults_are_called_by_their_kind() -> None:
    """A fault without a name is called as its kind."""
    assert fault_names([fault("pause", node="a"), fault("pause", node="b", name="gc")]) == ["pause", "gc"]


def test_faults_are_added_to_those_of_a_file() -> None:
    """Faults from elsewhere come last; one whose name is taken gives it up, and the names stay unique."""
    own = [fault("crash", node="a", name="boom"), fault("crash", node="a")]
    more = [fault("crash", node="b", name="boom"), fault("pause", node="b", name="gc")]
    assert fault_names(joined(own, more)) == ["boom", "crash", "crash2", "gc"]

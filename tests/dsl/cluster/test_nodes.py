"""What runs on nodes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.cluster.nodes import AnyNode, Node, NodeChoice, check_kv_args


@pytest.mark.parametrize(
    ("node", "paths"),
    [
        (Node(program="shop:main", port=65535, args=[1]), []),
        (Node(asgi="shop:app"), []),
        (Node(builtin="kv", args={"merge": "newest"}), []),
        (Node(program="shop"), [("program",)]),
        (Node(asgi="shop."), [("asgi",)]),
        (Node(builtin="kv", args={"merg": "newest"}), [("args", "merg")]),
    ],
    ids=str,
)
def test_what_runs_on_a_node(node: Node, paths: list[Any]) -> None:
    """Programs are named as module:name, and builtin kv takes what it knows; of a program of the user it is free."""
    assert [issue.path for issue in node.check()] == paths


@pytest.mark.parametrize("port", [0, 65536, -1, "80", 80.5])
def test_a_port_is_a_number_from_1_to_65535(port: Any) -> None:
    """Nothing else is a port."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"port": port}, Node)


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        ({"merge": "newset"}, 'did you mean "newest"?'),
        ({"merge": 1}, ""),
        ({"merge": ["newest"]}, ""),
        ({"x": 1}, 'it takes "merge"'),
        ([], 'it takes "merge"'),
    ],
    ids=str,
)
def test_builtin_kv_takes_merge(args: Any, hint: str) -> None:
    """Anything but a known way to merge is told, with a suggestion where one is near."""
    assert [issue.hint for issue in check_kv_args(args)] == [hint]
    assert list(check_kv_args(None)) == list(check_kv_args({"merge": "arrival"})) == []


def test_a_choice_of_nodes() -> None:
    """A choice is a name or several, each named once, never none."""
    assert msgspec.convert("n0", NodeChoice) == "n0"
    assert list(msgspec.convert({"any": ["n0", "n1"]}, NodeChoice).check()) == []
    assert [issue.path for issue in AnyNode(any=["n0", "n1", "n0"]).check()] == [("any", 2)]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"any": []}, NodeChoice)

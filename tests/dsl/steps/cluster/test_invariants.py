"""Invariants of a cluster."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.steps.cluster import Always, Eventually, Invariants, by_tag


@pytest.mark.parametrize(
    ("written", "paths"),
    [
        ({"type": "always", "check": "shop.checks:one_leader"}, []),
        ({"type": "always", "check": "one_leader"}, [("check",)]),
        ({"type": "eventually", "check": "shop:done", "within": "5s"}, []),
        ({"type": "eventually", "check": "done", "within": "0s"}, [("check",), ("within",)]),
        ({"type": "kv_node_equals", "node": "n0", "key": "k", "equals": None}, []),
        ({"type": "no_exception"}, []),
        ({"type": "no_deadlock"}, []),
    ],
    ids=str,
)
def test_what_an_invariant_wants(written: Any, paths: list[Any]) -> None:
    """A function is named as module:name, and what must happen has time to."""
    made = msgspec.convert(written, Invariants)
    assert [issue.path for issue in made.check()] == paths
    assert msgspec.to_builtins(made) == written


def test_the_function_is_a_field_of_its_own() -> None:
    """`check` in a file is the function's name, not the rule of the type."""
    assert Always(check_="a:b").check_ == "a:b"
    assert Eventually(check_="a:b", within="1s").check_ == "a:b"


def test_only_kv_invariants_read_keys() -> None:
    """Invariants that look at what nodes hold are those of a key."""
    reading = {name for name, kind in by_tag(Invariants).items() if kind.reads_kv}
    assert reading == {"kv_all_equal", "kv_present_on_all", "kv_node_equals"}

"""What tests of finished runs share: real runs in a store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.insight.recall import Named, find
from fozzy.trace.store import Store

FAIL = [{"type": "rand_u64", "key": "k"}, {"type": "assert_eq_int", "a": 1, "b": 2}]
STORE = Store(Path(".fozzy"))


@pytest.fixture
def single(fz: Any, scenario: Any) -> Named:
    """A failing run of one scenario, with side files as a run with --profile and --coverage leaves them."""
    assert fz("run", scenario("a", FAIL), "--seed", "3", "--det").code == 1
    named = find(STORE, "@latest")
    for kind in ("profile", "coverage"):
        beside = named.beside(kind)
        assert beside is not None
        beside.write_text('{"schemaVersion":1}')
    return named


@pytest.fixture
def suite(fz: Any, scenario: Any) -> Named:
    """A suite of which two fail."""
    for name, steps in (("s/a", FAIL[:1]), ("s/b", FAIL), ("s/c", FAIL)):
        scenario(name, steps)
    assert fz("test", "s", "--seed", "7", "-j1").code == 1
    return find(STORE, "@latest")

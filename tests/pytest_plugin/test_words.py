"""Why a toxic never came to pass is said in words that tell where to look."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.faults.tcp.armed import Tally
from fozzy.pytest_plugin.words import tally_said


def tally(**numbers: Any) -> Tally:
    """A toxic with these numbers."""
    none = dict.fromkeys(("connections", "matched", "rolled", "hit", "applied", "bypassed"), 0)
    return Tally(place="redis/slow", type="latency", **{**none, **numbers})


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({}, "no connection came"),
        ({"connections": 2}, "nothing it is for came over 2 connections"),
        ({"connections": 1, "matched": 3}, "3 candidates came, none when its schedule was due"),
        ({"connections": 1, "matched": 3, "rolled": 3}, "rolled 3 times and missed each time"),
        ({"connections": 1, "matched": 1, "rolled": 1, "hit": 1}, "struck 1 time"),
        ({"connections": 1, "bypassed": 1, "reasons": {"removed": 1}}, "bypassed: removed (1)"),
    ],
)
def test_each_reason_is_told(numbers: dict[str, Any], said: str) -> None:
    """From no connection at all to a strike that nothing was left to carry out on."""
    shown = tally_said(tally(**numbers))
    assert shown.startswith("redis/slow (latency) came to pass 0 times: ")
    assert said in shown


def test_what_came_is_counted() -> None:
    """A toxic that came to pass needs no reason."""
    assert tally_said(tally(applied=1)) == "redis/slow (latency) came to pass 1 time"
    assert tally_said(tally(applied=1234)) == "redis/slow (latency) came to pass 1,234 times"

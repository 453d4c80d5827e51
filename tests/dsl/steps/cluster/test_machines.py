"""Steps that happen to a machine."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from fozzy.dsl.cluster.moments import Drawn
from fozzy.dsl.steps.cluster import ClusterSteps


@pytest.mark.parametrize("kind", ["crash", "restart", "pause", "resume"])
@pytest.mark.parametrize(
    ("written", "at"),
    [({}, None), ({"at": "5s"}, "5s"), ({"at": {"within": ["1s", "2s"]}}, Drawn(within=["1s", "2s"]))],
)
def test_it_happens_now_or_later(kind: str, written: Any, at: Any) -> None:
    """What happens to a machine happens at once, after a while, or at a drawn time from now."""
    made = msgspec.convert({"type": kind, "node": "n0", **written}, ClusterSteps)
    assert made.at == at and list(made.check()) == []


@pytest.mark.parametrize("at", [5, "5", {"step": 1}, {"within": ["1s"]}, {}])
def test_what_is_no_time_from_now(at: Any) -> None:
    """A step cannot be planned before a step, nor at a time without a unit."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "crash", "node": "n0", "at": at}, ClusterSteps)


def test_time_passes_by_a_duration() -> None:
    """A tick is a duration as it is written; it refers to nothing."""
    assert msgspec.convert({"type": "tick", "duration": "5ms"}, ClusterSteps).duration == "5ms"  # type: ignore[union-attr]
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "tick", "duration": "${x}"}, ClusterSteps)

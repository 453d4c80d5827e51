"""Speed: the scenario's own time is exact, real time has a tolerance and a floor."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.errors import EvidenceError
from fozzy.gate.checks.speed import NOISE_MS, is_slower, speed

ANY_PERCENT = 10**9  # no real time fails with it


def sleep(text: str) -> dict[str, str]:
    """A step that takes so long."""
    return {"type": "sleep", "duration": text}


def test_a_nanosecond_more_is_more(recorded: Any) -> None:
    """A run that takes longer by its own clock is slower, one that takes less is not."""
    base, slow = recorded("a", sleep("5ms"), to="base"), recorded("a", sleep("5000001ns"), to="slow")
    checked = speed(slow, base, ANY_PERCENT)
    assert [each.code for each in checked.found] == ["ci.slower"]
    assert "5000001 ns" in checked.found[0].message
    assert speed(base, slow, ANY_PERCENT).status == "pass"
    assert speed(base, base, ANY_PERCENT).status == "pass"


def test_another_scenario_is_no_baseline(recorded: Any) -> None:
    """Runs of two scenarios are not compared."""
    found = speed(recorded("a"), recorded("b"), ANY_PERCENT).found
    assert [each.code for each in found] == ["ci.other_scenario"]


def test_a_baseline_must_hold(recorded: Any) -> None:
    """A baseline that was touched is no evidence."""
    base, now = recorded("a", to="base"), recorded("a", to="now")
    base.write_bytes(base.read_bytes().replace(b'"durationNs":5000000', b'"durationNs":9000000'))
    with pytest.raises(EvidenceError):
        speed(now, base, ANY_PERCENT)


@pytest.mark.parametrize(
    ("now", "then", "percent", "slower"),
    [
        (1000 + NOISE_MS, 1000, 0, False),
        (1001 + NOISE_MS, 1000, 0, True),
        (1200, 1000, 20, False),
        (1201, 1000, 20, True),
        (NOISE_MS, 0, 20, False),
        (500, 1000, 0, False),
    ],
)
def test_real_time_has_a_tolerance(now: int, then: int, percent: int, slower: bool) -> None:
    """Slower is what neither the percentage nor the noise of a machine explains."""
    assert is_slower(now, then, percent) is slower

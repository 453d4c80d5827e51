"""What the profile commands share: times for people, and the command that measures a run."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from fozzy.cli.profiling import fine


@pytest.mark.parametrize(
    ("nanoseconds", "said"),
    [(0, "0"), (7, "7ns"), (1500, "1.50us"), (12_340_000, "12.3ms"), (999_000_000, "999ms"), (1_500_000_000, "1.50s")]
    + [(61_000_000_000, "1m01s"), (-1500, "-1.50us")],
)
def test_times_for_people(nanoseconds: int, said: str) -> None:
    """A time has three digits and a unit."""
    assert fine(nanoseconds) == said


def test_the_command_that_measures_can_be_pasted(fz: Any, scenario: Any) -> None:
    """A run without real times shows the command that makes the same run with them, and it does."""
    fz("run", scenario("a", [{"type": "rand_u64", "key": "r"}]), "--det", "--seed", "7")
    assert "real time was not measured" in (said := fz("profile", "top", "latest").out)
    command = next(line for line in said.splitlines() if line.startswith("    fozzy "))
    words = shlex.split(command)
    assert words[0] == "fozzy" and fz(*words[1:]).code == 0
    assert " real" in fz("profile", "top", "latest").out

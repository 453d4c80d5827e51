"""What a run lacks to be profiled: missing things have a flag, the others a reason."""

from __future__ import annotations

import msgspec

from fozzy.core.backends import Backends
from fozzy.insight.profile.advice import advise
from fozzy.trace.side import CallProfile, FunctionNode
from tests.insight.profile.test_compare import made
from tests.insight.profile.test_spans import timed


def states(found: list[object]) -> dict[str, tuple[str, str]]:
    """State and flag by name."""
    return {each.name: (each.state, each.flag) for each in found}  # type: ignore[attr-defined]


def test_what_is_missing_has_its_flag() -> None:
    """A run that was not watched and calls code lacks three things."""
    found = states([*advise(made(1, real=False)._replace(calls=2))])
    assert found["real time"] == ("missing", "--profile") and found["functions"] == ("missing", "--profile")
    assert found["allocations"] == ("missing", "--profile-memory") and found["virtual time"] == ("ok", "")


def test_what_is_there_is_said() -> None:
    """A run that was watched whole lacks nothing; a call that died is said."""
    node = FunctionNode(name="f", calls=1, real_ns=1)
    side = timed(1, calls=[CallProfile(function="a:f", functions=[node]), CallProfile(function="a:g")])
    watched = made(10)._replace(calls=2, side=msgspec.structs.replace(side, memory=True))
    found = {each.name: each for each in advise(watched)}
    assert not [each for each in found.values() if each.state == "missing"]
    assert found["functions"].said.startswith("1 of 2 calls watched")


def test_the_host_and_short_runs_are_noted() -> None:
    """Host programs are timed as a whole, and the clock of such a run is not exact."""
    short = made(1)
    header = msgspec.structs.replace(short.header, backends=Backends(proc="host"))
    found = states([*advise(short._replace(header=header))])
    assert found["programs"][0] == found["virtual time"][0] == found["length"][0] == found["functions"][0] == "note"

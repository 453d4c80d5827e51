"""The explanation: three to six sentences that say what the tree says."""

from __future__ import annotations

import re

import pytest

from fozzy.cli.profiling import fine
from fozzy.insight.profile.explain import explain
from fozzy.insight.profile.load import Profile
from tests.insight.profile.test_compare import made
from tests.insight.profile.test_spans import BLOCKS, MS
from tests.insight.profile.test_timeline import SERVER, profile
from tests.insight.profile.test_top import function


def test_where_time_went() -> None:
    """The step and the capability with the most are named for both clocks, and what to look at."""
    said = explain(made(10, 10, 80, virtual_ms=6), fine)
    assert said[0] == "a ran 3 steps in 8.00ms of virtual time and 100ms of real time."
    assert "75% of virtual time is HTTP" in said[1] and "steps[1] http_request with 6.00ms" in said[1]
    assert "80% of real time is HTTP" in said[2]
    assert said[-1] == "Look at steps[1] http_request first: nothing else can win as much."


def test_calls_and_functions() -> None:
    """What a call takes beside its functions is said, and the function with the most."""
    found = profile(SERVER)
    call = found.root.inside[0].inside[1]
    call.name, call.note, call.real_ns = "call", "shop:total = 3", 100 * MS
    call.inside = [function("total", 10 * MS, function("price", 9 * MS))]
    found.root.real_ns = 110 * MS
    said = " ".join(explain(found, fine))
    assert "90.0ms of the 100ms of calls is not in your functions" in said
    assert "price (price.py:1), called once, takes the most: 9.00ms of 10.0ms" in said
    assert "Look at steps[1] call shop:total first, and in it at total." in said


@pytest.mark.parametrize(
    "found",
    [profile(BLOCKS), profile(BLOCKS, real=False), profile([]), profile([], real=False), made(1), made(5, 5, 5, 5)],
    ids=range(6),
)
def test_three_to_six_sentences(found: Profile) -> None:
    """Whatever the run is, the answer is short, and says when real time is not known."""
    said = explain(found, fine)
    assert 3 <= len(said) <= 6 and all(re.fullmatch(r"[^\n]+\.", each) for each in said)
    assert found.is_timed or "--profile" in said[-1]

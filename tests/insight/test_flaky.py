"""Flakiness is computed from summaries alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.outcome import Finding, Location
from fozzy.core.summary import SCHEMA_VERSION, Identity, Member, Summary, Tests
from fozzy.insight.flaky import flakiness


def member(path: str, status: str = "pass", seed: int = 1, title: str = "", **more: Any) -> Member:
    """A scenario of a suite; with a title it found something."""
    location = Location(file=path, line=1, col=1, path="steps[0]")
    found = [Finding(kind="assertion", title=title, message="m", location=location)] if title else []
    fields = {"passed": status == "pass", "findings": found, **more}
    return Member(number=1, name=path, path=path, status=status, seed=seed, duration_ns=0, **fields)  # type: ignore[arg-type]


def suite(*members: Member, run_id: str = "00000001") -> Summary:
    """A suite of these."""
    return Summary(
        schema_version=SCHEMA_VERSION,
        command="test",
        status="pass",
        mode="test",
        identity=Identity(run_id=run_id, seed=1),
        started_at="",
        finished_at="",
        duration_ms=0,
        duration_ns=0,
        tests=Tests(),
        scenarios=list(members),
    )


def test_same_seed_and_other_seeds_are_told_apart() -> None:
    """What differs under one seed is nondeterministic, what differs between seeds only is seed-dependent."""
    found = flakiness(
        [
            suite(member("a"), member("b"), member("c")),
            suite(member("a"), member("b", "fail", 1, "t"), member("c", "fail", 2, "t")),
        ]
    )
    assert {flake.path: (flake.verdict, flake.rate) for flake in found.scenarios} == {
        "a": ("steady", 0.0),
        "b": ("nondeterministic", 0.5),
        "c": ("seed_dependent", 0.5),
    }
    assert [flake.path for flake in found.flaky] == ["b", "c"]
    assert found.rate == 0.5


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (member("a", "fail", title="t"), "steady"),
        (member("a", "fail", title="u"), "nondeterministic"),
        (member("a", "timeout", title="t"), "nondeterministic"),
        (member("a", "fail", title="t", passed=True), "nondeterministic"),
    ],
)
def test_an_outcome_is_status_and_failure(other: Member, verdict: str) -> None:
    """Another title or status is another outcome; an expected failure is a pass."""
    found = flakiness([suite(member("a", "fail", title="t")), suite(other)])
    assert found.scenarios[0].verdict == verdict


def test_the_rate_is_the_share_of_what_is_unusual() -> None:
    """One of ten runs that ends otherwise is a rate of a tenth, and outcomes begin with the usual one."""
    runs = [suite(member("a", seed=n), run_id=f"{n:08x}") for n in range(9)]
    found = flakiness([*runs, suite(member("a", "fail", 3, "t"), run_id="000000ff")])
    (flake,) = found.scenarios
    assert flake.rate == pytest.approx(0.1) and flake.runs == 10 and found.runs == 10
    assert [(outcome.status, outcome.runs) for outcome in flake.outcomes] == [("pass", 9), ("fail", 1)]
    assert flake.outcomes[1].seeds == [3] and flake.outcomes[1].run_ids == ["000000ff"]
    assert found.over(10.0) == [] and found.over(9.9) == [flake]


@pytest.mark.parametrize("unusual", [7, 29, 57])
def test_a_rate_of_the_budget_is_within_it(unusual: int) -> None:
    """A budget is met exactly, also where hundredths have no exact binary form."""
    runs = [suite(member("a", "fail" if n < unusual else "pass"), run_id=f"{n:08x}") for n in range(100)]
    least = min(unusual, 100 - unusual)
    assert not flakiness(runs).over(float(least)) and flakiness(runs).over(least - 0.5)


def test_what_occurs_once_is_counted_and_not_compared() -> None:
    """A scenario of one run says nothing, and is not lost; combinations of a matrix are scenarios of their own."""
    one = suite(member("a", case="size=1"), member("b"))
    found = flakiness([one, suite(member("a", "fail", case="size=2"), member("b"))])
    assert [flake.path for flake in found.scenarios] == ["b"]
    assert found.once == 2
    assert flakiness([]).rate == 0.0


@given(st.lists(st.tuples(st.sampled_from(["pass", "fail"]), st.integers(0, 3)), min_size=2, max_size=12))
def test_rates_and_verdicts_hold_for_any_runs(seen: list[tuple[str, int]]) -> None:
    """The rate is from 0 to below 1 and 0 exactly for what is steady; every run is counted once, in any order."""
    runs = [suite(member("a", status, seed), run_id=f"{n:08x}") for n, (status, seed) in enumerate(seen)]
    (flake,) = flakiness(runs).scenarios
    (turned,) = flakiness(runs[::-1]).scenarios
    assert 0 <= flake.rate < 1 and (flake.rate == 0) == (flake.verdict == "steady")
    assert sum(outcome.runs for outcome in flake.outcomes) == len(seen)
    assert (flake.rate, flake.verdict) == (turned.rate, turned.verdict)

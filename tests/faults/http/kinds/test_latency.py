"""Delays are drawn as their distribution says, within its bounds, and the same on every machine."""

from __future__ import annotations

import math
from statistics import NormalDist, mean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import CHANCES
from fozzy.faults.http.forms import formed
from fozzy.faults.http.kinds.latency import DEVIATIONS_MAX, exponential, ln, longest_ns, normal
from fozzy.faults.http.plan import Latency
from tests.faults.http.asking import MS, S, ask, asks, engine

DRAWS = st.integers(0, CHANCES - 1)


def delays(count: int = 100, **latency: Any) -> list[int]:
    """The delays of so many requests."""
    return [each.delay_ns for each in asks(engine(latency=latency), count)]


def test_fixed_with_jitter() -> None:
    """Fixed 100 ms with a jitter of 10 % is 90 to 110 ms, always, and uses that range."""
    found = delays(1000, fixed="100ms", jitter=0.1)
    assert all(90 * MS <= delay <= 110 * MS for delay in found)
    assert min(found) < 91 * MS and max(found) > 109 * MS and delays(3, fixed="100ms") == [100 * MS] * 3


def test_uniform() -> None:
    """A range of 50 to 150 ms: all inside, all of it used, and the same for the same seed."""
    found = delays(100, uniform=["50ms", "150ms"])
    assert all(50 * MS <= delay <= 150 * MS for delay in found) and len(set(found)) == 100
    assert found == delays(100, uniform=["50ms", "150ms"])
    assert min(found) < 60 * MS and max(found) > 140 * MS


def test_list() -> None:
    """One of a list, each as often as the others."""
    found = delays(3000, list=["1ms", "2ms", "3ms"])
    assert set(found) == {MS, 2 * MS, 3 * MS} and all(900 < found.count(n * MS) < 1100 for n in (1, 2, 3))


def test_normal() -> None:
    """Its mean and deviation are those that are said, and it is never below nothing."""
    found = delays(4000, normal=["100ms", "10ms"])
    assert abs(mean(found) - 100 * MS) < MS and abs(stdev(found) - 10 * MS) < MS
    assert min(delays(500, normal=["1ms", "10ms"])) == 0


def test_exponential() -> None:
    """Its mean is what is said, and it is at most twenty of them."""
    found = delays(4000, exponential="10ms")
    assert abs(mean(found) - 10 * MS) < MS and max(found) < 200 * MS


def test_probability() -> None:
    """A delay with a probability comes to its share; of 0 never, and nothing is drawn."""
    assert 740 < sum(bool(delay) for delay in delays(1000, fixed="1ms", probability=0.8)) < 860
    never = engine(latency={"fixed": "1ms", "probability": 0})
    assert ask(never).rolls == () and never.is_idle
    assert [roll.draw for roll in ask(engine(latency={"fixed": "1ms", "probability": 1})).rolls] == ["latency"]
    assert delays(4, fixed="1ms", every=2) == [0, MS, 0, MS]


def test_every_draw_is_recorded() -> None:
    """Whether, how long and the jitter are three draws with names of their own."""
    rolls = ask(engine(latency={"uniform": ["1s", "2s"], "jitter": 0.1, "probability": 1})).rolls
    assert [(roll.draw, roll.origin) for roll in rolls] == [
        ("latency", "server"),
        ("latency.amount", "server"),
        ("latency.jitter", "server"),
    ]
    assert not ask(engine(latency={"fixed": "1s"})).rolls


def test_latency_does_not_exclude() -> None:
    """A delay comes before any fault, and its share is none of theirs."""
    decision = ask(engine(mode="exclusive", latency={"fixed": "1s", "probability": 1}, faults={"drop": 1}))
    assert (decision.delay_ns, decision.planned) == (S, "drop")


@given(st.floats(1e-300, 1.0, exclude_min=False))
def test_the_logarithm(number: float) -> None:
    """Ours is the true one, to a few of the last bits."""
    assert math.isclose(ln(number), math.log(number), rel_tol=4e-15, abs_tol=1e-16)


@given(DRAWS)
def test_inverses(value: int) -> None:
    """Both inverses agree with others that follow the same sources."""
    tail = min(2 * value + 1, 2 * (CHANCES - value) - 1) / (2 * CHANCES)
    assert math.isclose(-abs(normal(value)), NormalDist().inv_cdf(tail), rel_tol=1e-12, abs_tol=1e-12)
    assert math.isclose(exponential(value), -math.log1p(-value / CHANCES), rel_tol=1e-13, abs_tol=1e-15)


@given(DRAWS, DRAWS)
def test_a_draw_of_nothing_is_the_shortest(one: int, two: int) -> None:
    """A greater draw is never a shorter delay, so zeroing draws calms a run."""
    low, high = sorted((one, two))
    assert exponential(low) <= exponential(high)
    assert normal(low) <= normal(high) + 1e-9
    assert exponential(0) == 0 and -DEVIATIONS_MAX < normal(0) < normal(CHANCES - 1) < DEVIATIONS_MAX


def test_exact_numbers() -> None:
    """These are the same on every machine, for ever."""
    assert [normal(v).hex() for v in (0, 1 << 40, 1 << 50, CHANCES - 1)] == PINNED_NORMAL
    assert [exponential(v).hex() for v in (1, 1 << 40, 1 << 52, CHANCES - 1)] == PINNED_EXPONENTIAL


PINNED_NORMAL = ["-0x1.095b059d67c4cp+3", "-0x1.d58bd06346fe6p+1", "-0x1.267d4c07b0565p+0", "0x1.095b059d67c4cp+3"]
PINNED_EXPONENTIAL = ["0x1.0000000000000p-53", "0x1.0004001555d55p-13", "0x1.62e42fefa39efp-1", "0x1.25e4f7b2737fap+5"]


@pytest.mark.parametrize(
    ("said", "longest"),
    [
        ({"fixed": "1s"}, S),
        ({"fixed": "1s", "jitter": 0.5}, 1500 * MS),
        ({"uniform": ["1s", "2s"]}, 2 * S),
        ({"list": ["3s", "1s"]}, 3 * S),
        ({"exponential": "1s"}, 20 * S),
        ({"normal": ["1s", "1s"]}, 9300 * MS),
    ],
)
def test_the_longest(said: dict[str, Any], longest: int) -> None:
    """What the cap is held against."""
    assert longest_ns(formed(Latency, said)) == longest

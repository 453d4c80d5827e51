"""Signals and the risk they make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.insight.map.model import Signal
from fozzy.insight.map.signals import WORDS, risk_of, signals_of, weigh
from fozzy.insight.map.units import BRANCH, FAILURE, Unit


def unit(lines: int = 1, **counts: int) -> Unit:
    """A unit with these counts."""
    return Unit("a.py", "Python", "f", 1, 1, lines, tuple(sorted(counts.items())))


@pytest.mark.parametrize(
    ("name", "signals"),
    [
        ("retryCharge", ("retry", "money")),
        ("HTTPServer", ("http",)),
        ("time.sleep", ("clock",)),
        ("json.loads", ("parsing",)),
        ("json.dumps", ()),
        ("child_process.spawn", ("processes",)),
        ("fs.readFileSync", ("filesystem",)),
        ("open", ("filesystem",)),
        ("isOpen", ()),
        ("recharged", ()),
        ("prefetch", ()),
        ("fetch", ("http",)),
        ("", ()),
    ],
)
def test_names_show_signals_by_their_words(name: str, signals: tuple[str, ...]) -> None:
    """A name is split into words; a part of a word shows nothing."""
    assert signals_of(name) == signals


def test_no_word_stands_for_two_signals() -> None:
    """Each word of the table shows exactly one signal."""
    words = [word for _, text in WORDS.values() for word in text.split()]
    assert len(words) == len(set(words)) > 100


@given(st.lists(st.integers(1, 40), max_size=20))
def test_risk_is_bounded_and_grows(weights: list[int]) -> None:
    """Risk is 0 to 100, the order of signals does not matter by more than rounding, and one more is never less."""
    why = [Signal(name=str(weight), weight=weight, count=1) for weight in weights]
    risks = [risk_of(why[:number]) for number in range(len(why) + 1)]
    assert risks[0] == 0 and risks == sorted(risks) and risks[-1] <= 100
    assert abs(risk_of(why[::-1]) - risks[-1]) <= 1


def test_two_signals_take_of_what_is_left() -> None:
    """Two signals of 30 make 51, as the documentation says."""
    assert risk_of([Signal(name=each, weight=30, count=1) for each in "ab"]) == 51


def test_every_signal_weighs_once_and_stands_with_its_count() -> None:
    """A signal that is there three times weighs what it weighs once; the heaviest stands first."""
    found = weigh(unit(retry=3, clock=1), commits=0)
    assert [(each.name, each.weight, each.count) for each in found] == [("retry", 35, 3), ("clock", 20, 1)]


def test_measured_signals_have_what_is_free_and_a_most() -> None:
    """Five branches and forty lines are free; complexity, length, failures and churn stop growing."""
    assert weigh(unit(40, **{BRANCH: 5}), 9) == []
    found = {each.name: each for each in weigh(unit(10_000, **{BRANCH: 500, FAILURE: 500}), 500)}
    assert {name: each.weight for name, each in found.items()} == {
        "complexity": 40,
        "failure paths": 30,
        "length": 20,
        "churn": 30,
    }
    assert found["complexity"].count == 501 and found["churn"].count == 500


def test_churn_alone_is_no_risk() -> None:
    """A file that changes often makes risky code riskier, and harmless code nothing."""
    assert weigh(unit(), 50) == []
    assert [each.name for each in weigh(unit(cache=1), 50)] == ["churn", "cache"]

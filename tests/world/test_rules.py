"""Rules with a limited number of uses."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fozzy.world.rules import Rules

RULES = st.lists(st.tuples(st.sampled_from("ab"), st.none() | st.integers(1, 3)), max_size=6)


@given(RULES, st.text("abc", max_size=12))
def test_the_first_with_uses_left_wins(rules: list[tuple[str, int | None]], asked: str) -> None:
    """Each question uses up the first rule that matches and has uses left; who never matches keeps them all."""
    made: Rules[tuple[int, str]] = Rules()
    left = [times for _, times in rules]
    for index, (name, times) in enumerate(rules):
        made.add((index, name), times)
    for name in asked:
        wanted = next((i for i, (rule, _) in enumerate(rules) if rule == name and left[i] != 0), None)
        taken = made.take(lambda rule, name=name: rule[1] == name)
        assert taken == (None if wanted is None else (wanted, name))
        if wanted is not None and left[wanted] is not None:
            left[wanted] -= 1  # type: ignore[operator]


def test_a_rule_that_nothing_meets_is_known() -> None:
    """A rule is met by what takes it and by what only came; a restore forgets no meeting, and whom it forgets is gone."""
    made: Rules[str] = Rules()
    for name in "abc":
        made.add(name, 1, f"at {name}")
    kept = made.snapshot()
    made.add("d", None, "at d")
    assert made.take(lambda rule: rule == "a") == "a"
    made.meet(lambda rule: rule in "ab")  # the first has no uses left
    assert list(made.unmet()) == [("c", "at c"), ("d", "at d")]
    made.restore(kept)
    assert list(made.unmet()) == [("c", "at c")]
    assert made.take(lambda rule: rule == "b") == "b"  # to meet is not to use up


def test_a_snapshot_keeps_uses() -> None:
    """Restoring brings back the uses and forgets rules declared since; a snapshot serves more than once."""
    made: Rules[str] = Rules()
    made.add("a", 1)
    kept = made.snapshot()
    for _ in range(2):
        made.add("b", None)
        assert made.take(lambda rule: True) == "a" and made.take(lambda rule: True) == "b"
        made.restore(kept)
    assert made.take(lambda rule: rule == "b") is None and made.take(lambda rule: True) == "a"
    assert made.take(lambda rule: True) is None

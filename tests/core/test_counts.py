"""Numbers of things, as people read them."""

from __future__ import annotations

import pytest

from fozzy.core.counts import count


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 steps"), (1, "1 step"), (3, "3 steps"), (1204, "1,204 steps"), (-1, "-1 steps")]
)
def test_a_noun_follows_its_number(number: int, said: str) -> None:
    """One of them, or several; thousands are set apart."""
    assert count(number, "step") == said

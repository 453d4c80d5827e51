"""Numbers with their nouns."""

from __future__ import annotations

import pytest

from fozzy.core.words import count


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        (count(0, "step"), "0 steps"),
        (count(1, "step"), "1 step"),
        (count(1204, "schedule"), "1,204 schedules"),
        (count(1, "reply", "replies"), "1 reply"),
        (count(2, "reply", "replies"), "2 replies"),
    ],
)
def test_a_number_with_its_noun(said: str, wanted: str) -> None:
    """One is one; whatever else is several, with an s or the word that was given."""
    assert said == wanted

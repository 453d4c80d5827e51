"""Flaws: problems by path, before anybody knows their line."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.dsl.flaw import Flaw, type_of


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ({"type": "sleep"}, "sleep"),
        ({}, ""),
        ({"type": 5}, ""),
        ({"type": None}, ""),
        ("sleep", ""),
        (None, ""),
        ([], ""),
    ],
)
def test_the_type_a_step_says_it_is(step: Any, kind: str) -> None:
    """The text under `type`; nothing for whatever is no step."""
    assert type_of(step) == kind


def test_a_hint_may_be_put_off() -> None:
    """A flaw can be made and moved without its hint being searched for."""

    def never() -> str:
        raise AssertionError("it was searched for")

    flaw = Flaw(("steps", 0), "wrong", never)._replace(path=("setup", 0))
    assert (flaw.path, flaw.reason, flaw.label, flaw.at_key, flaw.place) == (("setup", 0), "bad_value", "", False, None)

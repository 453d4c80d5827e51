"""A space that is missing is suspected where it may be, and not in texts that are right."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.core.yaml.spaces import NO_SPACE, lacks_space, space_hint


@pytest.mark.parametrize("text", ["version:1", "$schema:x", "-type", "-type: sleep", "-type:sleep", "steps:[]"])
def test_a_key_or_an_item_without_its_space_is_known(text: str) -> None:
    """As somebody writes it whose first YAML it is."""
    assert lacks_space(text)


@pytest.mark.parametrize("text", ["", "a", "a: b", "a:", "http://x", "12:30", "-1", "-.5", "- a", "--flag", ": a"])
def test_a_text_that_may_be_meant_is_none(text: str) -> None:
    """An address, a time, a number, a flag, and what has its space."""
    assert not lacks_space(text)


@pytest.mark.parametrize(
    ("value", "hint"), [("a:1", NO_SPACE), ({"-a": 1}, NO_SPACE), ({}, ""), ({"a": 1}, ""), (["a:1"], ""), (None, "")]
)
def test_the_hint_is_for_a_text_or_a_first_key(value: Any, hint: str) -> None:
    """Of a list each item is looked at by itself."""
    assert space_hint(value) == hint

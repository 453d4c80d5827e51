"""What a value must be and what it is, in words for people."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, UnsetType

from fozzy.core.types import (
    bare,
    fields,
    got,
    holds_structs,
    is_nullable,
    length_min,
    members,
    structs,
    wanted,
    without_references,
)
from fozzy.dsl.cluster.moments import Ends, Time
from fozzy.dsl.cluster.network import Bandwidth, Link
from fozzy.dsl.steps import Group, Steps, step_types
from fozzy.dsl.steps.answers import AnswerCheck
from fozzy.dsl.steps.base import Count, Duration, Flag, Int, Name, Rate
from fozzy.dsl.steps.blocks import Backoff
from fozzy.dsl.steps.net import NetSend


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (int, "a whole number"),
        (Int, "a whole number"),
        (Int | None, "a whole number"),
        (Count, "a whole number of at least 0"),
        (Flag, "true or false"),
        (Rate, "a number from 0 to 1"),
        (Name, "text that is not empty"),
        (Duration, 'a whole number and a unit such as "250ms"'),
        (Duration | None, 'a whole number and a unit such as "250ms"'),
        (Literal["fifo", "random"], 'one of "fifo", "random"'),
        (Literal[1], "1"),
        (Annotated[list[str], Meta(min_length=1)], "a list that is not empty"),
        (Ends, "a list of 2 items"),
        (Bandwidth, 'a whole number of at least 1 or a speed such as "1MB/s"'),
        (Time, 'a whole number and a unit such as "250ms" or an object such as {"within": ["1s", "5s"]}'),
        (dict[str, str], "an object"),
        (str | UnsetType, "text"),
        (int | str, "a whole number or text"),
        (Duration | Backoff | None, 'a whole number and a unit such as "250ms" or an object'),
        (Any, "any value"),
        (Any | UnsetType, "any value"),
    ],
    ids=str,
)
def test_what_a_value_must_be(kind: Any, words: str) -> None:
    """A type is said in the user's words; that it may refer to the run, or be absent, is not."""
    assert wanted(kind) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        ("3", 'text "3"'),
        ("x" * 61, f'text "{"x" * 60}…"'),
        (1.5, "number 1.5"),
        (10**31, "a number too large"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_what_a_value_is(value: Any, words: str) -> None:
    """A value is said with its kind, and bounded."""
    assert got(value) == words


def test_references_are_dropped_from_a_type() -> None:
    """What a reference stands for must be the value itself, not another reference."""
    for kind in (Int, Count, Flag, Rate):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert("${x}", without_references(kind))
        assert msgspec.convert("${x}", kind) == "${x}"
    assert without_references(str) is str
    assert msgspec.convert(None, without_references(Int | None)) is None


def test_alternatives_are_seen_through_constraints() -> None:
    """Constraints, absence and null are no alternatives of their own."""
    assert bare(Annotated[Annotated[int, Meta(ge=0)], Meta(le=1)]) is int
    assert members(int | None | UnsetType) == [int]
    assert is_nullable(int | None) and not is_nullable(int)


def test_structs_are_found_in_what_holds_them() -> None:
    """A list of steps holds structs, a list of texts does not."""
    assert Group in structs(bare(Steps).__args__[0])
    assert holds_structs(Steps) and not holds_structs(list[str]) and not holds_structs(dict[str, Any])


def test_the_leading_field_comes_first() -> None:
    """What is compared comes before the comparisons, which are inherited."""
    assert [next(iter(fields(step_types()[kind]))) for kind in ("assert", "if")] == ["that", "that"]
    assert next(iter(fields(AnswerCheck))) == "at"


def test_fields_have_the_names_of_the_file() -> None:
    """Fields go by the names they have in a file."""
    assert list(fields(NetSend)) == ["from", "to", "payload"]


@pytest.mark.parametrize(
    ("kind", "least"),
    [(Ends, 2), (Steps, 1), (list[str], None), (Name, None), (Ends | Name | None, 2), (dict[str, int] | Steps, 1)],
    ids=str,
)
def test_how_many_items_a_value_must_have(kind: Any, least: int | None) -> None:
    """Only lists and objects have items; of several the least counts, and what may be empty has none."""
    assert length_min(kind) == least


def test_fields_that_read_better_first() -> None:
    """Several fields of a type's own may come before those it inherits."""
    assert list(fields(Link))[:3] == ["from", "to", "latency"]

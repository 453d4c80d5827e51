"""What parts of a distributed file are made of: names of user code, of modules, ranges."""

from __future__ import annotations

import pytest

from fozzy.core.choice import CHANCES
from fozzy.dsl.cluster.base import ClusterPart, check_modules, check_positive, check_range, check_target


@pytest.mark.parametrize("text", ["shop:main", "shop.orders:main", "a.b:C.d", "läden:haupt", None])
def test_user_code_is_a_module_and_a_name(text: str | None) -> None:
    """A module and a name with a colon between, or nothing at all, is accepted."""
    assert list(check_target("program", text, "a function")) == []


@pytest.mark.parametrize(
    "text", ["shop", "shop:", ":main", "shop.orders.main", "shop:main()", "1a:b", "a:b:c", "a b:c"]
)
def test_what_is_no_user_code(text: str) -> None:
    """Anything else is told at its field, with the form it should have."""
    (issue,) = check_target("program", text, "a function")
    assert (issue.path, issue.hint) == (("program",), "write it as package.module:name")
    assert issue.message == f'"{text}" is not a function'


def test_modules_are_named_once() -> None:
    """A name that is no module, and one given before, are both told at their place in the list."""
    found = list(check_modules("share", ["a.b", "a:b", "a.b", "c"]))
    assert [issue.path for issue in found] == [("share", 1), ("share", 2)]


@pytest.mark.parametrize(("text", "count"), [("0ns", 1), ("000h", 1), ("1ns", 0), (None, 0)])
def test_a_time_that_must_be_more_than_nothing(text: str | None, count: int) -> None:
    """No time at all is refused, whatever its unit."""
    assert len(list(check_positive("within", text))) == count


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0, 0, ""), (1, 2, ""), (2, 1, "the lower end first"), (0, CHANCES, "less than 2^53"), (0, CHANCES - 1, "")],
)
def test_the_ends_of_a_range(low: int, high: int, said: str) -> None:
    """Ends are in order, and near enough that a number between them can be drawn."""
    found = list(check_range("within", low, high))
    assert len(found) == bool(said)
    assert all(said in issue.message and issue.path == ("within", 1) for issue in found)


def test_a_part_without_rules_has_no_issues() -> None:
    """What needs no rule beyond its types says nothing."""
    assert list(ClusterPart().check()) == []

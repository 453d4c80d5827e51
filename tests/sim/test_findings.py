"""What is found in a cluster, as findings."""

from __future__ import annotations

import pytest

from fozzy.sim.findings import exception_details, innermost, placed, refusal, sim_failure, where_in
from fozzy.world.code.child import Refused

RAISED = {
    "name": "ValueError",
    "type": "builtins.ValueError",
    "message": "no port",
    "function": "load",
    "at": "shop.py:3",
    "traceback": ["line"],
}


def test_a_finding_fails_at_the_place_it_is_given() -> None:
    """It is a checker's unless told otherwise, and has no place before it gets one."""
    found = sim_failure("deadlock", "nothing goes on", "hang", {"stacks": []})
    assert (found.title, found.kind, found.status, found.details) == ("deadlock", "hang", "fail", {"stacks": []})
    assert placed(found, "distributed").at == "distributed" and placed(found, "x") is found
    assert sim_failure("always", "m").kind == "checker"


@pytest.mark.parametrize(
    ("function", "at", "said"),
    [("load", "shop.py:3", " (load, shop.py:3)"), ("", "shop.py:3", " (shop.py:3)"), ("", "", "")],
)
def test_where_an_exception_was_raised(function: str, at: str, said: str) -> None:
    """Function and line, as far as they are known."""
    assert where_in({"function": function, "at": at}) == said


def test_what_is_kept_of_an_exception() -> None:
    """Its type, its place, its function and its traceback."""
    kept = {"exception": "builtins.ValueError", "at": "shop.py:3", "function": "load", "traceback": ["line"]}
    assert exception_details(RAISED) == kept


def test_a_program_that_is_not_there() -> None:
    """A module that cannot be imported is told from a name that it does not have."""
    failed = refusal(Refused(import_failed=RAISED))
    assert (failed.title, failed.kind) == ("node_import_failed", "input_invalid")
    assert failed.message == "your code cannot be imported: ValueError: no port (shop.py:3)"
    missing = refusal(Refused(missing="shop has no main"))
    assert (missing.title, missing.message) == ("node_not_found", "shop has no main")
    near = refusal(Refused(missing="shop has no mian", near=["mian", ["main", "other"]]))
    assert near.message == 'shop has no mian; did you mean "main"?'


def test_a_group_is_told_by_its_first_exception() -> None:
    """However deep it lies, with how many others there are; any other exception is itself."""
    first = ValueError("a")
    group = ExceptionGroup("g", [ExceptionGroup("h", [first, ValueError("b")]), ValueError("c"), ValueError("d")])
    assert innermost(group) == (first, 3)
    assert innermost(first) == (first, 0)

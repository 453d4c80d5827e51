"""What is found in a cluster tells what it was and where, and nothing that differs from run to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.sim.failures import Fence, callback_of, exception_failure, placed, refusal, sim_failure
from fozzy.sim.user import UserCode
from fozzy.world.code.child import Refused
from fozzy.world.code.places import Places

HERE = str(Path(__file__).parent)
USER = UserCode(Places([HERE], HERE), None)


def raised(error: BaseException) -> BaseException:
    """An exception that has a traceback."""
    try:
        raise error
    except BaseException as caught:
        return caught


def test_an_exception_is_told_with_its_place() -> None:
    """Its name, message, function and line."""
    failure = exception_failure(USER, raised(KeyError("k")), "its program on n0")
    assert (failure.title, failure.kind, failure.status) == ("node_exception", "checker", "fail")
    assert failure.message.startswith("its program on n0 raised KeyError: 'k' (raised, test_failures.py:")
    assert failure.details["exception"] == "KeyError"
    assert failure.details["at"].startswith("test_failures.py:")
    assert exception_failure(USER, TimeoutError(), "it").message == "it raised TimeoutError"


def test_a_group_is_told_by_its_first() -> None:
    """However deep; the others are counted."""
    inner = ExceptionGroup("inner", [ValueError("first"), KeyError("second")])
    group = ExceptionGroup("outer", [inner, TypeError("third")])
    failure = exception_failure(USER, group, "it")
    assert failure.message.startswith("it raised ValueError: first")
    assert failure.message.endswith("and 2 more in its group")
    assert "more" not in exception_failure(USER, ExceptionGroup("one", [ValueError("only")]), "it").message


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ({"import_failed": {"name": "ValueError", "message": "no", "at": "m.py:1", "type": "ValueError", "function": "",
                            "traceback": []}}, "node_import_failed"),
        ({"missing": "m has no main"}, "node_not_found"),
        ({}, "node_not_found"),
    ],
)  # fmt: skip
def test_a_program_that_is_not_there(answer: dict[str, Any], title: str) -> None:
    """Is an input that cannot be used, with the reason."""
    failure = refusal(Refused(**answer))
    assert (failure.title, failure.kind) == (title, "input_invalid")
    assert "m" in failure.message


def test_a_callback_is_told_as_asyncio_tells_it() -> None:
    """By its name and what it is given."""

    class Handle:
        _callback, _args = print, (1, "x")

    assert callback_of(Handle) == "print(1, 'x')" or "print" in callback_of(Handle)


def test_a_failure_has_its_place() -> None:
    """The one that was given."""
    assert placed(sim_failure("livelock", "m", "hang"), "distributed").at == "distributed"


def test_a_fence_is_swallowed_by_nobody() -> None:
    """Not by `except Exception`, and whoever keeps exceptions for later knows it."""
    assert not issubclass(Fence, Exception)
    assert Fence("x").is_fence

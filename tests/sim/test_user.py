"""A cluster asks for user code and says where its lines stand."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from fozzy.sim.user import NO_CODE, UserCode, packaged
from fozzy.world.code.child import Refused
from fozzy.world.code.places import Places

HERE = str(Path(__file__).parent)


def test_code_is_loaded_by_name() -> None:
    """What is there comes, what is not is refused."""
    user = UserCode(Places([HERE], HERE), None)
    assert user.load("json:dumps") is json.dumps
    with pytest.raises(Refused) as refused:
        user.load("json:nothing")
    assert "nothing" in str(refused.value.answer)
    with pytest.raises(Refused) as missing:
        user.load("no_such_module_at_all:main")
    assert missing.value.answer


def test_a_module_that_failed_says_so() -> None:
    """Its failure was seen when it was imported, and is told when it is asked for."""
    failed = {"broken": {"import_failed": {"name": "ValueError", "message": "no", "at": "broken.py:1"}}}
    with pytest.raises(Refused) as refused:
        UserCode(Places([HERE], HERE), None, failed).load("broken:main")
    assert refused.value.answer["import_failed"]["name"] == "ValueError"


def test_the_innermost_line_of_the_user_is_the_caller() -> None:
    """His own before anybody else's."""
    assert UserCode(Places([HERE], HERE), None).caller().startswith("test_user.py:")


def test_lines_are_told_without_the_machine_they_are_on() -> None:
    """The user's below his folder, others' by the name of their package."""
    user = UserCode(Places([HERE], HERE), None)
    assert user.shown(__file__, 3) == "test_user.py:3"
    assert user.shown(asyncio.__file__, 3) == "asyncio/__init__.py:3"
    assert packaged("/x/lib/python3.11/site-packages/shop/a.py") == "shop/a.py"
    assert packaged("/somewhere/else.py") == "else.py"
    assert user.clean(f"<x at 0x7f0011223344> in {HERE}/a.py") == "<x at 0x…> in a.py"


def test_an_exception_is_described() -> None:
    """By name, message and the user's line."""
    try:
        raise KeyError("k")
    except KeyError as error:
        told = UserCode(Places([HERE], HERE), None).described(error)
    assert (told["name"], told["at"].partition(":")[0]) == ("KeyError", "test_user.py")


def test_a_cluster_without_code_has_no_modules() -> None:
    """Nothing is made anew for its machines."""
    assert NO_CODE.fresh() is None

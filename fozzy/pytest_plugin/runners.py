"""Who runs async tests: pytest-asyncio, anyio's plugin and pytest-trio are given loops on the clock of the test.

Rule 1: a test that is not ours has the loop it would have without us.
Rule 2: an async test that nobody runs says what to install, and one whose loop is not on the clock says whose it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

NATIVELY = ("natively supported", "no async plugin installed")  # what pytest says of a test that nobody runs


@pytest.hookimpl(optionalhook=True, trylast=True)
def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], AbstractEventLoop]]:
    """Loops for pytest-asyncio. It takes the first answer and wants one for each test, so there always is one."""
    import asyncio

    if not _is_ours(item):
        return {"asyncio": asyncio.new_event_loop}
    from fozzy.pytest_plugin.loops import new_loop

    return {"fozzy": new_loop}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Whatever makes a loop for a test of ours makes one that the test's clock can move."""
    if not _is_ours(item):
        return (yield)
    from fozzy.pytest_plugin.hosts import offered_everywhere
    from fozzy.pytest_plugin.plugin import taken

    taken(item)  # anyio makes items of its own, long after all were collected
    with offered_everywhere(getattr(item, "fixturenames", ())):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """What is wrong with how an async test of ours is run."""
    if not _is_ours(pyfuncitem):
        return (yield)
    from fozzy.pytest_plugin.hosts import refuse_strange_loop

    refuse_strange_loop(pyfuncitem)
    try:
        return (yield)
    except (pytest.fail.Exception, pytest.skip.Exception) as said:
        if not any(words in str(said) for words in NATIVELY):
            raise
    pytest.fail(missing(pyfuncitem), pytrace=False)


def missing(item: pytest.Function) -> str:
    """What to install, or to say, so that an async test runs."""
    return f"{item.name} is async, and nothing here runs async tests\n" + "\n".join(
        (
            "  asyncio: pip install pytest-asyncio, then @pytest.mark.asyncio or asyncio_mode = auto",
            "  trio: pip install pytest-trio, then @pytest.mark.trio or trio_mode = true",
            "  either: @pytest.mark.anyio, whose plugin comes with fozzy",
            "  the simulator: @pytest.mark.fozzy",
        )
    )


def _is_ours(item: Any) -> bool:
    from fozzy.pytest_plugin.plugin import is_ours

    return is_ours(item)


__all__ = ["missing", "pytest_asyncio_loop_factories", "pytest_pyfunc_call", "pytest_runtest_protocol"]

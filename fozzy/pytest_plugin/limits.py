"""How long a phase of a test may take: `fozzy chaos run` says so for all tests, and the trace of one that took too long for
its replay.

Rule 1: a limit is real time. It is kept where the main thread hears signals.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from _pytest.outcomes import Failed

from fozzy.gate.resilience.told import LIMIT


class TookTooLong(Failed):
    """A test is over its limit of real time."""


class Limits:
    """The hooks of a session in which each phase has this limit."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Its fixtures."""
        with limited(item, "setup", self._limit_s):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Its body."""
        with limited(item, "call", self._limit_s):
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """The end of its fixtures."""
        with limited(item, "teardown", self._limit_s):
            return (yield)


@contextlib.contextmanager
def limited(item: pytest.Item, phase: str, limit_s: float) -> Iterator[None]:
    """End what takes longer. Nothing where there are no such signals, or another thread runs tests."""
    if not limit_s or not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        __tracebackhide__ = True
        item.user_properties.append((LIMIT, f"{limit_s:g} s"))
        raise TookTooLong(f"the test took longer than {limit_s:g} s of real time in its {phase}")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

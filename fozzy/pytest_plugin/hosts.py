"""The loops of the plugins that run async tests, seen from a test of ours: are they on its clock?"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Container, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import pytest

from fozzy.pytest_plugin.loops import TestLoop, is_virtual, offered

SCOPED = "_scoped_runner"  # how the fixtures of pytest-asyncio end that hold a loop
ANYIO = "anyio.pytest_plugin"

_hosts: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()  # by anyio's runner


@contextlib.contextmanager
def offered_everywhere(names: Container[str]) -> Iterator[None]:
    """Within this block loops are made that a test's clock can move, and guests of trio are waited for.

    `names` are the fixtures of the test.
    """
    hosts = _anyio_hosts() if "anyio_backend" in names else contextlib.nullcontext()
    with hosts, offered():
        yield


def refuse_strange_loop(item: pytest.Function) -> None:
    """A loop that is not on the clock would wait in real time for what comes in virtual time: for ever.

    *Errors*: fails the test.
    """
    if not is_virtual():
        return
    for name, value in item.funcargs.items():
        if name.endswith(SCOPED) and hasattr(value, "get_loop"):
            _refuse(value.get_loop(), "pytest-asyncio")
    runner = getattr(sys.modules.get(ANYIO), "_current_runner", None)
    if runner is not None and hasattr(runner, "get_loop"):
        _refuse(runner.get_loop(), "anyio")


def _refuse(loop: Any, whose: str) -> None:
    if not isinstance(loop, TestLoop):
        kind = type(loop)
        said = f"this test has virtual time, and {whose} runs it on {kind.__module__}.{kind.__qualname__}"
        hint = "drop the loop factory, policy or option that chose it, or mark the test with chaos(real_time=True)"
        pytest.fail(f"{said}, which lives in real time\n  {hint}", pytrace=False)


@contextlib.contextmanager
def _anyio_hosts() -> Iterator[None]:
    """anyio runs trio as a guest of the test's thread, which waits in this one call."""
    backend = importlib.import_module("anyio._backends._trio")
    kind: Any = getattr(backend, "TestRunner", None)
    from fozzy.pytest_plugin.trio_loops import Host

    before = getattr(kind, "_call_in_runner_task", None)
    if before is None:
        yield
        return

    def call(runner: Any, func: Any, *args: Any, **more: Any) -> Any:
        with _hosts.setdefault(runner, Host()).waiting():
            return before(runner, func, *args, **more)

    kind._call_in_runner_task = call
    try:
        yield
    finally:
        kind._call_in_runner_task = before

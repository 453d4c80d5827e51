"""Code under test reads the shared clock: the functions of `time`, also where a module bound them by name, `datetime`,
and the waiting of Python's sockets. The functions of `random` are the seed's in the same way.

Rule 1: everything is put back when the block ends, whatever happened in it.
Rule 2: fozzy, pytest and Python's own library keep what they bound at import: they live in real time.
Rule 3: a forked child lives in real time.
Rule 4: time begins at a fixed moment, so what code makes of it is the same in every run.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from fozzy import wall
from fozzy.chaos.clock.chance import drawn_from
from fozzy.chaos.clock.shared import SharedClock
from fozzy.chaos.clock.threads import SOCKET_CALLS, Threads, waiting_call
from fozzy.chaos.clock.waits import KEPT, counting, measuring, rebindings, sleeping
from fozzy.errors import UsageError

EPOCH_S = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
OWNERS = (time, random)
MONOTONIC_S = 1000.0  # where `time.monotonic` begins; 0 would look like never to some


@contextlib.contextmanager
def patched(clock: SharedClock, threads: Threads, seed: int = 0) -> Iterator[None]:
    """Within this block time is the shared clock's, and chance is the seed's."""
    with contextlib.ExitStack() as undone:
        undone.enter_context(_datetime(clock))
        drawing = undone.enter_context(drawn_from(seed))
        _rebind([*_functions(clock, threads), *drawing], undone)
        for name in SOCKET_CALLS:
            _patch(socket.socket, name, waiting_call(threads, name, getattr(socket.socket, name)), undone)
        for owner, name, mine in rebindings(threads, lambda: MONOTONIC_S + clock.now_ns() / 1e9):
            _patch(owner, name, mine, undone)
        _in_force.append(undone)
        try:
            yield
        finally:
            _in_force.remove(undone)


def _in_child() -> None:
    """A process that was forked has none of the threads that move the clock: there time is real."""
    for undone in _in_force:
        undone.close()


_in_force: list[contextlib.ExitStack] = []
wall.in_forked(_in_child)


def _functions(clock: SharedClock, threads: Threads) -> list[tuple[Callable[..., Any], Callable[..., Any]]]:
    now_s = lambda: MONOTONIC_S + clock.now_ns() / 1e9  # noqa: E731
    now_ns = lambda: int(MONOTONIC_S * 1e9) + clock.now_ns()  # noqa: E731
    return [
        (time.sleep, sleeping(threads, time.sleep)),
        (time.time, lambda: EPOCH_S + clock.now_ns() / 1e9),
        (time.time_ns, lambda: EPOCH_S * 10**9 + clock.now_ns()),
        (time.monotonic, counting(now_s, time.monotonic)),
        (time.monotonic_ns, counting(now_ns, time.monotonic_ns)),
        (time.perf_counter, measuring(now_s, time.perf_counter)),
        (time.perf_counter_ns, measuring(now_ns, time.perf_counter_ns)),
    ]


def _rebind(functions: list[tuple[Callable[..., Any], Callable[..., Any]]], undone: contextlib.ExitStack) -> None:
    """The functions themselves, and every name in a loaded module that means one. Modules are looked through once."""
    wanted = {id(original): mine for original, mine in functions}
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and (module in OWNERS or not _is_kept(module.__name__)):
            for name, which in [(name, id(value)) for name, value in list(vars(module).items()) if id(value) in wanted]:
                _patch(module, name, wanted[which], undone)


def _is_kept(name: str) -> bool:
    top = name.partition(".")[0]
    return top in KEPT or top in sys.stdlib_module_names


def _patch(owner: Any, name: str, value: Any, undone: contextlib.ExitStack) -> None:
    had = vars(owner).get(name, _patch)
    setattr(owner, name, value)
    undone.callback(delattr if had is _patch else setattr, *((owner, name) if had is _patch else (owner, name, had)))


@contextlib.contextmanager
def _datetime(clock: SharedClock) -> Iterator[None]:
    """`datetime.now` and its like, by time-machine, which moves them where C reads them.

    *Errors*: `UsageError` where it is not installed.
    """
    try:
        import time_machine
    except ModuleNotFoundError as error:
        hint = "pip install 'fozzy[pytest]'"
        raise UsageError(
            "chaos.not_installed", "time-machine, which moves datetime, is not there", hint=hint
        ) from error

    with time_machine.travel(EPOCH_S, tick=False) as traveller:

        def moved(now_ns: int) -> None:
            traveller.move_to(EPOCH_S + now_ns / 1e9, tick=False)

        clock.jumped.append(moved)
        try:
            yield
        finally:
            clock.jumped.remove(moved)

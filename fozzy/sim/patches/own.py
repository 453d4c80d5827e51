"""What a program has changed of the machine it runs on: its random generator, its signal handlers.

It is kept beside the machine, which must be hashable and weakly referable (an ordinary class is), and goes with it.
Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from random import Random

    from fozzy.sim.context import Machine

LINE_CHARS_MAX = 4096  # a program that writes no line end is heard nevertheless


class Own:
    """Of one machine, since its program was started."""

    __slots__ = ("asked", "begun", "generator", "handlers", "names", "pid", "stamp")

    def __init__(self, pid: int = 0) -> None:
        self.pid = pid  # another life of a machine has another process
        self.asked = 0  # how often the program asked for what must not repeat
        self.generator: Random | None = None
        self.handlers: dict[int, Any] = {}
        self.names = 0  # how many temporary files were named
        self.stamp = 0  # of the last uuid1
        self.begun: dict[str, str] = {}  # lines that have no end yet, by stream


_owned: WeakKeyDictionary[Machine, Own] = WeakKeyDictionary()
_last: Machine | None = None
_last_own = Own()
_leaving: list[Callable[[Machine, Own], None]] = []


def own(machine: Machine) -> Own:
    """What this machine's program has changed so far; nothing, when the process is another than before."""
    global _last, _last_own
    if machine is not _last or _last_own.pid != machine.pid:
        found = _owned.get(machine)
        if found is None or found.pid != machine.pid:
            found = _owned[machine] = Own(machine.pid)
        _last, _last_own = machine, found
    return _last_own


def forget(machine: Machine) -> None:
    """The program on this machine has ended: say what it left unsaid; the next one begins with nothing."""
    global _last
    if machine is _last:
        _last = None
    left = _owned.pop(machine, None)
    for leave in _leaving if left is not None else ():
        leave(machine, left or Own())


def on_forget(leave: Callable[[Machine, Own], None]) -> None:
    """Call `leave` with every machine whose program has ended."""
    if leave not in _leaving:
        _leaving.append(leave)

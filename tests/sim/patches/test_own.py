"""Own: what a program changed of its machine stays with that machine, and goes with its program."""

from __future__ import annotations

import gc
import weakref
from typing import Any, cast

from fozzy.sim.patches.own import Own, forget, on_forget, own


class Machine:
    """Nothing but somebody."""

    pid = 1


def test_each_machine_has_its_own_until_it_is_forgotten() -> None:
    """Two machines share nothing, and one that starts anew has nothing left."""
    a, b = cast(Any, Machine()), cast(Any, Machine())
    own(a).names = 3
    assert (own(a).names, own(b).names, own(a).names, own(b) is own(b)) == (3, 0, 3, True)
    forget(a)
    assert own(a).names == 0
    own(a).names = 5
    a.pid = 2
    assert own(a).names == 0


def test_a_machine_that_is_gone_leaves_nothing() -> None:
    """Nothing of a machine is held when nobody else holds it and another runs."""
    machine = Machine()
    gone = weakref.ref(machine)
    own(cast(Any, machine)).names = 1
    own(cast(Any, Machine()))
    del machine
    gc.collect()
    assert gone() is None


def test_who_asks_is_told_of_what_was_left() -> None:
    """Those who wait for the end of a program get what it left; of one that changed nothing there is no news."""
    seen: list[tuple[Any, int]] = []

    def leave(machine: Any, left: Own) -> None:
        seen.append((machine, left.names))

    for _ in range(2):
        on_forget(leave)
    a, b = cast(Any, Machine()), cast(Any, Machine())
    own(a).names = 7
    forget(a)
    forget(b)
    assert seen == [(a, 7)]

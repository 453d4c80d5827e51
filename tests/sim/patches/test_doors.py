"""Doors: what is replaced is replaced once, everywhere, and can still be reached."""

from __future__ import annotations

import types
from typing import Any

from fozzy.sim.patches import doors
from fozzy.sim.patches.doors import Door


def module(name: str, **names: Any) -> Any:
    """A module that is in nobody's way."""
    made = types.ModuleType(name)
    vars(made).update(names)
    return made


def half(door: Door, number: int = 0) -> Any:
    """Ours."""
    return "ours" if number else door.true(number)


def test_a_door_stands_in_the_place_of_a_function() -> None:
    """It is called like the function, knows it, has its name, and `original` finds it."""

    def true(number: int = 0) -> str:
        """True."""
        return f"true {number}"

    made = module("zz_doors_one", ask=true)
    doors.put(made, "ask", half)
    doors.put(made, "missing", half)
    assert (made.ask(), made.ask(1), made.ask.__name__, made.ask.__doc__, made.ask.__module__) == (
        *("true 0", "ours", "ask", "True.", "zz_doors_one"),
    )
    assert doors.original("zz_doors_one.ask") is true and not hasattr(made, "missing")


def test_a_door_is_put_once() -> None:
    """Put a second time, nothing changes: else the true function would be lost."""
    made = module("zz_doors_two", ask=lambda number=0: "true")
    doors.put(made, "ask", half)
    first = made.ask
    doors.put(made, "ask", half)
    assert made.ask is first and made.ask() == "true"


def test_those_who_took_the_function_get_the_door() -> None:
    """A module that holds the function under another name holds the door after a sweep; fozzy's own does not."""

    def true(number: int = 0) -> str:
        return "true"

    made, other, ours = (
        module("zz_doors_three", ask=true),
        module("other", taken=true, rest=5),
        module("fozzy.x", taken=true),
    )
    doors.put(made, "ask", half)
    doors.sweep({"other": other, "fozzy.x": ours, "none": None})  # type: ignore[dict-item]
    assert other.taken is made.ask and other.rest == 5 and ours.taken is true


def test_a_method_is_replaced_once_and_keeps_its_name() -> None:
    """A class gets our method under the name and text of its own, also when it is a class method."""

    class Kind:
        def ask(self) -> str:
            """True."""
            return "true"

        @classmethod
        def make(cls) -> str:
            return "made"

    def twice(true: Any) -> Any:
        return lambda self: true(self) * 2

    for _ in range(2):
        doors.method(Kind, "ask", twice)
        doors.method(Kind, "make", lambda true: classmethod(lambda cls: f"{cls.__name__} {true.__get__(None, cls)()}"))
    assert (Kind().ask(), Kind.make(), Kind.ask.__name__, Kind.ask.__doc__) == ("truetrue", "Kind made", "ask", "True.")


def test_what_was_not_replaced_is_its_own_original() -> None:
    """`original` of a function that nobody replaced is the function."""
    import math

    assert doors.original("math.sqrt") is math.sqrt

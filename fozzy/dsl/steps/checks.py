"""Steps that compare values."""

from collections.abc import Iterator
from typing import Any, ClassVar

from fozzy.dsl.steps.base import Flag, Int, Issue, Step, fail, told
from fozzy.dsl.steps.conditions import Condition, broken, check_condition, compared
from fozzy.dsl.steps.store import MISSING
from fozzy.world.world import World


class Assert(Condition, Step, frozen=True, kw_only=True, tag="assert"):
    """Compares any value; every comparison that is given must hold."""

    maybe: ClassVar[tuple[str, ...]] = ("that",)
    lead: ClassVar[str] = "that"
    that: Any
    msg: str | None = None

    def run(self, world: World) -> None:
        wrong = broken(self, self.that, "that")
        if wrong is None:
            return
        fail(
            self.msg or wrong.message,
            field="that",
            label="has no value" if self.that is MISSING else f"is {told(self.that)}",
            details=compared(wrong, self.that),
        )

    def check(self) -> Iterator[Issue]:
        yield from check_condition(self)


class AssertOk(Step, frozen=True, kw_only=True, tag="assert_ok"):
    """Fails unless the value is true."""

    value: Flag
    msg: str | None = None

    def run(self, world: World) -> None:
        if self.value is not True:
            fail(self.msg or "the value is false", field="value", label="is false")


class AssertEqInt(Step, frozen=True, kw_only=True, tag="assert_eq_int"):
    """Fails unless two whole numbers are equal."""

    a: Int
    b: Int
    msg: str | None = None

    def run(self, world: World) -> None:
        if self.a != self.b:
            _differ(self.a, self.b, self.msg)


class AssertNeInt(Step, frozen=True, kw_only=True, tag="assert_ne_int"):
    """Fails when two whole numbers are equal."""

    a: Int
    b: Int
    msg: str | None = None

    def run(self, world: World) -> None:
        if self.a == self.b:
            _equal(self.a, self.msg)


class AssertEqStr(Step, frozen=True, kw_only=True, tag="assert_eq_str"):
    """Fails unless two texts are equal."""

    a: str
    b: str
    msg: str | None = None

    def run(self, world: World) -> None:
        if self.a != self.b:
            _differ(self.a, self.b, self.msg)


class AssertNeStr(Step, frozen=True, kw_only=True, tag="assert_ne_str"):
    """Fails when two texts are equal."""

    a: str
    b: str
    msg: str | None = None

    def run(self, world: World) -> None:
        if self.a == self.b:
            _equal(self.a, self.msg)


def _differ(a: object, b: object, msg: str | None) -> None:
    fail(
        msg or f"{told(a)} is not {told(b)}",
        field="a",
        label=f"is {told(a)}, wanted {told(b)}",
        details={"a": a, "b": b},
    )


def _equal(a: object, msg: str | None) -> None:
    fail(msg or f"both are {told(a)}", field="a", label=f"is {told(a)}, like b", details={"a": a, "b": a})

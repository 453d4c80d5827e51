"""Steps that keep values under keys, draw them, and look at them."""

from collections.abc import Iterator
from typing import Any, ClassVar

from msgspec import UNSET, UnsetType

from fozzy.core.duration import parse_ns
from fozzy.dsl.steps.base import (
    Block,
    Body,
    Duration,
    Issue,
    Name,
    Step,
    fail,
    ns,
    told,
)
from fozzy.world.world import World

MISSING = object()
POLLS_MAX = 100_000  # a loop has a bound; this is a second of polling each 10 us
HALF = (1 << 32) - 1


class RandU64(Step, frozen=True, kw_only=True, tag="rand_u64"):
    """Draws 64 bits and keeps them under a key as decimal text."""

    stores: ClassVar[tuple[str, ...]] = ("key",)
    key: Name | None = None

    def run(self, world: World) -> str:
        label = f"rand.{self.key}" if self.key else "rand"
        draw = world.choices.draw
        value = draw(label, 0, HALF) << 32 | draw(label, 0, HALF)
        if self.key is not None:
            world.kv[self.key] = str(value)
        return str(value)


class SetKv(Step, frozen=True, kw_only=True, tag="set_kv"):
    """Keeps a value under a key."""

    stores: ClassVar[tuple[str, ...]] = ("key",)
    key: Name
    value: Any

    def run(self, world: World) -> None:
        world.kv[self.key] = self.value


class GetKvAssert(Step, frozen=True, kw_only=True, tag="get_kv_assert"):
    """Fails unless the key exists, equals a value, or is absent (`is_null`)."""

    key: Name
    equals: Any | UnsetType = UNSET
    is_null: bool | None = None

    def run(self, world: World) -> None:
        value = world.kv.get(self.key, MISSING)
        if self.is_null:
            if value is not MISSING and value is not None:
                fail(f'"{self.key}" is {told(value)}, wanted no value', field="is_null", label=f"is {told(value)}")
            return
        if value is MISSING or (value is None and self.is_null is False):
            fail(f'"{self.key}" has no value', field="key", label="has no value")
        if self.equals is not UNSET and not same(value, self.equals):
            fail(
                f'"{self.key}" is {told(value)}, wanted {told(self.equals)}',
                field="equals",
                label=f"is {told(value)}",
                details={"expected": self.equals, "actual": value},
            )

    def check(self) -> Iterator[Issue]:
        if self.equals is not UNSET and self.is_null:
            yield Issue(("is_null",), '"equals" and "is_null" exclude each other', "drop one of them", "exclusive")


class _Poll(Block, frozen=True, kw_only=True):
    """Looks at a key again and again."""

    key: Name
    equals: Any
    within: Duration
    poll: Duration
    msg: str | None = None

    def looks(self) -> Iterator[int]:
        """How long to wait after each look, from now until `within` has passed; 0 after the last."""
        within, poll = ns(self.within), ns(self.poll)
        if poll <= 0 or within // poll > POLLS_MAX:
            fail(f"poll must be positive and within at most {POLLS_MAX} polls", title="bad_poll", kind="input_invalid")
        for left in range(within // poll, -1, -1):
            yield poll if left else 0

    def holds(self, world: World) -> bool:
        """Whether the key has the value now."""
        return same(world.kv.get(self.key, MISSING), self.equals)

    def check(self) -> Iterator[Issue]:
        yield from check_polls(self.within, self.poll)


class AssertEventuallyKv(_Poll, frozen=True, kw_only=True, tag="assert_eventually_kv"):
    """Fails unless the key has the value at some poll within the time."""

    def walk(self, world: World, body: Body) -> Iterator[int]:
        for wait_ns in self.looks():
            yield 0  # in a parallel block another branch may go before each look
            if self.holds(world):
                return
            if wait_ns:
                yield wait_ns
        value = world.kv.get(self.key)
        fail(
            self.msg or f'"{self.key}" is {told(value)} after {self.within}, wanted {told(self.equals)}',
            field="equals",
            label=f"is {told(value)}",
        )


class AssertNeverKv(_Poll, frozen=True, kw_only=True, tag="assert_never_kv"):
    """Fails when the key has the value at any poll within the time."""

    def walk(self, world: World, body: Body) -> Iterator[int]:
        started = world.clock.now
        for wait_ns in self.looks():
            yield 0
            if self.holds(world):
                after_ms = (world.clock.now - started) // 10**6
                fail(self.msg or f'"{self.key}" became {told(self.equals)} after {after_ms}ms', field="equals")
            if wait_ns:
                yield wait_ns


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: `true` is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def check_polls(within: str, poll: str) -> Iterator[Issue]:
    """A poll takes time, and there are not too many of them."""
    try:
        within_ns, poll_ns = parse_ns(within), parse_ns(poll)
    except ValueError:
        return  # refers to the run; looked at there
    if poll_ns <= 0:
        yield Issue(("poll",), '"poll" must be more than nothing')
    elif within_ns // poll_ns > POLLS_MAX:
        yield Issue(("poll",), f'"within" has more than {POLLS_MAX} polls', "poll less often")

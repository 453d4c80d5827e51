"""Steps that draw. Each draws under `rand.<key>`, so one step more moves no other draw."""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from fozzy.core.choice import CHANCES
from fozzy.dsl.steps.base import Count, Int, Issue, Name, Rate, Step, fail, told
from fozzy.world.world import World

BYTES_MAX = 65_536
BYTES_PER_DRAW = 6  # 48 bits, so that a draw has fewer than 2^53 values
ITEMS_MAX = 65_536


class _Draws(Step, frozen=True, kw_only=True):
    """A step that draws a value and keeps it under a key."""

    stores: ClassVar[tuple[str, ...]] = ("key",)
    key: Name

    def label(self) -> str:
        """What it draws under."""
        return f"rand.{self.key}"

    def keep(self, world: World, value: Any) -> str:
        """Keep the value under the key and tell it."""
        world.kv[self.key] = value
        return f"{self.key} = {told(value)}"


class RandInt(_Draws, frozen=True, kw_only=True, tag="rand_int"):
    """Draws a whole number from min to max, both included."""

    min: Int
    max: Int

    def run(self, world: World) -> str:
        if not self.min <= self.max or self.max - self.min >= CHANCES:
            fail("min must not be above max, nor 2^53 below it", title="bad_range", kind="input_invalid", field="max")
        return self.keep(world, world.choices.draw(self.label(), self.min, self.max))

    def check(self) -> Iterator[Issue]:
        if isinstance(self.min, int) and isinstance(self.max, int):
            if self.max < self.min:
                yield Issue(("max",), '"max" must not be below "min"')
            elif self.max - self.min >= CHANCES:
                yield Issue(("max",), '"max" must be less than 2^53 above "min"')


class RandChoice(_Draws, frozen=True, kw_only=True, tag="rand_choice"):
    """Draws one of some values."""

    of: Annotated[list[Any], Meta(min_length=1, max_length=ITEMS_MAX)]

    def run(self, world: World) -> str:
        return self.keep(world, self.of[world.choices.pick(self.label(), len(self.of))])


class RandBytes(_Draws, frozen=True, kw_only=True, tag="rand_bytes"):
    """Draws bytes and keeps them as hexadecimal text."""

    length: Count

    def run(self, world: World) -> str:
        made = bytearray()
        while len(made) < self.length:
            size = min(BYTES_PER_DRAW, self.length - len(made))
            made += world.choices.draw(self.label(), 0, (1 << 8 * size) - 1).to_bytes(size, "big")
        return self.keep(world, made.hex())

    def check(self) -> Iterator[Issue]:
        if isinstance(self.length, int) and self.length > BYTES_MAX:
            yield Issue(("length",), f'"length" must be at most {BYTES_MAX}')


class RandBool(_Draws, frozen=True, kw_only=True, tag="rand_bool"):
    """Draws true with a probability."""

    probability: Rate = 0.5

    def run(self, world: World) -> str:
        return self.keep(world, world.choices.chance(self.label(), self.probability))


class Shuffle(_Draws, frozen=True, kw_only=True, tag="shuffle"):
    """Draws an order of some values (Fisher and Yates); draws of zero keep the order as it is."""

    of: Annotated[list[Any], Meta(max_length=ITEMS_MAX)]

    def run(self, world: World) -> str:
        left, made = list(self.of), []
        while left:
            made.append(left.pop(world.choices.pick(self.label(), len(left)) if len(left) > 1 else 0))
        return self.keep(world, made)

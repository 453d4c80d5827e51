"""Steps on the modelled heap."""

import re
from collections.abc import Iterator
from typing import ClassVar

from fozzy.core.limits import MIB
from fozzy.dsl.steps.base import Count, Issue, Name, Step, check_exactly_one, fail, told
from fozzy.world.world import World

U64_MAX = (1 << 64) - 1
_WAVE = re.compile(r"[1-9]\d{0,5}(,[1-9]\d{0,5}){0,255}")


class MemoryAlloc(Step, frozen=True, kw_only=True, tag="memory_alloc"):
    """Allocates on the modelled heap and keeps the allocation's id under a key."""

    stores: ClassVar[tuple[str, ...]] = ("key",)
    bytes: Count
    key: Name | None = None
    tag: str | None = None

    def run(self, world: World) -> str:
        made = world.heap.allocate(self.bytes, self.tag or "")
        if isinstance(made, str):
            fail(made, title="memory_alloc_failed", kind="limit", field="bytes")
        if self.key is not None:
            world.kv[self.key] = made.id
        return f"{made.size_bytes} bytes"

    def check(self) -> Iterator[Issue]:
        if isinstance(self.bytes, int) and self.bytes > U64_MAX:
            yield Issue(("bytes",), '"bytes" must be below 2^64')


class MemoryFree(Step, frozen=True, kw_only=True, tag="memory_free"):
    """Frees an allocation by its id or by the key its id was kept under."""

    alloc_id: Count | None = None
    key: Name | None = None

    def run(self, world: World) -> None:
        alloc_id = world.kv.get(self.key) if self.key is not None else self.alloc_id
        if type(alloc_id) is not int or not world.heap.free(alloc_id):
            cause = "freed before" if world.heap.had(alloc_id) else "never made"
            field = "alloc_id" if self.key is None else "key"
            details = {"cause": cause}
            fail(self._not_living(world, alloc_id), title="memory_bad_free", field=field, details=details)

    def _not_living(self, world: World, alloc_id: object) -> str:
        if self.key is None or type(alloc_id) is int:
            kept = "" if self.key is None else f', which is kept under "{self.key}"'
            return f"there is no living allocation {alloc_id}{kept}"
        if self.key not in world.kv:
            return f'no allocation is kept under "{self.key}"'
        return f'what is kept under "{self.key}" is no allocation: {told(alloc_id)}'

    def check(self) -> Iterator[Issue]:
        yield from check_exactly_one(self, "alloc_id", "key")


class MemoryLimitMb(Step, frozen=True, kw_only=True, tag="memory_limit_mb"):
    """Limits the bytes in use, in units of 1,048,576 bytes."""

    mb: Count

    def run(self, world: World) -> None:
        world.heap.limit_bytes = self.mb * MIB


class MemoryFailAfterAllocs(Step, frozen=True, kw_only=True, tag="memory_fail_after_allocs"):
    """Lets every allocation after the first so many of the run fail."""

    count: Count

    def run(self, world: World) -> None:
        world.heap.fail_after = self.count


class MemoryFragmentation(Step, frozen=True, kw_only=True, tag="memory_fragmentation"):
    """Makes every allocation larger by a share that follows from this seed."""

    seed: Count

    def run(self, world: World) -> None:
        world.heap.fragmentation_seed = self.seed

    def check(self) -> Iterator[Issue]:
        if isinstance(self.seed, int) and self.seed > U64_MAX:
            yield Issue(("seed",), '"seed" must be below 2^64')


class MemoryPressureWave(Step, frozen=True, kw_only=True, tag="memory_pressure_wave"):
    """Multiplies successive allocations by the factors of a pattern such as `1,2,4`, over and over."""

    pattern: str

    def run(self, world: World) -> None:
        if not _WAVE.fullmatch(self.pattern):
            fail("a pattern is positive factors with commas between them", title="bad_pattern", kind="input_invalid")
        world.heap.wave = tuple(map(int, self.pattern.split(",")))

    def check(self) -> Iterator[Issue]:
        if "${" not in self.pattern and not _WAVE.fullmatch(self.pattern):
            yield Issue(
                ("pattern",), f'"pattern" must be up to 256 positive factors such as "1,2,4", got "{self.pattern}"'
            )


class MemoryCheckpoint(Step, frozen=True, kw_only=True, tag="memory_checkpoint"):
    """Writes the heap's state into the trace under a name."""

    name: Name

    def run(self, world: World) -> None:
        heap = world.heap
        fields = {"name": self.name, "inUseBytes": heap.in_use_bytes(), "allocations": len(heap.living())}
        world.say("memory_checkpoint", fields)


class MemoryAssertInUseBytes(Step, frozen=True, kw_only=True, tag="memory_assert_in_use_bytes"):
    """Fails unless exactly so many bytes are in use."""

    equals: Count

    def run(self, world: World) -> None:
        in_use = world.heap.in_use_bytes()
        if in_use != self.equals:
            fail(f"{in_use} bytes are in use, wanted {self.equals}", field="equals", label=f"is {in_use}")

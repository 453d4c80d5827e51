"""The steps of a scenario, and the blocks that hold steps. This module is the one list of them.

To add a step: write a class in its family's module (fields, a one-sentence docstring, `run`), add it to `Step` below,
add a test in tests/dsl/steps/ and a scenario in scenarios/<family>/. Schema, reference, editor hovers and
`fozzy schema --steps` are generated from it: `make generate`.
The union stands here because a type that refers to itself must be defined where the blocks are defined.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Union, get_args

from msgspec import Meta

from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps import checks, files, flow, http, memory, net, proc, store
from fozzy.dsl.steps.base import Block, Body, Name, fail
from fozzy.dsl.steps.base import Step as StepBase
from fozzy.world.world import World


class Group(Block, frozen=True, kw_only=True, tag="group"):
    """Runs steps under a name."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)
    name: Name
    steps: "Steps"

    def walk(self, world: World, body: Body) -> Iterator[int]:
        yield from body("steps")


class AssertThrows(Block, frozen=True, kw_only=True, tag="assert_throws"):
    """Passes when one of its steps fails; everything is then as before the block."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)
    steps: "Steps"

    def walk(self, world: World, body: Body) -> Iterator[int]:
        before = world.snapshot()
        running = list(world.background)
        try:
            yield from body("steps")
        except StepFailed:
            proc.end_since(world, running)
            world.restore(before)
            return
        fail("no step inside failed", field="steps")


class AssertRejects(AssertThrows, frozen=True, kw_only=True, tag="assert_rejects"):
    """Passes when one of its steps is rejected; everything is then as before the block."""


Step = Union[  # noqa: UP007 - a list of names; `|` between forty lines reads worse
    flow.TraceEvent,
    store.RandU64,
    checks.AssertOk,
    checks.AssertEqInt,
    checks.AssertNeInt,
    checks.AssertEqStr,
    checks.AssertNeStr,
    flow.Sleep,
    flow.Advance,
    flow.Freeze,
    flow.Unfreeze,
    store.SetKv,
    store.GetKvAssert,
    files.FsWrite,
    files.FsReadAssert,
    files.FsSnapshot,
    files.FsRestore,
    http.HttpWhen,
    http.HttpRequestStep,
    proc.ProcWhen,
    proc.ProcSpawn,
    proc.ProcStart,
    proc.ProcStop,
    proc.FreePort,
    net.NetPartition,
    net.NetHeal,
    net.NetSetDropRate,
    net.NetSetReorder,
    net.NetSend,
    net.NetDeliverOne,
    net.NetRecvAssert,
    memory.MemoryAlloc,
    memory.MemoryFree,
    memory.MemoryLimitMb,
    memory.MemoryFailAfterAllocs,
    memory.MemoryFragmentation,
    memory.MemoryPressureWave,
    memory.MemoryCheckpoint,
    memory.MemoryAssertInUseBytes,
    AssertThrows,
    AssertRejects,
    store.AssertEventuallyKv,
    store.AssertNeverKv,
    flow.Fail,
    flow.Panic,
    Group,
]
Steps = Annotated[list[Step], Meta(min_length=1)]


def step_types() -> dict[str, type[StepBase]]:
    """Every step type by its name, in the order of the list above."""
    return {str(kind.__struct_config__.tag): kind for kind in get_args(Step)}

"""The steps of a scenario, and the blocks that hold steps. This module is the one list of them.

To add a step: write a class in its family's module (fields, a one-sentence docstring, `run`), add it to `Step` below,
add a test in tests/dsl/steps/ and a scenario in scenarios/<family>/. Schema, reference, editor hovers and
`fozzy schema --steps` are generated from it: `make generate`.
The union stands here because a type that refers to itself must be defined where the blocks are defined.
"""

from typing import Annotated, Union, get_args

import msgspec
from msgspec import Meta

from fozzy.dsl.steps import blocks, call, chance, checks, fault, files, flow, http, http_burst, memory, net, proc, store
from fozzy.dsl.steps.base import Name
from fozzy.dsl.steps.base import Step as StepBase


class Group(blocks.GroupBlock, frozen=True, kw_only=True, tag="group"):
    """Runs steps under a name."""

    steps: "Steps"


class Repeat(blocks.RepeatBlock, frozen=True, kw_only=True, tag="repeat"):
    """Runs steps so many times; the round's number, from 0, is kept under `as`."""

    steps: "Steps"


class Retry(blocks.RetryBlock, frozen=True, kw_only=True, tag="retry"):
    """Runs steps again while they fail, at most so many times, waiting in between; nothing is put back."""

    steps: "Steps"


class Within(blocks.WithinBlock, frozen=True, kw_only=True, tag="within"):
    """Fails unless its steps end in time; a host call has no more than what is left."""

    steps: "Steps"


class If(blocks.IfBlock, frozen=True, kw_only=True, tag="if"):
    """Runs `then` when the comparison of `that` holds, else `else`, if there is one."""

    then: "Steps"
    else_: "Steps | None" = msgspec.field(name="else", default=None)


class Parallel(blocks.ParallelBlock, frozen=True, kw_only=True, tag="parallel"):
    """Runs branches as cooperative tasks; which of them takes the next step is drawn, one that waits is parked."""

    branches: "Branches"

    def branch_names(self) -> list[str]:
        return list(self.branches)


class AssertThrows(blocks.AssertThrowsBlock, frozen=True, kw_only=True, tag="assert_throws"):
    """Passes when one of its steps fails; everything is then as before the block."""

    steps: "Steps"


class AssertRejects(blocks.AssertThrowsBlock, frozen=True, kw_only=True, tag="assert_rejects"):
    """Passes when one of its steps is rejected; everything is then as before the block."""

    steps: "Steps"


class AssertEventually(blocks.AssertEventuallyBlock, frozen=True, kw_only=True, tag="assert_eventually"):
    """Runs steps at every poll until they hold once; fails when they never do within the time."""

    steps: "Steps"


Step = Union[  # noqa: UP007 - a list of names; `|` between forty lines reads worse
    flow.TraceEvent,
    store.RandU64,
    chance.RandInt,
    chance.RandChoice,
    chance.RandBytes,
    chance.RandBool,
    chance.Shuffle,
    checks.Assert,
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
    http_burst.HttpBurstStep,
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
    fault.Fault,
    fault.FaultClear,
    call.Call,
    flow.Fail,
    flow.Panic,
    Group,
    Repeat,
    Retry,
    Within,
    If,
    Parallel,
    AssertEventually,
    blocks.Include,
]
Steps = Annotated[list[Step], Meta(min_length=1)]
Branches = Annotated[dict[Name, Steps], Meta(min_length=1, max_length=blocks.BRANCHES_MAX)]


def step_types() -> dict[str, type[StepBase]]:
    """Every step type by its name, in the order of the list above."""
    return {str(kind.__struct_config__.tag): kind for kind in get_args(Step)}

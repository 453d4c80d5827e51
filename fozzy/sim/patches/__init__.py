"""Puts a simulated machine in the place of everything a program can read: clocks, chance, names, streams, threads.

`install` goes first, before anything of the user's is imported. Each function it puts in place asks `context.current`
whose code runs: a machine answers, or, outside of the simulator, what stood there before. One module per family; a
new one has an `install` and is named below. Code of ours that needs true time beside user code asks `original`.
Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

from fozzy.sim.patches import clocks, identity, late, output, randomness
from fozzy.sim.patches.boot import importing
from fozzy.sim.patches.doors import original, sweep
from fozzy.sim.patches.fences import Fence, fence, is_fence
from fozzy.sim.patches.own import forget

__all__ = ["Fence", "fence", "forget", "importing", "install", "is_fence", "original"]


def install(*, settle_zone: bool = True) -> None:
    """Put all in place, once for this process. With `settle_zone` its time zone is UTC from now on, since a program
    can read that in more ways than can be watched."""
    late.install()
    clocks.install(settle_zone)
    randomness.install()
    identity.install()
    output.install()
    sweep()

"""Puts a simulated machine in the place of everything a program can read: clocks, chance, names, streams, threads.

`install` goes first, before anything of the user's is imported. Each function it puts in place asks `context.current`
whose code runs: a machine answers, or, outside of the simulator, what stood there before. One module per family; a
new one has an `install` and is named below. Code of ours that needs true time beside user code asks `original`.
Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

from typing import Any

from fozzy.sim.patches import (
    certificates,
    clocks,
    files,
    identity,
    late,
    natives,
    output,
    processes,
    randomness,
    sockets,
    threads,
)
from fozzy.sim.patches.boot import importing
from fozzy.sim.patches.doors import original, sweep
from fozzy.sim.patches.fences import Fence, asked_at, fence, is_fence
from fozzy.sim.patches.own import forget

__all__ = ["Fence", "asked_at", "fence", "forget", "importing", "install", "is_fence", "original"]


def install(*, socket_class: type[Any] | None = None, settle_zone: bool = True) -> None:
    """Put all in place, once for this process.

    `socket_class` inherits from `socket.socket`, and is what that makes where a machine runs; without it a socket is
    fenced there. With `settle_zone` the process has UTC for its time zone from now on: a program can read that in more
    ways than can be watched.
    """
    late.install()
    clocks.install(settle_zone)
    randomness.install()
    identity.install()
    files.install()
    output.install()
    threads.install()
    processes.install()
    sockets.install(socket_class)
    natives.install()
    certificates.install()
    sweep()

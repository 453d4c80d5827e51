"""Calls an async function of the user's in a world of its own: one machine, virtual time, what the seed draws.

A program of the interpreter that answers `call` steps; it is imported there after the patches.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.log import Log
from fozzy.core.outcome import StepFailed
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.sim.cluster import Cluster
from fozzy.sim.kernel import Pending
from fozzy.sim.loop import SimLoop, install_hooks
from fozzy.sim.patches import importing
from fozzy.sim.settings import ClusterSetting, NodeSetting
from fozzy.sim.user import UserCode
from fozzy.world.code.child import Refused
from fozzy.world.code.places import Places

NAME = "call"
DURATION_NS = 24 * 3600 * 10**9  # of virtual time, after which a call that is not done never will be


def call(function: Callable[..., Any], args: Any, seed: int, known: tuple[Places, list[int]]) -> Any:
    """What the function returns; the list is told the virtual nanoseconds it took. *Errors*: what it raises, or
    `Refused` when the simulator ends it."""
    places, spent = known
    user = UserCode(places, None, None, importing)
    choices = Choices(Seeded(seed), Clock(), Log(), Redactor(), 0)
    setting = ClusterSetting(nodes=(NodeSetting(name=NAME),), duration_ns=DURATION_NS)
    cluster = Cluster(setting, choices, user)
    install_hooks(cluster.kernel)
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _called(cluster, function, args)
    except StepFailed as failure:
        found = {"title": failure.title, "message": failure.message, "kind": failure.kind, "status": failure.status}
        raise Refused(found={**found, "details": failure.details}) from None
    finally:
        spent[0] = choices.clock.now
        cluster.close()
        if collecting:
            gc.enable()


def _called(cluster: Cluster, function: Callable[..., Any], args: Any) -> Any:
    node, pending = cluster.nodes[0], Pending(cluster.kernel)
    node.is_up = True
    loop = node.loop = SimLoop(node)

    def begin() -> None:
        made = function(**args) if isinstance(args, dict) else function(*args)
        loop.create_task(made).add_done_callback(done)

    def done(task: Any) -> None:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        pending.set(None if error is not None else task.result(), error)

    cluster.soon(node, begin)
    cluster.wait(pending)
    cluster.look_for_forgotten()
    if pending.error is not None:
        raise pending.error
    return pending.value

"""Runs functions as machines of a cluster in this process, without files, patches or an interpreter of user code."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from fozzy.core.choice import Choices, Source
from fozzy.core.clock import Clock
from fozzy.core.events import Draw, Event, Net, Record
from fozzy.core.log import Log
from fozzy.core.outcome import StepFailed
from fozzy.core.redact import Redactor
from fozzy.core.sources import Mutated, Seeded
from fozzy.sim.cluster import Cluster
from fozzy.sim.loop import SimLoop, install_hooks
from fozzy.sim.settings import ClusterSetting, LinkSetting, NodeSetting, Spread
from fozzy.sim.user import UserCode
from fozzy.world.code.child import Refused
from fozzy.world.code.places import Places


def _forget_writers() -> None:
    """A writer that is left over when a run ends is nothing to warn of."""
    true: Any = asyncio.StreamWriter.__del__  # type: ignore[attr-defined]

    def dropped(self: Any) -> None:
        if not isinstance(self._loop, SimLoop):
            true(self)

    asyncio.StreamWriter.__del__ = dropped  # type: ignore[attr-defined]


if hasattr(asyncio.StreamWriter, "__del__"):
    _forget_writers()

ROOT = str(Path(__file__).parent.parent)
MS = 10**6
S = 10**9

Main = Callable[..., Any]
Drive = Callable[[Cluster], Any]


class Functions(UserCode):
    """User code that is here already: targets are names of functions."""

    def __init__(self, functions: dict[str, Any]) -> None:
        super().__init__(Places([ROOT], ROOT), None)
        self._functions = functions

    def load(self, target: str) -> Any:
        if target not in self._functions:
            raise Refused(missing=f"nothing is called {target}")
        return self._functions[target]


class Played(NamedTuple):
    """What a run came to."""

    records: list[Record]
    found: StepFailed | None
    now_ns: int
    said: Any  # what `drive` returned

    def events(self, *names: str) -> list[tuple[str, dict[str, Any]]]:
        """The events of some names, or all, in order."""
        records = [each for each in self.records if isinstance(each, Event)]
        return [(each.name, each.fields) for each in records if not names or each.name in names]

    def labels(self) -> list[str]:
        """The label of each draw."""
        return [each.label for each in self.records if isinstance(each, Draw)]

    def net(self, *whats: str) -> list[Net]:
        """What arrived over the network."""
        records = [each for each in self.records if isinstance(each, Net)]
        return [each for each in records if not whats or each.what in whats]


def fixed(time_ns: int) -> Spread:
    """Always the same time."""
    return Spread(kind="fixed", low_ns=time_ns, high_ns=time_ns, mean_ns=time_ns)


def uniform(low_ns: int, high_ns: int) -> Spread:
    """Every time alike."""
    return Spread(kind="uniform", low_ns=low_ns, high_ns=high_ns, mean_ns=(low_ns + high_ns) // 2)


def linked(latency: Spread | int = MS, **more: Any) -> LinkSetting:
    """A link."""
    return LinkSetting(latency=fixed(latency) if isinstance(latency, int) else latency, **more)


def choices_of(seed: int | None = 1, source: Source | None = None) -> tuple[Choices, list[Record]]:
    """Choices that keep their records; without a seed every draw is the boring one."""
    records: list[Record] = []
    log = Log([records.extend])
    decides = source or (Mutated([]) if seed is None else Seeded(seed))
    return Choices(decides, Clock(), log, Redactor(()), 0), records


def setting_of(mains: tuple[Main, ...], **more: Any) -> ClusterSetting:
    """A cluster with a machine for each function."""
    nodes = tuple(NodeSetting(name=f"n{index}", kind="program", target=f"n{index}") for index in range(len(mains)))
    return ClusterSetting(**{"nodes": nodes, "link": linked(), **more})


def play(
    *mains: Main, seed: int | None = 1, source: Source | None = None, drive: Drive | None = None, **more: Any
) -> Played:
    """Run a function on each machine until the run ends; `drive` acts on the cluster between start and end."""
    choices, records = choices_of(seed, source)
    client, turned = more.pop("client", None), more.pop("turned", None)
    functions: dict[str, Any] = {f"n{index}": main for index, main in enumerate(mains)}
    if client is not None:
        functions["client"], more["client"] = client, "client"
    cluster = Cluster(setting_of(mains, **more), choices, Functions(functions), turned)
    hooks, found, said = sys.get_asyncgen_hooks(), None, None
    install_hooks(cluster.kernel)
    try:
        cluster.drives = drive is not None
        cluster.start()
        said = drive(cluster) if drive is not None else None
        cluster.settle()
        cluster.look_for_forgotten()
    except StepFailed as failure:
        found = failure
    finally:
        cluster.close()
        sys.set_asyncgen_hooks(*hooks)
        choices.log.flush()
    return Played(records, found, choices.clock.now, said)


def alone(program: Callable[[Callable[..., None]], Any], **more: Any) -> list[Any]:
    """What a program says on a machine of its own. Whatever is found is an error of the test."""
    said: list[Any] = []

    async def main() -> None:
        await program(lambda *what: said.append(what if len(what) != 1 else what[0]))

    played = play(main, **more)
    assert played.found is None, played.found
    return said


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop; only its time does not pass but jumps to what is due next."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        select = self._selector.select

        def jump(timeout: float | None = None) -> Any:
            found = select(timeout if timeout is None else 0)
            if not found and timeout:
                self.now += timeout
            return found

        self._selector.select = jump
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.now


def stock(program: Callable[[Callable[..., None]], Any]) -> list[Any]:
    """What a program says on asyncio's own loop."""
    said: list[Any] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: None)
        await program(lambda *what: said.append(what if len(what) != 1 else what[0]))

    loop = VirtualLoop()
    try:
        loop.run_until_complete(main())
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False
    finally:
        loop.close()
        gc.collect(0)
    return said

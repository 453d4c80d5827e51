"""Pointing: the line of the user's is told that had a record made, also when it comes with what he sent before."""

from __future__ import annotations

import sys
from typing import Any

from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.events import Net, Record
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.engine.cluster.pointing import PointingLog
from fozzy.sim.cluster import Cluster
from fozzy.sim.loop import install_hooks
from fozzy.sim.settings import ClusterSetting, NodeSetting
from fozzy.sim.user import UserCode
from fozzy.world.code.places import Places

NAMES = ("sender", "receiver")


USER = """import asyncio
async def sender():
    await asyncio.sleep(1)
    _, writer = await asyncio.open_connection("n1", 80)
    writer.write(b"hello")
    writer.close()
async def receiver():
    server = await asyncio.start_server(lambda reader, writer: None, port=80)
    await server.serve_forever()
"""
FOLDER = "/nonexistent/project"  # the user's; nothing is read from there


class Compiled(UserCode):
    """The functions of the text above, as if they stood in a file of the user's."""

    def __init__(self) -> None:
        super().__init__(Places([FOLDER], FOLDER), None)
        self._names: dict[str, Any] = {}
        exec(compile(USER, f"{FOLDER}/user.py", "exec"), self._names)

    def load(self, target: str) -> Any:
        return self._names[target]


def executed(log: Log) -> None:
    """Run both once, into this log."""
    choices = Choices(Seeded(3), Clock(), log, Redactor(()), 0)
    nodes = tuple(NodeSetting(name=f"n{index}", kind="program", target=name) for index, name in enumerate(NAMES))
    cluster = Cluster(ClusterSetting(nodes=nodes), choices, Compiled())
    hooks = sys.get_asyncgen_hooks()
    install_hooks(cluster.kernel)
    if isinstance(log, PointingLog):
        log.watch(cluster)
    try:
        cluster.start()
        cluster.settle()
    finally:
        cluster.close()
        sys.set_asyncgen_hooks(*hooks)
        log.flush()


def test_what_arrives_is_told_by_the_line_that_sent_it() -> None:
    """The number is that of the record in an ordinary execution, which watching does not change."""
    records: list[Record] = []
    executed(Log([records.extend]))
    number = next(index for index, each in enumerate(records) if isinstance(each, Net) and each.what == "data")
    log = PointingLog(number)
    executed(log)
    assert log.at == "user.py:5"
    assert log.buffer == []


def test_a_record_that_is_never_made_has_no_line() -> None:
    """Nothing is told of it."""
    log = PointingLog(10_000)
    executed(log)
    assert log.at == ""

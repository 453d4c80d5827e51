"""A worker executes one cluster after the other beside the user's code, each as if it were the only one."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fozzy.engine.cluster import worker
from fozzy.engine.cluster.worker import HangWatch, user_digest
from fozzy.world.code.places import Places

CHATTER = """
import asyncio, os, random, time, uuid
from dataclasses import dataclass
seen = []
counter = 0
@dataclass
class Note:
    text: str
async def main(node):
    global counter
    counter += 1
    print(node.name, counter, random.random(), time.time(), uuid.uuid4(), os.urandom(4).hex(), {"a", "b", "c"}, Note("x"))
    async def handler(reader, writer):
        seen.append(await reader.readline())
        writer.write(b"%d\\n" % len(seen))
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(handler, "0.0.0.0", 80)
    for peer in node.peers:
        await asyncio.sleep(random.random())
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(peer.host, 80), 1)
            writer.write(b"hello\\n")
            print(node.name, "told", await asyncio.wait_for(reader.readline(), 1))
            writer.close()
        except (OSError, TimeoutError) as error:
            print(node.name, type(error).__name__)
    await asyncio.sleep(random.random())
    server.close()
"""
FAULTS = [
    {"kind": "restart", "node": {"any": ["n0", "n1", "n2"]}, "at": {"within": ["0s", "2s"]}},
    {"kind": "partition", "between": [["n0"], ["n1", "n2"]], "at": {"within": ["0s", "1s"]}, "for": "500ms"},
]


def test_executions_in_one_process_are_those_in_fresh_ones(programs: Any, inside: Any) -> None:
    """Whatever ran before in it: modules, counters, randomness and sets begin anew for each machine and each start."""
    programs.write(CHATTER)
    run = programs.ready(node_count=3, faults=FAULTS)
    session = programs.session(run)
    seeds = [3, 1, 2, 3, 4, 3]
    one_after_the_other = [inside(session, run, seed) for seed in seeds]
    assert all(ran.findings == [] for ran in one_after_the_other)
    records = {seed: ran.records for seed, ran in zip(seeds, one_after_the_other, strict=True)}
    for seed, ran in zip(seeds, one_after_the_other, strict=True):
        assert ran.records == records[seed]
    for seed in (3, 4):
        assert inside(programs.session(run), run, seed).records == records[seed]
    assert records[1] != records[2]
    assert any("restart" in str(each) for each in records[3])


SHARED = """
count = 0
def main(node):
    global count
    count += 1
    print(count)
"""


def test_what_is_shared_is_one_for_all_nodes(programs: Any) -> None:
    """Only where the file says so."""
    programs.write(SHARED)
    assert programs(node_count=2).said() == ["1", "1"]
    assert programs(node_count=2, share=["m"]).said() == ["1", "2"]


LEAVES = """
import asyncio, os
async def endless(name):
    try:
        await asyncio.sleep(1000)
    finally:
        with open(name, "w") as file:
            file.write("a finally ran in the true world")
async def main(node):
    task = asyncio.create_task(endless(node.args["file"]))
    async def handler(reader, writer):
        await endless(node.args["file"])
    await asyncio.start_server(handler, "0.0.0.0", 80)
    await asyncio.sleep(2)
"""


def test_what_is_left_of_a_run_does_nothing_in_the_true_world(programs: Any, inside: Any, tmp_path: Any) -> None:
    """No `finally` of a program writes a file, sleeps or prints when its run is let go of."""
    mark = tmp_path / "mark"
    programs.write(
        LEAVES.replace('with open(name, "w") as file:', "import socket, time; time.sleep(30); socket.create_connection(('127.0.0.1', 9)); os.mkdir(name)")
        .replace('            file.write("a finally ran in the true world")\n', "")
    )  # fmt: skip
    run = programs.ready(args={"file": str(mark)}, faults=[{"kind": "crash", "node": "n0", "at": "1s"}])
    session = programs.session(run)
    began = time.monotonic()
    for seed in range(5):
        assert inside(session, run, seed).findings == []
    assert time.monotonic() - began < 25
    assert not mark.exists()


SIZES = """
import resource
import fozzy.engine.cluster.worker
fozzy.engine.cluster.worker.GARBAGE_MAX = 2000
first = main
async def main(node):
    await first(node)
    print("size", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_worker_that_runs_many_keeps_its_size(programs: Any, inside: Any) -> None:
    """Once garbage was collected a few times, further executions take no more memory."""
    programs.write(CHATTER + SIZES)
    run = programs.ready(node_count=2)
    session = programs.session(run)
    sizes = []
    for seed in range(120):
        ran = inside(session, run, seed)
        assert ran.findings == []
        sizes.append(max(int(line[5:]) for line in ran.said() if line.startswith("size ")))
    assert sizes[-1] - sizes[40] < 2_000, sizes[::10]


def test_a_digest_changes_with_the_users_files_alone(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are imported and below his folders, whatever their order."""
    import importlib

    monkeypatch.syspath_prepend(str(tmp_path))
    places = Places([str(tmp_path)], str(tmp_path))
    empty = user_digest(places)
    (tmp_path / "digested.py").write_text("x = 1")
    assert user_digest(places) == empty
    importlib.import_module("digested")
    first = user_digest(places)
    assert first != empty
    (tmp_path / "digested.py").write_text("x = 2")
    assert user_digest(places) != first
    assert user_digest(Places(["/nowhere"], "/nowhere")) == empty


def test_a_watch_raises_only_where_nothing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """While turns are made it asks for a sign of life; when none is made for the bound it raises where the code is."""
    from fozzy.sim import context
    from tests.sim.harness import choices_of, setting_of

    monkeypatch.setattr(worker, "TICK_S", 0.05)
    cluster = worker.Cluster(setting_of((lambda: None,)), choices_of()[0])
    watch, beats = HangWatch(), []
    watch.cluster, watch.beat = cluster, lambda: beats.append(1)
    node = cluster.nodes[0]
    with watch.over(2 * 10**8):
        time.sleep(0.3)
        assert cluster.kernel.beat is None
        cluster.kernel.enter(node)
        try:
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                cluster.kernel.turns += 1
            assert cluster.kernel.beat is watch.beat
            assert cluster.kernel.stirred
            with pytest.raises(BaseException) as hung:
                while time.monotonic() < until + 10:
                    pass
            assert "does not give control back" in str(hung.value)
        finally:
            cluster.kernel.leave()
    assert context.current is None
    assert cluster.found[0].title == "sim_hang"

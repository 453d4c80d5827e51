"""A cluster runs its programs until they are done, finds what goes wrong in them, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from typing import Any

import pytest

from fozzy.core.outcome import StepFailed
from fozzy.sim import context
from fozzy.sim.cluster import Cluster, Fence
from fozzy.sim.kernel import Pending
from tests.sim.harness import MS, S, choices_of, linked, play, setting_of, uniform


async def fails() -> None:
    raise ValueError("on purpose")


async def in_main() -> None:
    await asyncio.sleep(1)
    await fails()


async def in_a_forgotten_task() -> None:
    global KEPT
    KEPT = asyncio.create_task(fails())
    await asyncio.sleep(1)


async def in_a_task_that_is_dropped() -> None:
    asyncio.create_task(fails())
    await asyncio.sleep(1)


async def in_a_callback() -> None:
    def bad() -> None:
        raise ValueError("on purpose")

    asyncio.get_running_loop().call_later(0.5, bad)
    await asyncio.sleep(1)


async def in_a_protocol() -> None:
    class Bad(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            raise ValueError("on purpose")

    loop = asyncio.get_running_loop()
    await loop.create_server(Bad, port=80)
    transport, _ = await loop.create_connection(asyncio.Protocol, "localhost", 80)
    transport.write(b"x")
    await asyncio.sleep(1)


async def in_a_datagram_protocol() -> None:
    class Bad(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: Any) -> None:
            raise ValueError("on purpose")

    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Bad, ("0.0.0.0", 53))
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("localhost", 53))
    transport.sendto(b"x")
    await asyncio.sleep(1)


async def in_a_handler_of_a_server() -> None:
    async def handler(reader: Any, writer: Any) -> None:
        await fails()

    await asyncio.start_server(handler, port=80)
    await asyncio.open_connection("localhost", 80)
    await asyncio.sleep(1)


async def in_a_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(fails())


async def in_a_thread() -> None:
    def bad() -> None:
        raise ValueError("on purpose")

    await asyncio.to_thread(bad)


async def in_a_handler_of_exceptions() -> None:
    def handler(loop: Any, told: Any) -> None:
        raise ValueError("on purpose")

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(handler)
    loop.call_soon(lambda: 1 / 0)
    await asyncio.sleep(1)


def in_a_plain_function() -> None:
    raise ValueError("on purpose")


RAISE = [
    (in_main, "its program"), (in_a_forgotten_task, "a task nobody awaits"), (in_a_task_that_is_dropped, "a task"),
    (in_a_callback, "a callback"), (in_a_protocol, "a protocol"), (in_a_datagram_protocol, "a callback"),
    (in_a_handler_of_a_server, "a"), (in_a_group, "its program"), (in_a_thread, "its program"),
    (in_a_handler_of_exceptions, "a callback"), (in_a_plain_function, "a callback"),
]  # fmt: skip


@pytest.mark.parametrize(("main", "whose"), RAISE, ids=[main.__name__ for main, _ in RAISE])
def test_an_exception_that_nobody_handles_is_found(main: Any, whose: str) -> None:
    """Wherever it is raised, with its place; the run ends there."""
    found = play(main).found
    assert found is not None
    assert (found.title, found.kind, found.status) == ("node_exception", "checker", "fail")
    assert found.message.startswith(f"{whose} ") and " on n0 raised " in found.message
    assert "on purpose" in str(found.details) + found.message
    assert found.details["at"].startswith("sim/test_cluster.py:")
    assert found.at == "distributed.nodes.n0"


async def handled_by_its_own_handler() -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, _told: None)
    loop.call_soon(lambda: 1 / 0)
    await in_a_task_that_is_dropped()
    await in_a_protocol()
    await in_a_datagram_protocol()


async def handled_by_who_awaits() -> None:
    with pytest.raises(ValueError):
        await fails()
    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    task.exception()
    await asyncio.gather(fails(), return_exceptions=True)


async def exits() -> None:
    sys.exit(0)


async def exits_in_a_task() -> None:
    async def ends() -> None:
        raise SystemExit

    asyncio.create_task(ends())
    await asyncio.sleep(1)


@pytest.mark.parametrize("main", [handled_by_its_own_handler, handled_by_who_awaits, exits, exits_in_a_task, lambda: 3])
def test_what_is_handled_is_no_finding(main: Any) -> None:
    """Nor is an end that says it went well."""
    played = play(main)
    assert played.found is None
    assert [name for name, _ in played.events("node.exit")] == ["node.exit"]


async def exits_badly() -> None:
    sys.exit(3)


async def is_interrupted() -> None:
    raise KeyboardInterrupt


async def is_cancelled() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(1)


@pytest.mark.parametrize(
    ("main", "name"),
    [(exits_badly, "SystemExit"), (is_interrupted, "KeyboardInterrupt"), (is_cancelled, "CancelledError")],
)
def test_a_program_that_ends_otherwise_is_found(main: Any, name: str) -> None:
    """As an interpreter would end with a status that is not zero."""
    found = play(main).found
    assert found is not None
    assert found.title == "node_exception"
    assert f"its program on n0 raised {name}" in found.message


def test_the_first_finding_ends_the_run() -> None:
    """Nothing happens after the handle that found it."""
    told: list[str] = []

    async def main() -> None:
        asyncio.get_running_loop().call_soon(told.append, "after")
        await fails()

    async def other() -> None:
        await asyncio.sleep(2)
        told.append("later")

    played = play(main, other)
    assert played.found is not None
    assert "later" not in told
    assert played.now_ns == 0


def test_a_program_that_is_not_there_is_found() -> None:
    """By its name; nothing else runs."""
    choices, _ = choices_of()
    from tests.sim.harness import Functions

    cluster = Cluster(setting_of((lambda: None,)), choices, Functions({}))
    cluster.start()
    with pytest.raises(StepFailed) as found:
        cluster.settle()
    assert (found.value.title, found.value.kind) == ("node_not_found", "input_invalid")
    cluster.close()


def test_a_fence_ends_the_run_whatever_the_program_catches() -> None:
    """Also one that catches everything and goes on."""
    told: list[str] = []

    async def main() -> None:
        machine: Any = context.current
        for number in range(3):
            try:
                raise machine.fence("open", "no files here")
            except BaseException:
                told.append(f"caught {number}")
            await asyncio.sleep(0)

    found = play(main).found
    assert found is not None
    assert (found.title, found.kind) == ("sim_fenced", "input_invalid")
    assert "sim/test_cluster.py" in found.message and "no files here" in found.message
    assert told == ["caught 0"]
    assert not issubclass(Fence, Exception)


def test_a_hang_names_the_machine_and_the_bound() -> None:
    """What raises where the code is."""

    async def main() -> None:
        machine: Any = context.current
        raise machine.cluster.hung(machine, 5 * S)

    found = play(main).found
    assert found is not None
    assert (found.title, found.kind, found.status) == ("sim_hang", "hang", "timeout")
    assert "within 5s" in found.message


# When a run ends


async def serves(node: Any) -> None:
    """Serves, and beats meanwhile."""

    async def handler(reader: Any, writer: Any) -> None:
        writer.write(await reader.readline())

    server = await asyncio.start_server(handler, "0.0.0.0", node.port)
    node.state["beats"] = 0
    async with server:
        while True:
            await asyncio.sleep(1)
            node.state["beats"] += 1


async def works() -> None:
    await asyncio.sleep(5)


def test_programs_that_serve_run_to_the_duration_when_nothing_else_runs() -> None:
    """A cluster of servers that nobody drives."""
    assert play(serves, serves, duration_ns=20 * S).now_ns == 20 * S


def test_programs_that_serve_do_not_hold_what_drives() -> None:
    """Neither steps, nor programs that end."""
    assert play(serves, works, duration_ns=20 * S).now_ns == 5 * S
    assert play(serves, duration_ns=20 * S, drive=lambda cluster: cluster.tick(3 * S)).now_ns == 3 * S
    assert play(works, duration_ns=20 * S, drive=lambda cluster: cluster.tick(3 * S)).now_ns == 5 * S


def test_a_run_ends_when_nothing_is_on_the_wire() -> None:
    """What was sent last arrives."""

    async def sends(node: Any) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, ("0.0.0.0", 9)
        )
        if node.index:
            transport.sendto(b"last", ("n0", 9))
        else:
            await asyncio.Event().wait()

    def drive(cluster: Cluster) -> None:
        cluster.tick(S)

    played = play(sends, sends, link=linked(2 * S), drive=drive)
    assert played.now_ns == 2 * S
    assert len(played.net("datagram")) == 1


def test_workloads_hold_a_run() -> None:
    """Until they are done."""

    def drive(cluster: Cluster) -> None:
        pending = Pending(cluster.kernel)
        cluster.workloads.append(pending)
        cluster.kernel.later(7 * S, lambda _arg: pending.set())

    assert play(serves, drive=drive).now_ns == 7 * S


def test_a_step_that_waits_for_ever_is_a_deadlock() -> None:
    """The links that are cut and hold something are named."""

    async def asks(node: Any) -> None:
        await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("n0", 80)
        await asyncio.sleep(1)
        writer.write(b"line\n")
        await reader.readline()

    async def answers(node: Any) -> None:
        async def handler(reader: Any, writer: Any) -> None:
            writer.write(await reader.readline())

        await (await asyncio.start_server(handler, "0.0.0.0", 80)).serve_forever()

    def drive(cluster: Cluster) -> None:
        cluster.kernel.later(S // 2, lambda _arg: cluster.cut([cluster.nodes[0]], [cluster.nodes[1]]))
        cluster.wait(Pending(cluster.kernel))

    found = play(answers, asks, drive=drive).found
    assert found is not None
    assert found.title == "deadlock"
    assert "n1>n0" in found.message
    assert {each["node"] for each in found.details["stacks"]} == {"n0", "n1"}


def test_a_tick_past_the_duration_is_a_failure() -> None:
    """And one to its end is not."""
    assert play(works, drive=lambda cluster: cluster.tick(10 * S), duration_ns=10 * S).found is None
    found = play(works, drive=lambda cluster: cluster.tick(11 * S), duration_ns=10 * S).found
    assert found is not None
    assert found.title == "duration"


# What is left


def test_what_a_program_prints_is_an_event() -> None:
    """Without what differs from run to run."""

    async def main() -> None:
        machine: Any = context.current
        machine.say(f"hello {object()}")

    assert play(main).events("node.said") == [("node.said", {"node": "n0", "text": "hello <object object at 0x…>"})]


def test_nothing_of_a_program_that_lost_power_runs() -> None:
    """No `finally`, no `except`, no generator's end, no callback, while the run goes on; not even when it is dropped."""
    told: list[str] = []

    class Dropped:
        def __del__(self) -> None:
            told.append("deleted")

    async def count() -> Any:
        try:
            yield 1
            await asyncio.sleep(100)
        finally:
            told.append("generator")

    async def child() -> None:
        try:
            async for _ in count():
                await asyncio.sleep(100)
        except BaseException:
            told.append("except")
            raise
        finally:
            told.append("finally")

    async def main(node: Any) -> None:
        kept = Dropped()
        tasks = [asyncio.create_task(child()) for _ in range(2)]
        asyncio.get_running_loop().call_later(0.2, told.append, "timer")
        async with asyncio.timeout(50):
            try:
                await asyncio.gather(*tasks)
            finally:
                told.append("finally of main")
        del kept

    def drive(cluster: Cluster) -> list[str]:
        cluster.tick(100 * MS)
        cluster.crash(cluster.nodes[0])
        cluster.tick(S)
        gc.collect()
        cluster.restart(cluster.nodes[0])
        cluster.tick(50 * MS)
        cluster.restart(cluster.nodes[0])
        cluster.tick(50 * MS)
        gc.collect()
        return list(told)

    assert play(main, drive=drive).said == []


async def busy(node: Any) -> None:
    """Streams, datagrams, tasks, timers and generators, some of which are never ended."""
    loop = asyncio.get_running_loop()

    async def handler(reader: Any, writer: Any) -> None:
        while line := await reader.readline():
            writer.write(line)

    server = await asyncio.start_server(handler, "0.0.0.0", 80)
    await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("0.0.0.0", 9))
    await asyncio.sleep(0.01)
    for peer in node.peers:
        reader, writer = await asyncio.open_connection(peer.host, 80)
        writer.write(b"hello\n")
        await reader.readline()
    asyncio.create_task(asyncio.sleep(100)).add_done_callback(print)
    loop.call_later(50, print)
    node.state["all"] = [node, server, reader, writer]
    await server.serve_forever()


def once(seed: int = 1) -> None:
    """A run with a crash in it."""

    def drive(cluster: Cluster) -> None:
        cluster.tick(100 * MS)
        cluster.cut([cluster.nodes[0]], [cluster.nodes[1]])
        cluster.crash(cluster.nodes[1])
        cluster.restart(cluster.nodes[1])
        cluster.tick(100 * MS)

    assert play(busy, busy, seed=seed, drive=drive, link=linked(uniform(MS, 3 * MS))).found is None


def test_a_run_leaves_nothing_behind() -> None:
    """After many runs there are no more objects and no more memory than after a few."""
    for seed in range(5):
        once(seed)
    gc.collect()
    tracemalloc.start()
    try:
        before, size = len(gc.get_objects()), tracemalloc.get_traced_memory()[0]
        for seed in range(60):
            once(seed)
        gc.collect()
        assert len(gc.get_objects()) - before < 300
        assert tracemalloc.get_traced_memory()[0] - size < 100_000
    finally:
        tracemalloc.stop()


def test_a_run_that_is_over_is_not_in_asyncios_register() -> None:
    """Tasks of many runs have the same hashes: left there, each new one would be slower to register."""
    gone: list[Any] = []

    def drive(cluster: Cluster) -> None:
        cluster.tick(100 * MS)
        gone.extend(node.loop for node in cluster.nodes)
        assert all(len(asyncio.all_tasks(loop)) > 2 for loop in gone)

    assert play(busy, busy, drive=drive).found is None
    assert [len(asyncio.all_tasks(loop)) for loop in gone] == [0, 0]


def test_several_errors_of_a_group_are_told_by_the_first() -> None:
    """And how many more there are."""

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(fails())

    found = play(main).found
    assert found is not None
    assert "raised ValueError: on purpose" in found.message
    assert found.message.endswith("and 2 more in its group")

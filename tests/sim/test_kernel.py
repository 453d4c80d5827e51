"""Time moves only when nobody can run; who runs next, and what arrives first, is a choice only where it matters."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections import Counter
from typing import Any

import pytest

from fozzy.core.events import Draw
from fozzy.core.sources import Seeded
from fozzy.gate.checks.commuting import difference
from fozzy.sim import context, kernel
from fozzy.sim.cluster import Cluster
from fozzy.sim.kernel import Pending
from tests.sim.harness import MS, S, alone, choices_of, linked, play, setting_of, uniform


async def pings(node: Any) -> None:
    """Each machine sends a datagram to each other one, all at once, and then works a little."""
    loop = asyncio.get_running_loop()

    class Keeps(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, address: Any) -> None:
            node.state.setdefault("got", []).append(data.decode())

    transport, _ = await loop.create_datagram_endpoint(Keeps, ("0.0.0.0", 9))
    await asyncio.sleep(0.1)
    for peer in node.peers:
        transport.sendto(node.name.encode(), (peer.host, 9))
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.sleep(1)


def test_time_never_goes_back_and_jumps_over_what_is_empty() -> None:
    """The times of the records never fall, and an hour of sleep is no work."""

    async def main() -> None:
        for _ in range(10):
            await asyncio.sleep(360)

    played = play(main, pings, link=linked(uniform(0, 5 * MS)), duration_ns=10_000 * S)
    times = [record.t for record in played.records]
    assert times == sorted(times)
    assert played.now_ns == 3600 * S


def test_time_stands_still_while_anybody_can_run() -> None:
    """Whatever runs without waiting takes no time."""

    async def program(say: Any) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(1000):
            await asyncio.sleep(0)
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(100)))
        say(loop.time() - began)

    assert alone(program) == [0.0]


def test_machines_that_cannot_see_each_other_are_no_choice() -> None:
    """Where every link takes time, which machine runs first at an instant is not drawn; with zero latency it is."""
    slow = play(pings, pings, pings, link=linked(MS))
    fast = play(pings, pings, pings, link=linked(0))
    mixed = play(pings, pings, pings, link=linked(MS), links={("n0", "n1"): linked(0)})
    shared = play(pings, pings, pings, link=linked(MS), share=("shop",))
    for played, drawn in ((slow, False), (fast, True), (mixed, True), (shared, True)):
        assert played.found is None
        assert ("sched.node" in played.labels()) is drawn


def test_what_arrives_at_one_instant_from_several_is_drawn() -> None:
    """Two machines' datagrams that arrive at the same instant come in either order; zero is the lowest number."""
    seen: Counter[tuple[str, ...]] = Counter()

    def order(seed: int | None) -> tuple[str, ...]:
        got: list[Any] = []

        def drive(cluster: Cluster) -> None:
            cluster.tick(500 * MS)
            got.extend(cluster.nodes[2].state["got"])

        played = play(pings, pings, pings, seed=seed, drive=drive)
        assert "sched.arrive.n2" in played.labels()
        return tuple(got)

    for seed in range(20):
        seen[order(seed)] += 1
    assert set(seen) == {("n0", "n1"), ("n1", "n0")}
    assert order(None) == ("n0", "n1")


def test_machines_in_another_order_do_the_same() -> None:
    """Where they commute, each machine's own records are the same whichever ran first; what is shared shows."""
    for turned in ((), ("n0", "n2"), ("n1", "n2")):
        usual, other = (play(pings, pings, pings, turned=each) for each in (None, turned))
        assert len(usual.records) > 10 and difference(usual.records, other.records) is None
    counted: list[int] = []

    async def counting(node: Any) -> None:
        await asyncio.sleep(1)
        counted.append(node.index)

    def order(turned: tuple[str, ...] | None) -> list[int]:
        counted.clear()
        assert play(counting, counting, counting, turned=turned).found is None
        return counted.copy()

    assert order(None) == [0, 1, 2] and order(()) == [2, 1, 0]
    assert order(("n0", "n2")) == [2, 0, 1] and order(("n0", "n1")) == [1, 0, 2]
    assert order(("n1", "n2")) == [0, 2, 1]


def test_a_step_goes_on_when_the_instant_is_over() -> None:
    """Who waits for one machine sees what the others did at the same instant, whichever ran first."""
    done: list[str] = []

    async def main(node: Any) -> None:
        await asyncio.sleep(1)
        done.append(node.name)

    def waited(turned: tuple[str, ...] | None) -> list[str]:
        done.clear()

        def drive(cluster: Cluster) -> list[str]:
            pending = Pending(cluster.kernel)
            cluster.kernel.at(S, cluster.nodes[0], 7, lambda _arg: pending.set(), None)
            cluster.wait(pending)
            return sorted(done)

        return play(main, main, turned=turned, drive=drive).said  # type: ignore[no-any-return]

    assert waited(None) == waited(()) == ["n0", "n1"]


def test_what_arrives_from_one_machine_at_one_instant_keeps_its_order() -> None:
    """And is no choice."""

    async def main(node: Any) -> None:
        got: list[int] = []

        class Keeps(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, address: Any) -> None:
                got.append(data[0])

        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Keeps, ("0.0.0.0", 9))
        await asyncio.sleep(0.1)
        if node.index:
            for number in range(5):
                transport.sendto(bytes([number]), ("n0", 9))
        await asyncio.sleep(1)
        assert node.index or got == [0, 1, 2, 3, 4]

    played = play(main, main)
    assert played.found is None
    assert played.labels() == []


async def several(say: Any) -> None:
    loop = asyncio.get_running_loop()

    async def work(name: str) -> None:
        for turn in range(3):
            say(name, turn)
            await asyncio.sleep(0)

    class Counts:
        number = 7  # no task, though it has a number

        def tick(self, which: int) -> None:
            say("tick", which)

    tasks = [asyncio.create_task(work(name)) for name in "abc"]
    for which in range(4):
        loop.call_soon(Counts().tick, which)
    future = loop.create_future()
    future.add_done_callback(lambda _done: say("set"))
    loop.call_soon(future.set_result, 1)
    await asyncio.wait(tasks)


def test_the_order_within_a_machine_is_explored_on_demand() -> None:
    """With `schedule_intra` any task may go first; other callbacks keep their order, and zero is asyncio's order."""
    plain = alone(several)
    orders = set()
    for seed in range(30):
        said = alone(several, seed=seed, schedule_intra=True)
        orders.add(tuple(said))
        assert [each for each in said if each[0] == "tick"] == [("tick", which) for which in range(4)]
        for name in "abc":
            assert [each for each in said if each[0] == name] == [(name, turn) for turn in range(3)]
        assert sorted(map(str, said)) == sorted(map(str, plain))
    assert len(orders) > 10
    assert alone(several, seed=None, schedule_intra=True) == plain


class Choosy(Seeded):
    """A schedule: it is shown who may go on."""

    def __init__(self) -> None:
        super().__init__(1)
        self.shown: dict[str, list[list[int]]] = {}

    def choose(self, label: str, who: Any) -> int:
        self.shown.setdefault(label, []).append(list(who))
        return len(who) - 1


def test_a_schedule_sees_who_may_go_on() -> None:
    """Tasks by their own numbers and everything else as zero; machines by theirs."""
    source = Choosy()
    alone(several, source=source, schedule_intra=True)
    shown = source.shown["sched.n0"]
    assert all(len(who) == len(set(who)) > 1 for who in shown)
    assert {number for who in shown for number in who} == {0, 2, 3, 4}  # main, 1, waits
    source = Choosy()
    play(pings, pings, source=source, link=linked(0))
    assert {number for who in source.shown["sched.node"] for number in who} == {0, 1}


def test_a_program_that_never_waits_is_a_livelock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended after a bound of steps, with the stack of each task."""
    monkeypatch.setattr(kernel, "LIVELOCK_STEPS", 2000)

    async def spin() -> None:
        while True:
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.sleep(0.1)
        await spin()

    async def other() -> None:
        await asyncio.sleep(5)

    for link in (linked(MS), linked(0)):
        found = play(main, other, link=link).found
        assert found is not None
        assert (found.title, found.kind, found.status) == ("livelock", "hang", "fail")
        assert "n0" in found.message
        assert [each["node"] for each in found.details["stacks"]] == ["n0", "n1"]
        assert any("spin" in frame and "test_kernel.py" in frame for frame in found.details["stacks"][0]["stack"])


def test_a_deadlock_is_told_with_every_stack() -> None:
    """Nothing can happen any more and a program waits."""

    async def waits_for_nobody() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        await asyncio.gather(waits_for_nobody(), asyncio.sleep(1))

    found = play(main).found
    assert found is not None
    assert (found.title, found.kind) == ("deadlock", "hang")
    stacks = found.details["stacks"]
    assert len(stacks) == 2
    assert any("waits_for_nobody" in frame for frame in stacks[1]["stack"])


def test_a_run_ends_at_its_duration() -> None:
    """A program that goes on is not waited for; a step that waits is a failure."""

    async def main() -> None:
        while True:
            await asyncio.sleep(1)

    played = play(main, duration_ns=10 * S)
    assert played.found is None
    assert played.now_ns == 10 * S

    def drive(cluster: Cluster) -> None:
        cluster.wait(Pending(cluster.kernel))

    found = play(main, drive=drive, duration_ns=10 * S).found
    assert found is not None
    assert (found.title, found.status) == ("duration", "timeout")
    assert found.details["stacks"][0]["node"] == "n0"


def test_steps_are_bounded() -> None:
    """More steps than allowed end the run."""

    async def main() -> None:
        for _ in range(1000):
            await asyncio.sleep(0.001)

    def drive(cluster: Cluster) -> None:
        cluster.kernel.steps_max = 100
        cluster.tick(S)

    found = play(main, drive=drive).found
    assert found is not None
    assert (found.title, found.kind) == ("steps_limit", "limit")


def test_a_blocking_call_delays_its_machine_alone() -> None:
    """Its own clock is ahead at once; what arrives for it meanwhile waits; others go on."""
    told: list[Any] = []

    async def blocks() -> None:
        loop = asyncio.get_running_loop()

        async def beside() -> None:
            while True:
                told.append(("beside", round(loop.time() - 1000, 3)))
                await asyncio.sleep(0.3)

        task = loop.create_task(beside())
        await asyncio.sleep(0.1)
        machine = context.current
        assert machine is not None
        machine.block(S)
        told.append(("blocked", round(loop.time() - 1000, 3), machine.now_ns()))
        await asyncio.sleep(0.25)
        told.append(("slept", round(loop.time() - 1000, 3)))
        task.cancel()

    async def other() -> None:
        for _ in range(3):
            await asyncio.sleep(0.25)
            told.append(("other", round(asyncio.get_running_loop().time() - 1000, 3)))

    assert play(blocks, other).found is None
    assert told == [
        ("beside", 0.0), ("blocked", 1.1, 1_100_000_000), ("other", 0.25), ("other", 0.5), ("other", 0.75),
        ("beside", 1.1), ("slept", 1.35),
    ]  # fmt: skip


def test_a_machine_that_blocks_and_is_paused_waits_for_both() -> None:
    """Whichever lasts longer."""

    def run(resume_ms: int) -> list[float]:
        told: list[float] = []

        async def main() -> None:
            await asyncio.sleep(0.1)
            context.current.block(S)  # type: ignore[union-attr]
            await asyncio.sleep(0)
            told.append(round(asyncio.get_running_loop().time() - 1000, 3))

        def drive(cluster: Cluster) -> None:
            node = cluster.nodes[0]
            cluster.kernel.later(200 * MS, lambda _arg: cluster.pause(node))
            cluster.kernel.later(resume_ms * MS, lambda _arg: cluster.resume(node))

        assert play(main, drive=drive).found is None
        return told

    assert run(500) == [1.1]
    assert run(3000) == [3.0]


def test_cancelled_timers_are_swept_out() -> None:
    """A million timers that are made and cancelled leave nothing behind."""

    async def main(node: Any) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(100):
            for _ in range(100):
                loop.call_later(1000, print, bytes(1000)).cancel()
            await asyncio.sleep(0.001)

    sizes: list[int] = []

    def drive(cluster: Cluster) -> None:
        cluster.tick(50 * MS)
        sizes.append(len(cluster.kernel._due))

    tracemalloc.start()
    try:
        assert play(main, drive=drive).found is None
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert sizes[0] <= kernel.PURGE_MIN + 110


def test_the_same_seed_makes_the_same_records() -> None:
    """And another one others."""

    def records(seed: int) -> list[Any]:
        return play(pings, pings, pings, seed=seed, link=linked(uniform(0, 3 * MS), loss=0.1, duplicate=0.1)).records

    assert records(5) == records(5)
    assert len({str(records(seed)) for seed in range(5)}) == 5


def test_a_draw_under_one_label_shifts_no_other() -> None:
    """A program that draws more changes nothing elsewhere."""

    def draws(count: int) -> dict[str, list[int]]:
        async def main(node: Any) -> None:
            machine = context.current
            assert machine is not None
            for _ in range(count if node.index == 0 else 1):
                machine.bits(8)
                machine.entropy(3)
            await pings(node)

        drawn: dict[str, list[int]] = {}
        for record in play(main, main, link=linked(uniform(MS, 3 * MS))).records:
            if isinstance(record, Draw):
                drawn.setdefault(record.label, []).append(record.value)
        return drawn

    few, many = draws(1), draws(4)
    assert set(few) == set(many)
    changed = {label for label in few if few[label] != many[label]}
    assert changed == {"random.n0", "entropy.n0"}
    assert "net.latency.n0>n1" in few


def test_who_halts_first_says_why() -> None:
    """A run that is over runs no further."""
    choices, _ = choices_of()
    cluster = Cluster(setting_of((lambda: None,)), choices)
    why: list[int] = []
    cluster.kernel.halt(lambda: why.append(1))
    cluster.kernel.halt(lambda: why.append(2))
    cluster.kernel.later(S, lambda _arg: why.append(3))
    assert cluster.kernel.run(10 * S) == "halted"
    assert cluster.kernel.halted is not None
    cluster.kernel.halted()
    assert why == [1]


def test_what_is_pending_is_done_once() -> None:
    """The first end counts, and is told once."""
    choices, _ = choices_of()
    cluster = Cluster(setting_of((lambda: None,)), choices)
    pending, told = Pending(cluster.kernel), []
    pending.then = lambda done: told.append((done.value, done.error))
    pending.set(1)
    pending.set(2, ValueError())
    assert told == [(1, None)]
    assert cluster.kernel.run(S, pending) == "done"
    assert cluster.kernel.clock.now == 0


def test_a_turn_that_is_interrupted_goes_on_as_it_was() -> None:
    """Whoever has a look at a run between two turns changes nothing of it."""

    def records(curious: bool) -> list[Any]:
        beats: list[int] = []

        def drive(cluster: Cluster) -> None:
            def look() -> None:
                beats.append(1)
                cluster.kernel.beat = look
                cluster.kernel.stirred = True

            if curious:
                look()
            cluster.tick(S)

        played = play(pings, pings, pings, drive=drive, link=linked(uniform(0, 3 * MS)), schedule_intra=True)
        assert len(beats) > 10 or not curious
        return played.records

    assert records(True) == records(False)

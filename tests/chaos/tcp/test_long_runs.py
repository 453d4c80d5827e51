"""A day of toxics, thousands of connections, toxics taken away under load: nothing is left behind, nothing hangs."""

from __future__ import annotations

import gc
import os
import random
import socket
import sys
import threading
import time
from functools import partial

import pytest
import trio
import trio.testing
from msgspec.structs import replace

from fozzy.chaos.http.descriptors import make_room
from fozzy.chaos.tcp.alarms import Alarm
from fozzy.chaos.tcp.parts import TcpParts
from fozzy.chaos.tcp.relay import Relay
from fozzy.chaos.tcp.running import running
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.core.events import Record
from fozzy.core.wires import Connected
from fozzy.faults.tcp.grip import Grip
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import TcpPlan, Toxic
from tests.chaos.tcp.harness import Server, descriptors, exactly, pair, plan_of, run, until

DAY_S = 24 * 3600
EVERY_S = 20 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 300  # a connection
BLOCKS_MAX = 5000  # of memory that a day may leave more than four hours: tallies of toxics, what Python keeps
TURNS = 3
ALL = [
    Toxic(type="latency", attributes={"latency": 700, "jitter": 300}),
    Toxic(type="latency", stream="upstream", attributes={"latency": 20_000}, rate=0.2),
    Toxic(type="bandwidth", attributes={"rate": 1}),
    Toxic(type="slow_close", attributes={"delay": 5000}),
    Toxic(type="timeout", attributes={"timeout": 4000}, toxicity=0.2),
    Toxic(type="reset_peer", attributes={"timeout": 2500}, toxicity=0.2),
    Toxic(type="reset_peer", stream="upstream", every=7),
    Toxic(type="slicer", attributes={"average_size": 20, "size_variation": 5, "delay": 100_000}),
    Toxic(type="limit_data", attributes={"bytes": 300}),
    Toxic(type="limit_time", attributes={"time": 3000}, toxicity=0.3),
    Toxic(type="packet_loss", attributes={"loss_rate": 0.1}),
    Toxic(type="partition", toxicity=0.1),
    Toxic(type="half_close", toxicity=0.2),
    Toxic(type="drop_reply", rate=0.1, attributes={"end": "hang"}),
    Toxic(type="down", window=("10m", "20m")),
]


class Day:
    """A day of one proxy, in a time of its own: a server, clients one after the other, other toxics every hour."""

    def __init__(self) -> None:
        self.parts: TcpParts
        self.records = 0
        self.ended_by: set[str] = set()
        self.sizes: dict[
            int, tuple[int, int, int, int]
        ] = {}  # by hour: descriptors, tasks, objects of ours, blocks of memory
        self._random = random.Random(5)

    def hear(self, record: Record) -> None:
        """Count connections."""
        if isinstance(record, Connected):
            self.records += 1
            self.ended_by.add(record.by)

    async def live(self) -> None:
        """All of it."""
        async with trio.open_nursery() as nursery:
            (listener,) = await nursery.start(partial(trio.serve_tcp, self._serve, 0, host="127.0.0.1"))
            port = listener.socket.getsockname()[1]
            self.parts = TcpParts(TcpSettings(plan=plan_of(f"127.0.0.1:{port}"), seed=7))
            self.parts.session.listeners.append(self.hear)
            async with running(self.parts.settings, self.parts) as found:
                for hour in range(24):
                    await self._toxics(hour)
                    for _ in range(3600 // EVERY_S):
                        nursery.start_soon(self._visit, found.address("p"))
                        await trio.sleep(EVERY_S)
                    if hour in (3, 23):
                        await self._measure(hour)
            nursery.cancel_scope.cancel()

    async def _toxics(self, hour: int) -> None:
        chosen = self._random.sample(ALL, 3)
        toxics = [replace(toxic, name=f"t{hour}_{number}") for number, toxic in enumerate(chosen)]
        plan: TcpPlan = self.parts.engine.plan
        await self.parts.session.change(
            replace(plan, proxies=[replace(each, toxics=toxics) for each in plan.proxies]), "changed"
        )

    async def _measure(self, hour: int) -> None:
        """With no toxic and nobody there."""
        plan = self.parts.engine.plan
        await self.parts.session.change(replace(plan, proxies=[replace(plan.proxies[0], toxics=[])]), "changed")
        await trio.sleep(600)
        gc.collect()
        ours = sum(isinstance(each, Relay | Link | Message | Grip) for each in gc.get_objects())
        alarms = sum(isinstance(each, Alarm) for each in gc.get_objects())
        tasks = trio.lowlevel.current_statistics().tasks_living
        self.sizes[hour] = (descriptors(), tasks, ours + alarms, sys.getallocatedblocks())

    async def _serve(self, stream: trio.SocketStream) -> None:
        """Say everything back, and leave who says nothing for an hour."""
        try:
            async with stream:
                with trio.move_on_after(300):
                    async for data in stream:
                        await stream.send_all(data * 5)
        except trio.BrokenResourceError:
            pass

    async def _visit(self, address: tuple[str, int]) -> None:
        """A client that asks a few times, a second apart, and is patient for ten."""
        try:
            async with await trio.open_tcp_stream(*address) as stream:
                for _ in range(TURNS):
                    await stream.send_all(b"q" * 40)
                    with trio.move_on_after(10):
                        await stream.receive_some(1000)
                    await trio.sleep(1)
        except (OSError, trio.BrokenResourceError):
            pass


def test_a_day_of_toxics_leaves_nothing() -> None:
    """After a day there are as many sockets, tasks and objects as after four hours, and no more memory."""
    gc.collect()  # what other tests left to it would count
    before = descriptors()
    day = Day()
    trio.run(day.live, clock=trio.testing.MockClock(autojump_threshold=0))
    assert not day.parts.doors.loop.bugs
    assert day.records > DAY_S / EVERY_S * 0.6
    assert "client" in day.ended_by and any(by.startswith("t") for by in day.ended_by), day.ended_by
    (early, late) = day.sizes.values()
    assert late[:3] == early[:3] and late[2] <= 4
    assert late[3] - early[3] < BLOCKS_MAX, (early, late)
    assert descriptors() <= before


def test_two_thousand_connections() -> None:
    """They are open at once, each is answered, and all are gone afterwards."""
    make_room(8192)
    server = Server()
    accepted: list[socket.socket] = []

    def serve() -> None:
        for _ in range(2000):
            accepted.append(server.accept())

    with run(plan_of(server.address)) as found:
        thread = threading.Thread(target=serve)
        thread.start()
        clients = [found.connect() for _ in range(2000)]
        thread.join()
        for number, client in enumerate(clients):
            client.sendall(number.to_bytes(4))
        for sock in accepted:
            sock.sendall(exactly(sock, 4))
        assert [int.from_bytes(exactly(client, 4)) for client in clients] == list(range(2000))
        assert found.on_loop(lambda: len(found.parts.doors.listeners["p"].relays)) == 2000
        for sock in [*clients, *accepted]:
            sock.close()
        found.wait(2000)
    server.close()


HOLDING = [
    Toxic(type="latency", stream="upstream", attributes={"latency": 3_600_000}),
    Toxic(type="bandwidth", stream="upstream", attributes={"rate": 1}),
    Toxic(type="slicer", stream="upstream", attributes={"average_size": 5000, "delay": 1_000_000}),
    Toxic(type="packet_loss", stream="upstream", attributes={"loss_rate": 0.9}),
    Toxic(type="slow_close", stream="upstream", attributes={"delay": 3_600_000}),
    Toxic(type="limit_data", stream="upstream", attributes={"bytes": 1 << 40}),
]


@pytest.mark.parametrize("toxic", HOLDING, ids=lambda toxic: toxic.type)
def test_to_take_a_toxic_away_under_load_never_hangs(toxic: Toxic) -> None:
    """While a client sends more than is held, the toxic goes, at once, and every byte arrives."""
    blob = random.Random(4).randbytes(12 << 20)
    with pair(toxic) as (found, client, server):
        sender = threading.Thread(target=client.sendall, args=(blob,))
        sender.start()
        until(lambda: found.on_loop(lambda: _received(found)) > 0)
        began = time.monotonic()
        found.toxics()
        assert time.monotonic() - began < 5
        assert exactly(server, len(blob)) == blob
        sender.join()


def _received(found: object) -> int:
    (relay,) = found.parts.doors.listeners["p"].relays  # type: ignore[attr-defined]
    return int(relay.link.flows["upstream"].bytes)

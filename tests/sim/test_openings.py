"""A stream is opened, refused, or given up when nobody answers for as long as Linux waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fozzy.sim.cluster import Cluster
from fozzy.sim.openings import CONNECT_NS_MAX
from tests.sim.harness import MS, S, linked, play


async def listen(handler: Any, port: int = 80) -> None:
    """Serve until the end."""
    server = await asyncio.start_server(handler, "0.0.0.0", port)
    await server.serve_forever()


def server_of(handler: Any) -> Any:
    """A machine that serves."""

    async def main() -> None:
        await listen(handler)

    return main


@pytest.mark.parametrize("port", [81, 8080])
def test_nobody_listens(port: int) -> None:
    """A connection to a port nobody listens on is refused after a round trip."""
    told: list[Any] = []

    async def nothing() -> None:
        await asyncio.sleep(1)

    async def client() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(ConnectionRefusedError) as refused:
            await asyncio.open_connection("n0", port)
        told.append((refused.value.errno, round(loop.time() - 1000, 3)))

    assert play(nothing, client, link=linked(5 * MS)).found is None
    assert told == [(111, 0.01)]


def connects_to_nobody(drive: Any, **more: Any) -> list[Any]:
    """What becomes of a connection, and when."""
    told: list[Any] = []

    async def client() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.01)
        try:
            await asyncio.open_connection("n0", 80)
            told.append(("connected", round(loop.time() - 1000.01)))
        except OSError as error:
            told.append((type(error).__name__, round(loop.time() - 1000.01)))

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    played = play(server_of(handler), client, drive=drive, duration_ns=1000 * S, **more)
    assert played.found is None
    return told


def test_a_machine_that_is_down_does_not_answer() -> None:
    """A connection to it times out after what Linux waits, in virtual time."""
    told = connects_to_nobody(lambda cluster: cluster.crash(cluster.nodes[0]))
    assert told == [("TimeoutError", CONNECT_NS_MAX // S)]


def test_a_machine_that_comes_back_answers() -> None:
    """Who tries on gets through when the machine is back."""

    def drive(cluster: Cluster) -> None:
        cluster.crash(cluster.nodes[0])
        cluster.kernel.later(60 * S, lambda _arg: cluster.restart(cluster.nodes[0]))

    ((what, when),) = connects_to_nobody(drive)
    assert what == "connected"
    assert 60 <= when < 127


@pytest.mark.parametrize("way", ["both", "there", "back", "under way"])
def test_a_connection_under_a_partition_times_out(way: str) -> None:
    """Also when only one way is cut, or when it is cut while the first segment travels."""

    def drive(cluster: Cluster) -> None:
        n0, n1 = cluster.nodes
        if way == "under way":
            cluster.kernel.later(12 * MS, lambda _arg: cluster.cut([n0], [n1]))
        else:
            cluster.cut([n1] if way == "there" else [n0], [n0] if way == "there" else [n1], oneway=way != "both")

    assert connects_to_nobody(drive, link=linked(5 * MS)) == [("TimeoutError", 127)]


def test_a_connection_under_a_partition_goes_on_when_it_is_mended() -> None:
    """What is held is sent when the link is mended."""

    def drive(cluster: Cluster) -> None:
        cluster.cut([cluster.nodes[0]], [cluster.nodes[1]])
        cluster.kernel.later(30 * S, lambda _arg: cluster.heal_all())

    assert connects_to_nobody(drive) == [("connected", 30)]


def test_a_server_is_told_when_nobody_waits_for_its_connection_any_more() -> None:
    """A connection that was given up while its answer travelled is reset; nobody waits for ever."""
    told: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            told.append(f"read {await reader.read()!r}")
        except ConnectionResetError:
            told.append("reset")

    for limit in (0.001, 0.0015, 0.0025, 0.003, 0.0035):
        told.clear()

        async def client() -> None:
            await asyncio.sleep(0.01)
            try:
                await asyncio.wait_for(asyncio.open_connection("n0", 80), limit)
                told.append("connected")
            except TimeoutError:
                told.append("timeout")
            await asyncio.sleep(1)

        assert play(server_of(handler), client, link=linked(1_500_000), drive=lambda _cluster: None).found is None
        assert told[0] in ("timeout", "connected")
        assert told[0] == "connected" or told[1:] in ([], ["reset"], ["read b''"])

"""Servers are asyncio's: they listen, stop listening, and know their streams."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from fozzy.sim.cluster import Cluster
from tests.sim.harness import S, alone, play


async def quiet(reader: Any, writer: Any) -> None:
    """Reads to the end."""
    await reader.read()
    writer.close()


async def lives(say: Any) -> None:
    server = await asyncio.start_server(quiet, "0.0.0.0", 80, start_serving=False)
    say(server.is_serving(), len(server.sockets))
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("localhost", 80)
    await server.start_serving()
    await server.start_serving()
    say(server.is_serving(), server.sockets[0].getsockname()[1], server.get_loop() is asyncio.get_running_loop())
    _, writer = await asyncio.open_connection("localhost", 80)
    task = asyncio.create_task(server.serve_forever())
    await asyncio.sleep(0.1)
    with pytest.raises(RuntimeError):
        await server.serve_forever()
    server.close()
    server.close()
    await asyncio.wait([task])
    say(task.cancelled(), server.is_serving(), server.sockets)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("localhost", 80)
    waits = asyncio.create_task(server.wait_closed())
    await asyncio.sleep(0.1)
    say(waits.done())
    writer.close()
    await asyncio.sleep(0.1)
    say(waits.done())
    with pytest.raises(RuntimeError):
        await server.serve_forever()
    again = await asyncio.start_server(quiet, "0.0.0.0", 80)
    say(again.is_serving())
    again.close()
    await again.wait_closed()


def test_a_server_lives_as_asyncios_does() -> None:
    """It refuses before and after, ends `serve_forever` when it is closed, and gives its port back."""
    told = alone(lives)
    assert told == [
        (False, 1), (True, 80, True), (True, False, ()), sys.version_info < (3, 12), True, True,
    ]  # fmt: skip


async def ended(say: Any) -> None:
    server = await asyncio.start_server(quiet, port=0)
    port = server.sockets[0].getsockname()[1]
    say(port > 1024)
    reader, writer = await asyncio.open_connection("localhost", port)
    other, _ = await asyncio.open_connection("localhost", port)
    server.close()
    server.close_clients()  # type: ignore[attr-defined]
    say(await reader.read())
    server.abort_clients()  # type: ignore[attr-defined]
    say(await other.read())
    async with await asyncio.start_server(quiet, port=81) as served:
        task = asyncio.create_task(served.serve_forever())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        say(served.is_serving())


def test_streams_of_a_server_can_be_ended() -> None:
    """As Python 3.13 has it; cancelling `serve_forever` closes the server."""
    assert alone(ended) == [True, b"", b"", False]


def test_a_connection_to_a_server_that_has_just_closed_is_reset() -> None:
    """It was accepted by the machine and nobody took it."""
    told: list[str] = []

    async def server() -> None:
        made = await asyncio.start_server(quiet, "0.0.0.0", 80)
        asyncio.get_running_loop().call_later(0.011, made.close)
        await asyncio.sleep(1)

    async def client() -> None:
        await asyncio.sleep(0.01)
        try:
            reader, _ = await asyncio.open_connection("n0", 80)
            told.append(repr(await asyncio.wait_for(reader.read(), 0.5)))
        except OSError as error:
            told.append(type(error).__name__)

    for seed in range(10):
        assert play(server, client, seed=seed).found is None
    assert set(told) <= {"ConnectionResetError", "ConnectionRefusedError", "TimeoutError"}
    assert len(set(told)) > 1


def test_a_crash_frees_the_ports() -> None:
    """The program that starts again may listen on the same one."""

    async def main() -> None:
        server = await asyncio.start_server(quiet, "0.0.0.0", 80)
        await server.serve_forever()

    def drive(cluster: Cluster) -> None:
        for _ in range(3):
            cluster.tick(S)
            assert list(cluster.nodes[0].listeners) == [80]
            cluster.crash(cluster.nodes[0])
            assert not cluster.nodes[0].listeners
            cluster.restart(cluster.nodes[0])

    assert play(main, drive=drive).found is None

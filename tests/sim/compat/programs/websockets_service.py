"""websockets: server and client.

Many clients of one room, a broadcast, messages in fragments and large ones with compression, pings that find out that
nobody is there any more, a client that connects anew by itself after a partition and a power cut, a slow close.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

URL = "ws://server:80/room"


async def server(node: Any) -> None:
    """A room: what one says, all hear."""
    room: dict[int, ServerConnection] = {}

    async def joined(connection: ServerConnection) -> None:
        number = len(room) + 1
        room[number] = connection
        try:
            async for message in connection:
                if message == "large":
                    await connection.send(["x" * 50_000, "y" * 50_000])
                else:
                    broadcast(list(room.values()), json.dumps({"from": number, "said": message}))
        except ConnectionClosed:
            pass
        finally:
            del room[number]

    async with serve(joined, "0.0.0.0", node.port, ping_interval=2, ping_timeout=2):
        await asyncio.get_running_loop().create_future()


async def client(node: Any) -> None:
    """Three in the room, then one that stays through everything."""
    await asyncio.sleep(0.5)
    together = asyncio.Barrier(3)
    heard = await asyncio.gather(*[visit(word, together) for word in ("one", "two", "three")])
    assert all(each == ["one", "three", "two"] for each in heard), heard
    await patience()
    await stubborn()


async def visit(word: str, together: asyncio.Barrier) -> list[str]:
    """Say one word and hear three."""
    async with connect(URL, proxy=None) as connection:
        pong = await connection.ping()
        await pong
        await together.wait()
        await connection.send(word)
        heard = [json.loads(await connection.recv())["said"] for _ in range(3)]
        await together.wait()
        return sorted(heard)


async def patience() -> None:
    """A large message, one that does not come, and a wait that is cancelled."""
    async with connect(URL, proxy=None) as connection:
        await connection.send("large")
        assert len(await connection.recv()) == 100_000
        try:
            async with asyncio.timeout(0.3):
                await connection.recv()
            raise AssertionError("nobody says anything")
        except TimeoutError:
            pass
        waits = asyncio.ensure_future(connection.recv())
        await asyncio.sleep(0.1)
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        await connection.send("after")
        assert json.loads(await connection.recv())["said"] == "after"


async def stubborn() -> None:
    """Speak until thirty seconds are over, with as many connections as it takes."""
    loop, said, connections = asyncio.get_running_loop(), 0, 0
    begun = loop.time()
    async for connection in connect(URL, proxy=None, open_timeout=2, ping_interval=1, ping_timeout=1, close_timeout=1):
        connections += 1
        try:
            while loop.time() - begun < 30:
                await connection.send(f"word {said}")
                assert json.loads(await connection.recv())["said"] == f"word {said}"
                said += 1
                await asyncio.sleep(0.5)
            await connection.close()
            break
        except ConnectionClosed as closed:
            print("lost", type(closed).__name__)
    assert said > 10 and connections > 1, (said, connections)
    print("done", said, connections)

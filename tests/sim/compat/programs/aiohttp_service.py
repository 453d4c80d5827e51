"""aiohttp: server and client.

Requests with JSON, keep-alive, a pool that is full, a streamed answer, an upload in parts, a WebSocket, a timeout of
the client, a request that is cancelled, a server that loses its power and comes back.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
from aiohttp import web

BASE = "http://server:80"


async def server(node: Any) -> None:
    """Serve until the end."""
    app = web.Application(middlewares=[counted])
    app.add_routes(
        [
            web.get("/hello/{name}", hello),
            web.post("/sum", total),
            web.post("/upload", upload),
            web.get("/stream", stream),
            web.get("/slow", slow),
            web.get("/ws", chat),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", node.port).start()
    await asyncio.Event().wait()


@web.middleware
async def counted(request: web.Request, handler: Any) -> web.StreamResponse:
    """Count requests, so that a new life of the server shows."""
    answer: web.StreamResponse = await handler(request)
    return answer


async def hello(request: web.Request) -> web.Response:
    """A short answer after a while."""
    await asyncio.sleep(0.05)
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return web.json_response({"hello": request.match_info["name"], "connection": peer[1] if peer else 0})


async def total(request: web.Request) -> web.Response:
    """Add what was sent."""
    return web.json_response({"sum": sum(await request.json())})


async def upload(request: web.Request) -> web.Response:
    """Count the bytes of every part."""
    sizes = {}
    async for part in await request.multipart():
        sizes[part.name] = len(await part.read())
    return web.json_response(sizes)


async def stream(request: web.Request) -> web.StreamResponse:
    """Ten pieces, one after the other."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    for number in range(10):
        await answer.write(b"piece %d\n" % number)
        await asyncio.sleep(0.01)
    await answer.write_eof()
    return answer


async def slow(request: web.Request) -> web.Response:
    """An answer nobody has the patience for."""
    await asyncio.sleep(30)
    return web.Response(text="late")


async def chat(request: web.Request) -> web.WebSocketResponse:
    """Answer each message."""
    socket = web.WebSocketResponse(heartbeat=5)
    await socket.prepare(request)
    async for message in socket:
        if message.data == "bye":
            await socket.close()
        else:
            await socket.send_str(f"you said {message.data}")
    return socket


async def client(node: Any) -> None:
    """Use the server in every way, then once more after it came back."""
    await asyncio.sleep(0.5)
    connector = aiohttp.TCPConnector(limit=2)
    async with aiohttp.ClientSession(BASE, connector=connector, timeout=aiohttp.ClientTimeout(total=2)) as session:
        answers = await asyncio.gather(*[get(session, f"/hello/n{number}") for number in range(6)])
        assert [each["hello"] for each in answers] == [f"n{number}" for number in range(6)]
        assert len({each["connection"] for each in answers}) == 2, "two connections are used again and again"
        async with session.post("/sum", json=[1, 2, 3]) as answer:
            assert (await answer.json()) == {"sum": 6}
        await parts(session)
        await patience(session)
        await talk(session)
        async with session.get("/stream") as answer:
            assert [line async for line in answer.content] == [b"piece %d\n" % number for number in range(10)]
        print("used", [each["connection"] for each in answers])
    await after_power_cut()


async def get(session: aiohttp.ClientSession, path: str) -> Any:
    """One answer."""
    async with session.get(path) as answer:
        assert answer.status == 200
        return await answer.json()


async def parts(session: aiohttp.ClientSession) -> None:
    """Send a form in parts."""
    form = aiohttp.FormData()
    form.add_field("note", "x" * 100)
    form.add_field("file", b"y" * 100_000, filename="a.bin", content_type="application/octet-stream")
    async with session.post("/upload", data=form) as answer:
        assert (await answer.json()) == {"note": 100, "file": 100_000}


async def patience(session: aiohttp.ClientSession) -> None:
    """Give up on an answer, and cancel another."""
    try:
        await get(session, "/slow")
        raise AssertionError("it is too slow")
    except TimeoutError:
        pass
    asked = asyncio.ensure_future(get(session, "/slow"))
    await asyncio.sleep(0.1)
    asked.cancel()
    assert isinstance((await asyncio.gather(asked, return_exceptions=True))[0], asyncio.CancelledError)


async def talk(session: aiohttp.ClientSession) -> None:
    """Speak over a WebSocket."""
    async with session.ws_connect("/ws") as socket:
        for word in ("one", "two"):
            await socket.send_str(word)
            assert (await socket.receive()).data == f"you said {word}"
        await socket.send_str("bye")
        assert (await socket.receive()).type == aiohttp.WSMsgType.CLOSE


async def after_power_cut() -> None:
    """Ask until ten seconds are over, through the power cut."""
    loop, good, bad = asyncio.get_running_loop(), 0, 0
    begun = loop.time()
    async with aiohttp.ClientSession(BASE, timeout=aiohttp.ClientTimeout(total=1)) as session:
        while loop.time() - begun < 10:
            try:
                await get(session, "/hello/again")
                good += 1
            except (aiohttp.ClientError, TimeoutError):
                bad += 1
            await asyncio.sleep(0.5)
        assert (await get(session, "/hello/last"))["hello"] == "last"
    assert good and bad, (good, bad)
    print("done", good, bad)

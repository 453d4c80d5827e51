"""FastAPI under uvicorn, and httpx: asynchronous and synchronous endpoints.

Validation, dependencies, a lifespan, work in the background, a streamed answer and a streamed upload, a WebSocket
(served through the package websockets), a pool of connections that is full, a timeout, a request that is cancelled, a
server that loses its power and comes back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import anyio._backends._asyncio  # noqa: F401  httpx imports these when it is first used: here they come once
import httpcore  # noqa: F401
import httpx
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

BASE = "http://server:80"


class Order(BaseModel):
    """What a client orders."""

    item: str
    count: int = 1


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What the application has while it runs."""
    app.state.orders = {}
    app.state.mailed = []
    yield


app = FastAPI(lifespan=lifespan)


def session() -> Iterator[dict[str, str]]:
    """A dependency that is no coroutine and cleans up: it runs in a worker thread."""
    made = {"opened": "yes"}
    yield made
    made["opened"] = "no"


@app.post("/orders/{key}", status_code=201)
async def order(key: str, wanted: Order, request: Request, later: BackgroundTasks) -> dict[str, Any]:
    """Take an order, and mail later."""
    if key in request.app.state.orders:
        raise HTTPException(409, f"{key} was ordered")
    request.app.state.orders[key] = wanted
    await asyncio.sleep(0.01)
    later.add_task(mail, request.app, key)
    return {"key": key, "count": wanted.count}


async def mail(application: FastAPI, key: str) -> None:
    """It takes a while."""
    await asyncio.sleep(0.2)
    application.state.mailed.append(key)


@app.get("/orders")
def orders(request: Request, opened: Annotated[dict[str, str], Depends(session)]) -> dict[str, Any]:
    """An endpoint that is no coroutine: it runs in a worker thread."""
    time.sleep(0.02)
    return {"orders": sorted(request.app.state.orders), "mailed": request.app.state.mailed, **opened}


@app.get("/stream")
def stream() -> StreamingResponse:
    """Pieces of a generator that is no coroutine."""
    return StreamingResponse((f"piece {number}\n" for number in range(5)), media_type="text/plain")


@app.get("/events")
async def events() -> StreamingResponse:
    """Events, one after the other, without an end."""

    async def ticks() -> AsyncIterator[str]:
        number = 0
        while True:
            yield f"data: {number}\n\n"
            number += 1
            await asyncio.sleep(0.1)

    return StreamingResponse(ticks(), media_type="text/event-stream")


@app.post("/size")
async def size(request: Request) -> dict[str, int]:
    """How much was sent."""
    return {"size": sum([len(part) async for part in request.stream()])}


@app.get("/slow")
async def slow() -> str:
    """An answer nobody has the patience for."""
    await asyncio.sleep(30)
    return "late"


@app.get("/broken")
async def broken() -> str:
    """The program fails, and the server goes on."""
    raise ValueError("broken")


@app.websocket("/ws")
async def chat(socket: WebSocket) -> None:
    """Answer each message."""
    await socket.accept()
    try:
        while True:
            await socket.send_text(f"you said {await socket.receive_text()}")
    except WebSocketDisconnect:
        pass


async def client(node: Any) -> None:
    """Use the server in every way, then once more after it came back."""
    await asyncio.sleep(1)
    limits = httpx.Limits(max_connections=2, max_keepalive_connections=2)
    async with httpx.AsyncClient(base_url=BASE, limits=limits, timeout=2, verify=False) as session:
        answers = await asyncio.gather(
            *[session.post(f"/orders/k{n}", json={"item": "x", "count": n}) for n in range(6)]
        )
        assert [each.json()["count"] for each in answers] == list(range(6))
        assert (await session.post("/orders/k0", json={"item": "x"})).status_code == 409
        assert (await session.post("/orders/k9", json={"count": "many"})).status_code == 422
        assert (await session.get("/broken")).status_code == 500
        await asyncio.sleep(0.5)
        known = (await session.get("/orders")).json()
        assert known["orders"] == sorted(known["mailed"]) == [f"k{n}" for n in range(6)], known
        both = await asyncio.gather(session.get("/orders"), session.get("/orders"), session.get("/orders"))
        assert all(each.json()["opened"] == "yes" for each in both)
        assert (await session.get("/stream")).text == "".join(f"piece {n}\n" for n in range(5))
        await streams(session)
        await patience(session)
    await talk()
    await after_power_cut()


async def streams(session: httpx.AsyncClient) -> None:
    """Read some of what has no end, and send what is made while it is sent."""
    async with session.stream("GET", "/events") as answer:
        heard = []
        async for line in answer.aiter_lines():
            heard.append(line)
            if line == "data: 5":
                break
    assert [line for line in heard if line] == [f"data: {n}" for n in range(6)]

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"z" * 20_000
            await asyncio.sleep(0)

    assert (await session.post("/size", content=parts())).json() == {"size": 400_000}


async def patience(session: httpx.AsyncClient) -> None:
    """Give up on an answer, cancel another, and wait in vain for a connection."""
    try:
        await session.get("/slow", timeout=0.5)
        raise AssertionError("it is too slow")
    except httpx.ReadTimeout:
        pass
    taken = [asyncio.ensure_future(session.get("/slow", timeout=20)) for _ in range(2)]
    await asyncio.sleep(0.2)
    try:
        await session.get("/orders", timeout=httpx.Timeout(1, pool=0.3))
        raise AssertionError("there are two")
    except httpx.PoolTimeout:
        pass
    for each in taken:
        each.cancel()
    ended = await asyncio.gather(*taken, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)
    assert (await session.get("/orders")).status_code == 200


async def talk() -> None:
    """Speak over a WebSocket."""
    from websockets.asyncio.client import connect

    async with connect("ws://server:80/ws", proxy=None) as socket:
        for word in ("one", "two"):
            await socket.send(word)
            assert await socket.recv() == f"you said {word}"


async def after_power_cut() -> None:
    """Ask until ten seconds are over, through the power cut."""
    loop, good, bad = asyncio.get_running_loop(), 0, 0
    begun = loop.time()
    async with httpx.AsyncClient(
        base_url=BASE, timeout=1, transport=httpx.AsyncHTTPTransport(retries=1, verify=False)
    ) as session:
        while loop.time() - begun < 10:
            try:
                (await session.get("/orders")).raise_for_status()
                good += 1
            except httpx.HTTPError as error:
                bad += 1
                print("lost", type(error).__name__)
            await asyncio.sleep(0.5)
        assert (await session.get("/orders")).json()["orders"] == [], "a new life remembers nothing"
    assert good and bad, (good, bad)
    print("done", good, bad)

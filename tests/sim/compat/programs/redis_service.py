"""redis-py asyncio: against a small Redis.

Commands, a pipeline, a transaction that watches and loses, a pool that is full and waits, a blocking pop that is
cancelled, publish and subscribe, timeouts and retries through a partition and a power cut of the server.
"""

from __future__ import annotations

import asyncio
from typing import Any

from redis import asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as LostError
from redis.exceptions import TimeoutError as LateError
from redis.exceptions import WatchError


async def client(node: Any) -> None:
    """Use it in every way, then through a power cut."""
    await asyncio.sleep(0.5)
    pool = redis.BlockingConnectionPool(host="server", port=80, max_connections=2, timeout=5, decode_responses=True)
    async with redis.Redis(connection_pool=pool) as store:
        await simple(store)
        await asyncio.gather(*[store.incr("hits") for _ in range(10)])
        assert await store.get("hits") == "10"
        await transactions(store)
    await pool.disconnect()
    await queue()
    await news()
    await stubborn()


async def simple(store: Any) -> None:
    """Commands one by one and in a row."""
    assert await store.ping()
    assert await store.set("a", "1", ex=1)
    assert await store.set("a", "2", nx=True) is None
    assert await store.get("a") == "1"
    await asyncio.sleep(1.5)
    assert await store.get("a") is None
    async with store.pipeline(transaction=False) as pipe:
        for number in range(5):
            pipe.set(f"k{number}", number)
        pipe.mget([f"k{number}" for number in range(5)])
        assert (await pipe.execute())[-1] == ["0", "1", "2", "3", "4"]
    assert await store.delete("k0", "k1", "none") == 2


async def transactions(store: Any) -> None:
    """Two that read and write the same: one of them must try again."""

    async def add(lost: list[int]) -> None:
        async with store.pipeline() as pipe:
            while True:
                try:
                    await pipe.watch("sum")
                    value = int(await pipe.get("sum") or 0)
                    pipe.multi()
                    pipe.set("sum", value + 1)
                    await pipe.execute()
                    return
                except WatchError:
                    lost.append(value)

    lost: list[int] = []
    await asyncio.gather(add(lost), add(lost))
    assert await store.get("sum") == "2"
    print("lost", lost)


async def queue() -> None:
    """A worker that waits for work, and one that is cancelled while it waits."""
    async with redis.Redis(host="server", port=80) as store:
        waits = asyncio.ensure_future(store.blpop(["work"], timeout=10))
        await asyncio.sleep(0.2)
        async with redis.Redis(host="server", port=80) as other:
            await other.rpush("work", "dig")
        assert list(await waits) == [b"work", b"dig"]
        waits = asyncio.ensure_future(store.blpop(["work"], timeout=10))
        await asyncio.sleep(0.2)
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        assert await store.set("after", "cancel")


async def news() -> None:
    """Publish and subscribe."""
    async with redis.Redis(host="server", port=80, decode_responses=True) as store, store.pubsub() as heard:
        await heard.subscribe("news")
        assert (await heard.get_message(timeout=5))["type"] == "subscribe"
        assert await store.publish("news", "rain") == 1
        assert (await heard.get_message(timeout=5))["data"] == "rain"
        assert await heard.get_message(timeout=0.5) is None


async def stubborn() -> None:
    """Go on through a partition and a power cut, with retries of the library's own."""
    retry = Retry(ExponentialBackoff(cap=1, base=0.1), 3)
    store = redis.Redis(
        host="server", port=80, socket_timeout=0.5, socket_connect_timeout=0.5, retry=retry,
        retry_on_error=[LostError, LateError],
    )  # fmt: skip
    loop, good, bad = asyncio.get_running_loop(), 0, 0
    begun = loop.time()
    async with store:
        while loop.time() - begun < 25:
            try:
                await store.incr("stubborn")
                good += 1
            except (LostError, LateError):
                bad += 1
            await asyncio.sleep(0.5)
        assert int(await store.get("stubborn")) > 0
    assert good and bad, (good, bad)
    print("done", good, bad)

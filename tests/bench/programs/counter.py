"""Two machines that add to a number in Redis through redis-py: each reads it, adds, and writes it back."""

from __future__ import annotations

import asyncio
from typing import Any

import redis.asyncio

LATER_S = 0.02  # the second comes when the first is done, unless the network is slow


async def add(node: Any) -> None:
    """Add one, and be sure that it is there."""
    await asyncio.sleep(LATER_S * node.index)
    store = redis.asyncio.Redis(host="redis", port=6379, protocol=2)
    seen = int(await store.get("sum") or 0)
    await store.set("sum", seen + 1)
    await store.incrby("added", 1)
    await store.aclose()


async def check(node: Any) -> None:
    """When both are done, none of what they added is lost."""
    await asyncio.sleep(1)
    store = redis.asyncio.Redis(host="redis", port=6379, protocol=2)
    added, total = int(await store.get("added")), int(await store.get("sum"))
    await store.aclose()
    assert total == added, f"{added} added, {total} there"

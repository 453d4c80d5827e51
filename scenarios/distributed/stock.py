"""A stock kept in Redis, counted by several clients at once through redis-py.

`add` reads the number, adds to it and writes it back: what another client wrote in between is lost. `add_at_once` lets
Redis do all three as one command.
"""

import redis.asyncio


class Client:
    """How the scenario speaks to Redis. Every client of a workload has one of its own."""

    def __init__(self, node):
        self.redis = redis.asyncio.Redis(host=node.host, port=node.port, protocol=2)

    async def add(self, count):
        """The bug: read, modify, write."""
        stock = int(await self.redis.get("stock") or 0)
        await self.redis.set("stock", stock + count)
        return stock + count

    async def add_at_once(self, count):
        """The same as one command."""
        return await self.redis.incrby("stock", count)


def nothing_lost(cluster):
    """The check: what clients were told is added is there."""
    added = sum(op.args["count"] for op in cluster.history if op.ok)
    return int(cluster.node("redis").state["data"].get("stock", 0)) >= added

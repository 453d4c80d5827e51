"""Programs of the cluster animals. Each fails for a reason that is planted, and nearby for another one."""

import asyncio
import time

LATE_S = 0.7
FAR_TOO_LATE_S = 3.0


async def _serve(node, handle):
    async with await asyncio.start_server(handle, "0.0.0.0", node.port) as server:
        await server.serve_forever()


async def watcher(node):
    """Looks at its clock; it may be late, and far too late is something else."""
    node.peers[0]  # alone it fails otherwise
    last = time.monotonic()
    for _ in range(200):
        await asyncio.sleep(0.02)
        now = time.monotonic()
        if now - last > FAR_TOO_LATE_S:
            raise RuntimeError("far too late")
        if now - last > LATE_S:
            raise TimeoutError("late")
        last = now


async def idler(node):
    """Does some work that nobody needs, and says what it was given."""
    node.state["tag"] = (node.args or {}).get("tag")
    for _ in range(10):
        await asyncio.sleep(0.1)


def no_rotten(cluster):
    """One tag is rotten; without any tag there is nothing to judge."""
    tags = [each.state["tag"] for each in cluster.nodes if "tag" in each.state]
    if cluster.now_ns and not tags:
        raise LookupError("no tags")
    return "rotten" not in tags


async def counter(node):
    """Keeps a number for clients that read and write it."""
    node.state["n"] = 0

    async def handle(reader, writer):
        while line := await reader.readline():
            word, *rest = line.split()
            if word == b"SET":
                node.state["n"] = int(rest[0])
            writer.write(b"%d\n" % node.state["n"])
        writer.close()

    await _serve(node, handle)


async def reader(node):
    """Takes a line, and cannot bear one byte in it, nor an empty one."""

    async def handle(reader, writer):
        while line := await reader.readline():
            text = line.rstrip(b"\n")
            if not text:
                raise LookupError("an empty line")
            if b"!" in text:
                raise ValueError("no shouting")
            writer.write(b"%d\n" % len(text))
        writer.close()

    await _serve(node, handle)


async def greeter(node):
    """Connects to the others, and later greets them, one after the other, and waits for each answer."""
    if node.index:

        async def handle(reader, writer):
            writer.write(await reader.readline())
            writer.close()

        await _serve(node, handle)
    else:
        streams = [await asyncio.open_connection(peer.host, peer.port) for peer in node.peers]
        await asyncio.sleep(1)
        for reader, writer in streams:
            writer.write(b"hello\n")
            if await reader.readline() != b"hello\n":
                raise ConnectionError("no answer")


class Client:
    """Speaks to counters and readers."""

    def __init__(self, node):
        self.node, self.streams = node, None

    async def _ask(self, line):
        if self.streams is None:
            self.streams = await asyncio.open_connection(self.node.host, self.node.port)
        reader, writer = self.streams
        writer.write(line)
        return int(await reader.readline())

    async def add(self, amount):
        """Read, add, write: two at once lose one."""
        value = await self._ask(b"GET\n")
        return await self._ask(b"SET %d\n" % (value + amount))

    async def look(self):
        """Read."""
        return await self._ask(b"GET\n")

    async def send(self, text):
        """Write a line."""
        return await self._ask(text.encode() + b"\n")


def nothing_lost(cluster):
    """What was added is there; of one client alone nobody can tell."""
    adds = [each for each in cluster.history if each.op == "add"]
    if any(not each.end_ns for each in adds):
        return True
    if len({each.client for each in adds}) == 1:
        raise LookupError("one client")
    return cluster.nodes[0].state["n"] == sum(each.args["amount"] for each in adds)

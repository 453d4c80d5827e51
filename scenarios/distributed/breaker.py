"""A client with a circuit breaker (purgatory) in front of a service that goes down.

After three failures in a row the breaker opens: for 60 seconds nobody is asked at all. Then one call is let through; if
it succeeds the breaker closes again. In virtual time these seconds cost nothing.
"""

import asyncio

from purgatory import AsyncCircuitBreakerFactory

TIMEOUT_S = 1


async def service(node):
    """Answers whoever connects, and counts them for the check."""
    node.state["asked"] = 0

    async def answer(reader, writer):
        node.state["asked"] += 1
        writer.write(b"hello\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "0.0.0.0", node.port)
    await server.serve_forever()


class Client:
    def __init__(self, node):
        self.node = node
        self.breakers = AsyncCircuitBreakerFactory(default_threshold=3, default_ttl=60)

    async def ask(self):
        """Ask the service, unless the breaker is open."""
        async with await self.breakers.get_breaker("service"):
            async with asyncio.timeout(TIMEOUT_S):
                reader, writer = await asyncio.open_connection(self.node.host, self.node.port)
                line = await reader.readline()
                writer.close()
                return line.decode().strip()

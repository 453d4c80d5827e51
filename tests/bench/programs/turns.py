"""Two machines: one answers a line, the other asks three times."""

from __future__ import annotations

import asyncio
from typing import Any


async def server(node: Any) -> None:
    """Answer until the end."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async with await asyncio.start_server(answer, "0.0.0.0", node.port) as listening:
        await listening.serve_forever()


async def client(node: Any) -> None:
    """Ask."""
    reader, writer = await asyncio.open_connection("server", 80)
    for number in range(3):
        writer.write(b"%d\n" % number)
        assert int(await reader.readline()) == number
    writer.close()

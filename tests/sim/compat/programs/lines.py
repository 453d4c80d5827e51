"""A server that answers lines, and its client: what programs speak whose library has no network of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


async def serve_lines(node: Any, answer: Callable[[str], str], **more: Any) -> None:
    """Answer each line until the end."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(answer(line.decode().strip()).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(connected, "0.0.0.0", node.port, **more) as listening:
        await listening.serve_forever()


async def ask(host: str, line: str, port: int = 80, **more: Any) -> str:
    """One line and its answer. *Errors*: `OSError`."""
    reader, writer = await asyncio.open_connection(host, port, **more)
    try:
        writer.write(line.encode() + b"\n")
        answer = await reader.readline()
        if not answer:
            raise ConnectionResetError("no answer")
        return answer.decode().strip()
    finally:
        writer.close()

"""The loop's `sock_*` calls work on simulated sockets."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fozzy.sim.sockets import SimSocket
from tests.sim.harness import linked, play


async def echo() -> None:
    """Answers in capitals, then ends; resets when it is told to."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            if data == b"reset":
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                await asyncio.sleep(1)
                writer.close()  # with something that it has not read
                return
            writer.write(data.upper())
        writer.close()

    await (await asyncio.start_server(handler, "0.0.0.0", 80)).serve_forever()


def client_of(body: Any) -> Any:
    """A machine that connects a socket."""

    async def main() -> None:
        await asyncio.sleep(0.01)
        loop: Any = asyncio.get_running_loop()
        sock = SimSocket()
        sock.setblocking(False)
        await loop.sock_connect(sock, ("n0", 80))
        await body(loop, sock)

    return main


def test_bytes_go_both_ways() -> None:
    """Whole, in parts, and into a buffer."""

    async def body(loop: Any, sock: Any) -> None:
        assert sock.getpeername() == ("10.0.0.1", 80)
        await loop.sock_sendall(sock, b"hello world")
        assert await loop.sock_recv(sock, 5) == b"HELLO"
        assert await loop.sock_recv(sock, 100) == b" WORLD"
        await loop.sock_sendall(sock, b"again")
        buffer = bytearray(3)
        assert await loop.sock_recv_into(sock, buffer) == 3
        assert bytes(buffer) == b"AGA"
        sock.shutdown(1)
        assert await loop.sock_recv(sock, 100) == b"IN"
        assert await loop.sock_recv(sock, 100) == b""
        sock.close()

    assert play(echo, client_of(body)).found is None


def test_a_reset_is_an_error() -> None:
    """To who reads and to who writes."""

    async def body(loop: Any, sock: Any) -> None:
        await loop.sock_sendall(sock, b"reset")
        await asyncio.sleep(0.1)
        await loop.sock_sendall(sock, b"unread")
        with pytest.raises(ConnectionResetError):
            await loop.sock_recv(sock, 100)
        with pytest.raises(ConnectionResetError):
            await loop.sock_sendall(sock, b"more")

    assert play(echo, client_of(body)).found is None


def test_a_large_piece_waits_for_room() -> None:
    """`sock_sendall` comes back when all of it is on its way."""
    total = 2_000_000

    async def body(loop: Any, sock: Any) -> None:
        task = asyncio.ensure_future(loop.sock_sendall(sock, bytes(total)))
        await asyncio.sleep(0)
        got = 0
        while got < total:
            got += len(await loop.sock_recv(sock, 100_000))
        await task
        assert got == total

    assert play(echo, client_of(body), link=linked()).found is None


def test_a_socket_that_is_not_connected() -> None:
    """Is an error, as the system has it; one that is not ours ends the run."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with pytest.raises(OSError):
            await loop.sock_recv(SimSocket(), 1)
        with pytest.raises(ConnectionRefusedError):
            await loop.sock_connect(SimSocket(), ("n0", 81))

    assert play(main).found is None

    async def other() -> None:
        await asyncio.get_running_loop().sock_recv(object(), 1)  # type: ignore[arg-type]

    found = play(other).found
    assert found is not None
    assert found.title == "sim_fenced"

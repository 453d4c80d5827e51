"""One end of a connection: everything arrives, and each way to end it is seen as what it is."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import trio

from fozzy.chaos.http.ends import End
from tests.chaos.http.harness import until


@pytest.fixture
def pair() -> Iterator[tuple[End, socket.socket]]:
    """An end and the other side of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        other = socket.create_connection(server.getsockname(), timeout=5)
        sock, _ = server.accept()
        sock.setblocking(False)
        end = End(sock)
        yield end, other
        end.close()
        other.close()


def test_more_than_the_system_takes_at_once(pair: tuple[End, socket.socket]) -> None:
    """A send that must wait sends all of it, in order."""
    end, other = pair
    data = bytes(range(256)) * 40_000

    async def both() -> bytes:
        got = bytearray()

        async def read() -> None:
            while len(got) < len(data):
                got.extend(await trio.to_thread.run_sync(other.recv, 65536))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await end.send(data)
            await end.flush(5)
        return bytes(got)

    assert trio.run(both) == data


def test_it_reads_what_comes_and_then_the_end(pair: tuple[End, socket.socket]) -> None:
    """Bytes, then nothing."""
    end, other = pair

    async def read() -> tuple[bytes, bytes]:
        other.sendall(b"hello")
        first = await end.recv()
        other.shutdown(socket.SHUT_WR)
        return first, await end.recv()

    assert trio.run(read) == (b"hello", b"")


def test_what_is_known_of_the_other_side(pair: tuple[End, socket.socket]) -> None:
    """Silent; with something to say; with its half ended; gone."""
    end, other = pair
    assert end.is_clean() and end.is_open() and not end.is_lost()
    other.sendall(b"x")
    until(lambda: not end.is_clean())
    assert end.is_open() and not end.is_lost()
    assert end.socket.recv(1) == b"x"
    other.shutdown(socket.SHUT_WR)
    until(lambda: not end.is_open())
    assert not end.is_clean() and not end.is_lost()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    other.close()
    until(end.is_lost)


@pytest.mark.parametrize("at_once", [True, False])
def test_fin_and_rst(pair: tuple[End, socket.socket], at_once: bool) -> None:
    """Closed at once it is a reset to the other side, else an end."""
    end, other = pair
    end.close(at_once=at_once)
    if at_once:
        with pytest.raises(ConnectionResetError):
            other.recv(1)
    else:
        assert other.recv(1) == b""


def test_a_half_is_ended(pair: tuple[End, socket.socket]) -> None:
    """Our half ended: the other side reads the end, and we still read what it says."""
    end, other = pair

    async def read() -> bytes:
        await end.finish()
        assert other.recv(1) == b""
        other.sendall(b"still")
        return await end.recv()

    assert trio.run(read) == b"still"

"""Waking who waits: nothing that comes is lost, whenever it comes, and nobody is kept waiting by a stream."""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from fozzy.chaos.http.ends import READ_BYTES, End
from fozzy.chaos.http.poller import Poller

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has epoll")


def polled(test: Callable[[End, socket.socket, Poller], Awaitable[Any]]) -> Any:
    """What a test returns that has an end, the other side of its connection, and the poller that wakes it."""

    async def main() -> Any:
        poller = Poller()
        poller.open()
        with socket.create_server(("127.0.0.1", 0)) as server:
            other = socket.create_connection(server.getsockname(), timeout=5)
            sock, _ = server.accept()
        sock.setblocking(False)
        end = poller.end(sock)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(poller.run)
                with trio.fail_after(5):
                    found = await test(end, other, poller)
                nursery.cancel_scope.cancel()
            return found
        finally:
            end.close()
            other.close()
            poller.close()

    return trio.run(main)


def test_what_comes_before_and_while_somebody_waits() -> None:
    """Both are read, and so is an end that came together with bytes."""

    async def test(end: End, other: socket.socket, poller: Poller) -> list[bytes]:
        other.sendall(b"before")
        await trio.sleep(0.05)
        found = [await end.recv()]
        async with trio.open_nursery() as nursery:

            async def late() -> None:
                await trio.sleep(0.05)
                other.sendall(b"while")

            nursery.start_soon(late)
            found.append(await end.recv())
        other.sendall(b"last")
        other.close()
        await trio.sleep(0.05)
        return [*found, await end.recv(), await end.recv(), await end.recv()]

    assert polled(test) == [b"before", b"while", b"last", b"", b""]


def test_more_than_one_read() -> None:
    """Of what one edge told all is read."""

    async def test(end: End, other: socket.socket, poller: Poller) -> bytes:
        sending = b"x" * (3 * READ_BYTES + 5)
        got = b""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, other.sendall, sending)
            while len(got) < len(sending):
                got += await end.recv()
        return got

    assert polled(test) == b"x" * (3 * READ_BYTES + 5)


def test_a_wait_that_is_given_up() -> None:
    """Nothing is lost with it."""

    async def test(end: End, other: socket.socket, poller: Poller) -> bytes:
        for _ in range(3):
            with trio.move_on_after(0.01):
                await end.recv()
        other.sendall(b"now")
        return await end.recv()

    assert polled(test) == b"now"


def test_a_reset_is_an_error() -> None:
    """It is raised to who waits, and to who asks later."""

    async def test(end: End, other: socket.socket, poller: Poller) -> int:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        other.close()
        with pytest.raises(ConnectionResetError):
            await end.recv()
        return len(await end.recv())

    assert polled(test) == 0


async def _not_clean(end: End) -> None:
    with trio.move_on_after(20):
        while end.is_clean():
            await trio.sleep(0.01)


def test_clean_means_silent() -> None:
    """An edge whose bytes were read already does not count; bytes and an end do."""

    async def test(end: End, other: socket.socket, poller: Poller) -> list[bool]:
        found = [end.is_clean()]
        other.sendall(b"a")
        assert await end.recv() == b"a"
        end.wake(1)  # type: ignore[attr-defined]  # an edge that came late
        found.append(end.is_clean())
        other.sendall(b"b")
        await _not_clean(end)
        found.append(end.is_clean())
        assert await end.recv() == b"b"
        found.append(end.is_clean())
        other.close()
        await _not_clean(end)
        return [*found, end.is_clean()]

    assert polled(test) == [True, True, False, True, False]


def test_a_stream_lets_others_go_first() -> None:
    """Who always finds something does not keep others from running."""

    async def test(end: End, other: socket.socket, poller: Poller) -> int:
        other.sendall(b"x")
        other.close()
        await trio.sleep(0.05)
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                await trio.lowlevel.checkpoint()
                turns += 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            for _ in range(50):
                await end.recv()
            nursery.cancel_scope.cancel()
        return turns

    assert polled(test) >= 40


def test_a_number_that_is_used_again() -> None:
    """A closed end is forgotten, and the next one with its number is woken for itself."""

    async def test(end: End, other: socket.socket, poller: Poller) -> bool:
        number = end.socket.fileno()
        end.close()
        with socket.create_server(("127.0.0.1", 0)) as server:
            made = []
            for _ in range(5):
                mine = socket.create_connection(server.getsockname())
                theirs, _ = server.accept()
                theirs.setblocking(False)
                made.append((poller.end(theirs), mine))
        used = [each for each in made if each[0].socket.fileno() == number]
        for each, mine in made:
            mine.sendall(b"y")
            assert await each.recv() == b"y"
            each.close()
            mine.close()
        return len(made) == 5 and len(used) <= 1

    assert polled(test)


def test_without_the_system_s_help() -> None:
    """Where it is not open, ends wait by themselves."""
    one, other = socket.socketpair()
    one.setblocking(False)
    end = Poller().end(one)
    assert type(end) is End
    other.sendall(b"z")
    assert trio.run(end.recv) == b"z"
    end.close()
    other.close()

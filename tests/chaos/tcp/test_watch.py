"""Who watches sockets tells of what is there, once, and of nothing after it was dropped."""

from __future__ import annotations

import socket
import sys
from collections.abc import Awaitable, Callable

import pytest
import trio

from fozzy.chaos.tcp.watch import READ, WRITE, Edges, Watch, watch

KINDS = [Watch] + ([Edges] if sys.platform == "linux" else [])


class Seen:
    """A socket that remembers what it was told."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.events: list[int] = []

    def told(self, events: int) -> None:
        """Something is there."""
        self.events.append(events)


async def settle(watching: Watch) -> None:
    """Let it tell what it has."""
    for _ in range(5):
        await trio.sleep(0.001)
        watching.tell(0)


def watched(test: Callable[[Watch, Seen, socket.socket], Awaitable[None]], kind: type[Watch]) -> None:
    """Run a test with one side of a pair watched."""

    async def main() -> None:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with ours, theirs:
            async with trio.open_nursery() as nursery:
                watching = kind()
                watching.open(nursery)
                seen = Seen(ours)
                watching.add(seen)
                await test(watching, seen, theirs)
                watching.drop(seen)
                watching.close()
                nursery.cancel_scope.cancel()

    trio.run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_is_told_once(kind: type[Watch]) -> None:
    """Something to read is told, and told again only when it is asked for or more comes."""

    async def check(watching: Watch, seen: Seen, theirs: socket.socket) -> None:
        await settle(watching)
        assert not [events for events in seen.events if events & READ]
        seen.events.clear()
        theirs.send(b"x")
        await settle(watching)
        assert [events & READ for events in seen.events] == [READ]
        await settle(watching)
        assert len(seen.events) == 1
        seen.socket.recv(10)
        watching.wants_read(seen)
        theirs.send(b"y")
        await settle(watching)
        assert len(seen.events) == 2

    watched(check, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_room_to_write_is_told(kind: type[Watch]) -> None:
    """Where the system took no more, it is told when there is room."""

    async def check(watching: Watch, seen: Seen, theirs: socket.socket) -> None:
        with pytest.raises(BlockingIOError):
            while True:
                seen.socket.send(bytes(65536))
        await settle(watching)
        seen.events.clear()
        watching.wants_write(seen)
        await settle(watching)
        assert not seen.events
        theirs.settimeout(0)
        with pytest.raises(BlockingIOError):
            while True:
                theirs.recv(1 << 20)
        await settle(watching)
        assert seen.events and seen.events[-1] & WRITE

    watched(check, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_who_was_dropped_hears_nothing(kind: type[Watch]) -> None:
    """After `drop` nothing is told, and a number that another socket gets is the other's."""

    async def check(watching: Watch, seen: Seen, theirs: socket.socket) -> None:
        await settle(watching)
        seen.events.clear()
        watching.drop(seen)
        watching.drop(seen)
        theirs.send(b"x")
        await settle(watching)
        assert not seen.events
        watching.add(seen)
        await settle(watching)
        assert seen.events

    watched(check, kind)


def test_the_best_is_taken() -> None:
    """Linux has edges."""
    assert isinstance(watch(), Edges) == (sys.platform == "linux")

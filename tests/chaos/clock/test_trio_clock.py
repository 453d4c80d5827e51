"""A trio loop on the shared clock: hours of sleep take no time, sockets are real."""

from __future__ import annotations

import socket

import trio

from fozzy.chaos.clock.shared import SharedClock
from fozzy.chaos.clock.trio_clock import VirtualTrioClock


def test_sleeps_are_virtual_and_exact() -> None:
    """A loop that sleeps wakes at exactly its time; two tasks wake in the order of theirs."""
    order: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await trio.sleep(seconds)
        order.append((name, trio.current_time()))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(sleeper, "late", 7200)
            nursery.start_soon(sleeper, "early", 0.25)

    with SharedClock() as shared:
        clock, jumps = VirtualTrioClock(shared), list[int]()
        shared.jumped.append(jumps.append)
        trio.run(main, clock=clock, instruments=[clock])
        assert order == [("early", 0.25), ("late", 7200.0)]
        assert jumps == [250 * 10**6, 7200 * 10**9]


def test_a_deadline_ends_a_wait_for_a_socket() -> None:
    """A read of which nothing comes is cancelled at its virtual deadline; what comes before it is read."""
    ours, theirs = socket.socketpair()
    seen: list[object] = []

    async def main() -> None:
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        with trio.move_on_after(60) as scope:
            await stream.receive_some(10)
        seen.append((scope.cancelled_caught, trio.current_time()))
        theirs.send(b"now")
        with trio.move_on_after(60):
            seen.append(bytes(await stream.receive_some(10)))
        seen.append(trio.current_time())

    with SharedClock() as shared, theirs:
        clock = VirtualTrioClock(shared)
        trio.run(main, clock=clock, instruments=[clock])
    assert seen == [(True, 60.0), b"now", 60.0]
    ours.close()


def test_its_seat_is_given_back() -> None:
    """When the run ends nobody waits for it any more."""

    async def main() -> None:
        await trio.sleep(1)

    with SharedClock() as shared:
        for _ in range(2):
            clock = VirtualTrioClock(shared)
            trio.run(main, clock=clock, instruments=[clock])
        assert shared.now_ns() == 2 * 10**9

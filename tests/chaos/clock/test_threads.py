"""Threads on the shared clock: they sleep and wait for sockets in virtual time."""

from __future__ import annotations

import select
import socket
import struct
import threading

import pytest

from fozzy.chaos.clock.asyncio_loop import VirtualLoop
from fozzy.chaos.clock.shared import SharedClock
from fozzy.chaos.clock.threads import Threads, waiting_call
from fozzy.errors import UsageError


def test_a_thread_sleeps_at_once() -> None:
    """An hour passes, exactly, and a negative length is refused as `time.sleep` does."""
    with SharedClock() as clock:
        threads = Threads(clock)
        threads.begin("test")
        threads.sleep(3600)
        assert clock.now_ns() == 3600 * 10**9
        with pytest.raises(ValueError, match="non-negative"):
            threads.sleep(-1)
        threads.close()


def test_two_threads_wake_in_order() -> None:
    """Each sleeps to its own times; what they do is in the order of these."""
    order: list[tuple[str, int]] = []
    with SharedClock() as clock:
        threads = Threads(clock)
        ready = threading.Barrier(2)

        def run(name: str, seconds: int) -> None:
            threads.begin(name)
            ready.wait()
            for _ in range(3):
                threads.sleep(seconds)
                order.append((name, clock.now_ns() // 10**9))
            threads.end()

        both = [threading.Thread(target=run, args=each) for each in (("a", 7), ("b", 10))]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
    assert order == [("a", 7), ("b", 10), ("a", 14), ("b", 20), ("a", 21), ("b", 30)]


def test_a_socket_of_which_nothing_comes_times_out_at_its_limit() -> None:
    """`recv` raises `TimeoutError` after exactly the socket's timeout; what is there is read at once."""
    ours, theirs = socket.socketpair()
    with SharedClock() as clock, ours, theirs:
        threads = Threads(clock)
        threads.begin("test")
        recv = waiting_call(threads, "recv", socket.socket.recv)
        ours.settimeout(5)
        theirs.send(b"first")
        assert recv(ours, 10) == b"first"
        assert clock.now_ns() == 0
        with pytest.raises(TimeoutError, match="timed out"):
            recv(ours, 10)
        assert clock.now_ns() == 5 * 10**9
        threads.close()


def test_connecting_waits_and_fails_as_always() -> None:
    """A port that is closed is refused; one that listens is connected to; the timeout is as before."""
    with SharedClock() as clock, socket.create_server(("127.0.0.1", 0)) as server:
        threads = Threads(clock)
        threads.begin("test")
        connect = waiting_call(threads, "connect", socket.socket.connect)
        with socket.socket() as client:
            client.settimeout(5)
            connect(client, server.getsockname())
            assert client.gettimeout() == 5
            assert client.getpeername() == server.getsockname()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with socket.socket() as client, pytest.raises(ConnectionRefusedError):
                client.settimeout(5)
                connect(client, taken.getsockname())
        threads.close()


def test_a_blocking_sleep_within_a_loop_is_the_loops() -> None:
    """Code that blocks its loop's thread sleeps on the loop's seat, so time goes on."""
    with SharedClock() as clock:
        threads = Threads(clock)
        loop = VirtualLoop(clock)

        async def main() -> float:
            threads.sleep(3)
            return loop.time()

        try:
            with threads.looping(loop.seat):
                assert loop.run_until_complete(main()) == 3.0
        finally:
            threads.close()
            loop.close()


@pytest.mark.parametrize("late", [False, True])
def test_a_reset_is_heard_where_it_is_read(late: bool) -> None:
    """Whether it comes before or after the client sends is chance; connecting and the first send never tell it."""
    with SharedClock() as clock, socket.create_server(("127.0.0.1", 0)) as server:
        threads = Threads(clock)
        threads.begin("test")
        call = {
            name: waiting_call(threads, name, getattr(socket.socket, name)) for name in ("connect", "sendall", "recv")
        }
        with socket.socket() as client:
            client.settimeout(5)
            if late:
                call["connect"](client, server.getsockname())
            else:
                client.connect(server.getsockname())
            accepted = server.accept()[0]
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            call["sendall"](client, b"PING")
            with pytest.raises(ConnectionResetError):
                call["recv"](client, 10)
            with pytest.raises(ConnectionError):
                call["sendall"](client, b"PING")
        threads.close()


def test_where_nobody_can_see_for_what_threads_wait_there_is_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows it is refused, with what to do instead."""
    monkeypatch.delattr(select, "poll")
    with SharedClock() as clock, pytest.raises(UsageError, match="share a clock") as refused:
        Threads(clock)
    assert refused.value.code == "chaos.not_here" and "real_time=True" in refused.value.hint

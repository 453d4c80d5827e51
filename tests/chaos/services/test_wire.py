"""A wire asks in real time and never blocks where time is virtual."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from fozzy.chaos.clock.patching import patched
from fozzy.chaos.clock.shared import SharedClock
from fozzy.chaos.clock.threads import Threads
from fozzy.chaos.services.wire import Wire
from tests.ports import free_port

SIZE = 3 << 20


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of somebody who says all that was said, when it was all."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            sock, _ = listening.accept()
            with sock:
                heard = b"".join(iter(lambda: sock.recv(65536), b"")) if sock.recv(1) == b"a" else b""
                sock.sendall(heard)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_much_goes_both_ways(echo: int) -> None:
    """Megabytes are sent and read whole, line by line and by size."""
    said = b"one\r\n" + b"x" * SIZE
    with Wire(echo) as wire:
        wire.send(b"a" + said)
        wire._socket.shutdown(socket.SHUT_WR)
        assert wire.until(b"\r\n") == b"one"
        assert wire.exactly(SIZE) == b"x" * SIZE
        with pytest.raises(ConnectionResetError):
            wire.exactly(1)


def test_nobody_there_is_an_error() -> None:
    """A closed port is refused."""
    with pytest.raises(ConnectionRefusedError):
        Wire(free_port())


def test_who_says_nothing_times_out(echo: int) -> None:
    """Waiting has a limit."""
    with Wire(echo, within_s=0.05) as wire, pytest.raises(TimeoutError):
        wire.until(b"\n")


def test_virtual_time_does_not_move_it(echo: int) -> None:
    """Where Python's sockets wait on a shared clock, a wire still waits for its answer in real time."""
    clock = SharedClock()
    threads = Threads(clock)
    with patched(clock, threads), Wire(echo) as wire:
        wire.send(b"ahello")
        wire._socket.shutdown(socket.SHUT_WR)
        assert wire.exactly(5) == b"hello"
        assert clock.now_ns() == 0
    threads.close()

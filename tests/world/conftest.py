"""What the tests of the world share: backends whose every answer is asked a second time with the world gone."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.events import Ask
from fozzy.core.limits import Limits
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.world.host_loop import HostLoop

BOUND_S = 30.0  # "bounded" in a test; far above what anything here needs, on a busy machine too
NOWHERE = Path("/nonexistent/fozzy")


class Tape:
    """A source that answers from recorded asks, in order, and never lets the world answer."""

    def __init__(self, asks: list[Ask]) -> None:
        self.asks = list(asks)

    def ask(self, label: str, request: Any, live: Callable[[], Any], answer: type[Any]) -> tuple[Any, int]:
        del live
        said = self.asks.pop(0)
        assert (said.label, said.request) == (label, request)
        return msgspec.convert(msgspec.json.decode(msgspec.json.encode(said.answer)), answer), said.took


class Gone(HostLoop):
    """A loop that must not be used."""

    def call(self, _work: Any) -> Any:
        raise AssertionError("the world was asked on replay")


class Twice:
    """Calls go to the live backend; `replay` makes them again on one whose world is gone and compares the answers."""

    def __init__(self, make: Callable[[Choices, HostLoop, Path], Any], loop: HostLoop, root: Path, call_ms: int):
        self.records: list[Any] = []
        self._make = make
        self._calls: list[tuple[str, tuple[Any, ...], Any]] = []
        self._log = Log([self.records.extend])
        self._live = make(Choices(Seeded(1), Clock(), self._log, Redactor(), call_ms * 1_000_000), loop, root)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            answer = getattr(self._live, name)(*args)
            self._calls.append((name, args, answer))
            return answer

        return call

    def asks(self) -> list[Ask]:
        self._log.flush()
        return [record for record in self.records if isinstance(record, Ask)]

    def replay(self) -> None:
        tape = Tape(self.asks())
        again = self._make(Choices(tape, Clock(), Log(), Redactor(), 1), Gone(), NOWHERE)  # type: ignore[arg-type]
        for name, args, answer in self._calls:
            assert getattr(again, name)(*args) == answer
        assert tape.asks == []


class Server:
    """A listening socket on the loopback address; `handle` gets each connection on a thread of its own."""

    def __init__(self, handle: Callable[[socket.socket], None]) -> None:
        self._handle = handle
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self._over = False
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.port: int = self._listener.getsockname()[1]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self._over:
            with suppress(TimeoutError):
                connection, _ = self._listener.accept()
                connection.settimeout(BOUND_S)
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self._handle(connection)

    def close(self) -> None:
        self._over = True
        self._threads[0].join()
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()


@pytest.fixture
def loop() -> Iterator[HostLoop]:
    made = HostLoop()
    yield made
    made.close()


@pytest.fixture
def twice(loop: HostLoop, tmp_path: Path) -> Iterator[Callable[..., Twice]]:
    """Makes backends: `twice(make, call_ms=…)`; every answer they gave is compared with its replay at the end."""
    made: list[Twice] = []

    def make(backend: Callable[[Choices, HostLoop, Path], Any], call_ms: int = 30_000) -> Twice:
        made.append(Twice(backend, loop, tmp_path, call_ms))
        return made[-1]

    yield make
    for each in made:
        each.replay()


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Starts a server for a handler of connections and tells its port."""
    servers: list[Server] = []

    def start(handle: Callable[[socket.socket], None]) -> int:
        servers.append(Server(handle))
        return servers[-1].port

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def bounded() -> Iterator[None]:
    """The test ends within a generous bound."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < BOUND_S


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Whether a process is gone, given a moment to go; one that only waits to be collected is."""

    def check(pid: int) -> bool:
        end_s = time.monotonic() + BOUND_S
        while time.monotonic() < end_s:
            if _is_over(pid):
                return True
            time.sleep(0.01)
        return False

    return check


def _is_over(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] == b"Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def limits() -> Limits:
    """Small ones, so that they are reached quickly."""
    return Limits(output_bytes_max=1000, body_bytes_max=1000, file_bytes_max=1000, stop_grace_ms=150, kill_grace_ms=150)

"""Proxies that really run, on a thread of their own, and both ends of a connection in the hands of a test.

What must hold of every run is checked when it ends: no bug of ours, no connection, no alarm, no socket, a record for each.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import trio

from fozzy.chaos.tcp.parts import TcpParts
from fozzy.chaos.tcp.running import running
from fozzy.chaos.tcp.settings import TcpSettings
from fozzy.chaos.tcp.watch import Watch
from fozzy.core.events import Record
from fozzy.core.wires import Connected
from fozzy.faults.tcp.plan import Proxy, TcpPlan, Toxic

SOON_S = 30.0
_AT_ONCE = struct.pack("ii", 1, 0)


class Run:
    """Proxies that run. `records` are all so far."""

    def __init__(self, plan: TcpPlan, *, keyed: bool = False, watch: Watch | None = None) -> None:
        self.parts = TcpParts(TcpSettings(plan=plan, seed=7, keyed=keyed))
        if watch is not None:
            self.parts.doors.loop.watch = watch
        self.loop = self.parts.doors.loop
        self.records: list[Record] = []
        self.parts.session.listeners.append(self.records.append)
        self.failure: BaseException | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def connected(self) -> list[Connected]:
        """Connections that are over."""
        return [record for record in self.records if isinstance(record, Connected)]

    def address(self, name: str = "p") -> tuple[str, int]:
        """Where a proxy listens."""
        return tuple(self.parts.doors.listeners[name].port.address)

    def connect(self, name: str = "p") -> socket.socket:
        """A client's connection."""
        sock = socket.create_connection(self.address(name), timeout=SOON_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def toxics(self, *toxics: Toxic, name: str = "p") -> None:
        """Put other toxics in force."""
        self.alter(lambda proxy: msgspec.structs.replace(proxy, toxics=list(toxics)), name)

    def alter(self, altered: Callable[[Proxy], Proxy], name: str = "p") -> None:
        """Change a proxy."""
        plan = self.parts.engine.plan
        proxies = [altered(proxy) if proxy.name == name else proxy for proxy in plan.proxies]
        self.change(msgspec.structs.replace(plan, proxies=proxies))

    def change(self, plan: TcpPlan) -> None:
        """Put a plan in force."""
        trio.from_thread.run(self.parts.session.change, plan, "changed", trio_token=self._token)

    def on_loop(self, call: Callable[[], Any]) -> Any:
        """Do something where the proxies run."""
        return trio.from_thread.run_sync(call, trio_token=self._token)

    def wait(self, count: int = 1) -> list[Connected]:
        """The connections that are over, as soon as there are so many."""
        until(lambda: len(self.connected) >= count)
        return self.connected

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        assert self._ready.wait(SOON_S), "it did not begin"
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        """As a signal does."""
        with contextlib.suppress(trio.RunFinishedError):
            self.on_loop(lambda: self.parts.stop())
        self._thread.join(SOON_S)
        assert not self._thread.is_alive(), "it did not end"
        if self.failure is not None:
            raise self.failure
        assert not self.parts.doors.loop.bugs, self.parts.doors.loop.bugs
        assert not self.parts.troubles(), self.parts.troubles()
        assert not self.parts.doors.listeners
        assert self.parts.doors.loop.alarms.pending == 0

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as error:
            self.failure = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        async with running(self.parts.settings, self.parts):
            self._ready.set()
            await self.parts.stopped.wait()


class Server:
    """A server in the hands of a test."""

    def __init__(self, **options: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.settimeout(SOON_S)
        if "rcvbuf" in options:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, options["rcvbuf"])

    @property
    def address(self) -> str:
        """As a plan spells it."""
        host, port = self.listener.getsockname()
        return f"{host}:{port}"

    def accept(self) -> socket.socket:
        """The next connection."""
        sock = self.listener.accept()[0]
        sock.settimeout(SOON_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def close(self) -> None:
        """No more."""
        self.listener.close()


def plan_of(upstream: str, *toxics: Toxic, **fields: Any) -> TcpPlan:
    """A plan of one proxy `p`."""
    return TcpPlan(proxies=[Proxy(name="p", upstream=upstream, toxics=list(toxics), **fields)])


@contextlib.contextmanager
def run(plan: TcpPlan, *, keyed: bool = False, watch: Watch | None = None) -> Iterator[Run]:
    """Proxies of a plan; no file descriptor more is open when they are gone."""
    before = descriptors()
    found = Run(plan, keyed=keyed, watch=watch)
    found.start()
    try:
        yield found
    finally:
        found.stop()
    until(lambda: descriptors() <= before)


@contextlib.contextmanager
def pair(*toxics: Toxic, keyed: bool = False, **fields: Any) -> Iterator[tuple[Run, socket.socket, socket.socket]]:
    """A run, a client's connection through it, and the server's end of that."""
    server = Server()
    with contextlib.ExitStack() as stack:
        stack.callback(server.close)
        found = stack.enter_context(run(plan_of(server.address, *toxics, **fields), keyed=keyed))
        client = stack.enter_context(found.connect())
        yield found, client, stack.enter_context(server.accept())
        client.close()


def descriptors() -> int:
    """How many are open in this process."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


def until(holds: Callable[[], bool], seconds: float = SOON_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def reset(sock: socket.socket) -> None:
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    sock.close()


def everything(sock: socket.socket) -> bytes:
    """All that comes until the end of the connection. *Errors*: `ConnectionResetError` where that is a reset."""
    pieces = []
    while data := sock.recv(65536):
        pieces.append(data)
    return b"".join(pieces)


def exactly(sock: socket.socket, size: int) -> bytes:
    """So many bytes."""
    pieces = bytearray()
    while len(pieces) < size:
        data = sock.recv(size - len(pieces))
        assert data, f"it ended after {len(pieces)} bytes"
        pieces += data
    return bytes(pieces)


def how(sock: socket.socket) -> str:
    """How it ends, after whatever comes before."""
    try:
        everything(sock)
    except ConnectionResetError:
        return "rst"
    return "fin"

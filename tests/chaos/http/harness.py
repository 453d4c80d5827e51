"""A proxy that really runs, on a thread of its own, for tests that speak to it over sockets.

What must hold of every run is checked when it ends: no bug, no connection, nothing in flight, a record for each request.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import trio

from fozzy.chaos.http.proxy import HttpProxy
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.chaos.session import Session
from fozzy.core.events import Record
from fozzy.core.exchange import Exchange
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan

SOON_S = 30.0


class Running:
    """A proxy that runs. `exchanges` are its records so far."""

    def __init__(self, session: Session, proxy: HttpProxy) -> None:
        self.session = session
        self.proxy = proxy
        self.exchanges: list[Exchange] = []
        self.records: list[Record] = []
        self.port = 0
        self.host = ""
        self.failure: BaseException | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._scope: trio.CancelScope | None = None
        session.listeners.append(self._hear)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}:{self.port}"

    def only(self) -> Exchange:
        """The one record there is, as soon as it is there."""
        self.wait(1)
        assert len(self.exchanges) == 1, self.exchanges
        return self.exchanges[0]

    def wait(self, count: int) -> list[Exchange]:
        """The records, as soon as there are so many."""
        until(lambda: len(self.exchanges) >= count)
        return self.exchanges

    def on_loop(self, call: Callable[[], Any]) -> Any:
        """Do something where the proxy runs."""
        assert self._token is not None
        return trio.from_thread.run_sync(call, trio_token=self._token)

    def stop(self) -> None:
        """As a signal does."""
        scope = self._scope
        assert scope is not None
        with contextlib.suppress(trio.RunFinishedError):
            self.on_loop(scope.cancel)

    def connect(self) -> socket.socket:
        """A connection to it."""
        sock = socket.create_connection((self.host, self.port), timeout=SOON_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def ask(self, data: bytes) -> bytes:
        """Everything it answers to these bytes, until it ends the connection."""
        with self.connect() as sock:
            sock.sendall(data)
            return everything(sock)

    def _hear(self, record: Record) -> None:
        self.records.append(record)
        if isinstance(record, Exchange):
            self.exchanges.append(record)

    async def _main(self, listening: Listening, ready: threading.Event) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with trio.CancelScope() as self._scope:
            async with trio.open_nursery() as nursery:
                self.host, self.port = await nursery.start(self.proxy.serve, listening)
                ready.set()

    def _run(self, listening: Listening, ready: threading.Event) -> None:
        try:
            trio.run(self._main, listening, ready)
        except BaseException as error:
            self.failure = error
        finally:
            ready.set()


def until(holds: Callable[[], bool], seconds: float = SOON_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def everything(sock: socket.socket) -> bytes:
    """All that comes until the end of the connection."""
    pieces = []
    while data := sock.recv(65536):
        pieces.append(data)
    return b"".join(pieces)


def planned(plan: Plan | dict[str, Any] | None) -> Plan:
    """A plan as a chaos file says it."""
    return plan if isinstance(plan, Plan) else msgspec.convert(plan or {}, Plan)


@contextlib.contextmanager
def running(
    plan: Plan | dict[str, Any] | None = None,
    upstream: str | None = None,
    *,
    wire: Wire | None = None,
    listening: Listening | None = None,
    to: Upstream | None = None,
    seed: int = 7,
    records_bodies: bool = True,
    strict: bool = True,
    cassette: Any = None,
) -> Iterator[Running]:
    """A proxy in front of `upstream`, stopped at the end."""
    session = Session(Engine(planned(plan), seed, strict=strict, keyed=records_bodies))
    session.records_bodies = records_bodies
    proxy = HttpProxy(session, wire or Wire(drain_s=1), to or Upstream(url=upstream), cassette)
    run = Running(session, proxy)
    ready = threading.Event()
    thread = threading.Thread(target=run._run, args=(listening or Listening(), ready))
    thread.start()
    assert ready.wait(SOON_S)
    try:
        if run.failure is None:
            yield run
        else:
            thread.join()
            raise run.failure
    finally:
        run.stop()
        thread.join(SOON_S)
    assert not thread.is_alive(), "the proxy did not end"
    assert run.failure is None
    assert not proxy.bugs, proxy.bugs
    assert not proxy.connections and not len(proxy.pool)
    assert session.load == 0
    numbers = [each.number for each in run.exchanges if each.number]
    assert len(numbers) == len(set(numbers))
    assert len(numbers) == session.engine.requests, "one record for each request"

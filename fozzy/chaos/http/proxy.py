"""The reverse proxy and mock: it listens, has a task for each connection, and leaves nothing behind when it ends.

Rule 1: a connection is accepted at once and answered; what is too much gets 503 and the end, never silence.
Rule 2: stopped, it takes no further request, gives those in flight a bounded time, and ends what is left.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from typing import Any

import trio
from trio.lowlevel import wait_readable

from fozzy import wall
from fozzy.chaos.cassette.serving import Serving
from fozzy.chaos.http.connection import FAREWELL_S, LINGER_S, Connection
from fozzy.chaos.http.descriptors import Spare, room
from fozzy.chaos.http.ends import listener_at
from fozzy.chaos.http.handling import Others
from fozzy.chaos.http.origins import origin_of
from fozzy.chaos.http.poller import Poller
from fozzy.chaos.http.pool import Pool
from fozzy.chaos.http.settings import Settings
from fozzy.chaos.http.tls import SecureEnd, listener_context, upstream_context
from fozzy.chaos.http.watch import Phase
from fozzy.chaos.http.wire import Listening, Upstream, Wire
from fozzy.chaos.session import Session

BACKLOG = 4096
ACCEPTED_MAX = 256  # in a row; with one at a time many requests in flight would keep new clients waiting
OVER_MAX = 256  # connections above the most, which are told so; more are reset unheard
CLIENT_LOOKS = 4  # one look in so many is for clients that left
EXHAUSTED_S = 0.05  # how long to wait where the system has no socket left
BUGS_MAX = 16  # that are kept
DRAIN_LOOK_S = 0.02
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class HttpProxy:
    """One proxy. `upstream.url` is asked where neither route nor plan say whom. *Errors*: `InputError` for such a URL.

    *Errors*: also for certificates to believe that are none: else each request would fail.
    """

    def __init__(self, session: Session, wire: Wire, upstream: Upstream, cassette: Serving | None = None) -> None:
        self.session = session
        self.wire = wire
        self.poller = Poller()
        self.pool = Pool(lambda: upstream_context(upstream), wire, self.poller.end)
        self.others = Others(self.pool, upstream.url, cassette)
        self.connections: dict[Connection, None] = {}
        self.connections_peak = 0
        self.bugs: list[Exception] = []  # of ours, each of which ended a connection; whoever runs this tells them
        self.draining = trio.CancelScope()  # what requests in flight get at the end; cancelled, they get nothing more
        self._settings: Settings | None = None
        self._room = room()
        if upstream.url is not None:
            origin_of(upstream.url)
        if upstream.ca is not None:
            upstream_context(upstream)
        self._has_upstream = upstream.url is not None or session.engine.has_upstream
        self.serve_from(cassette)

    def serve_from(self, cassette: Serving | None) -> None:
        """From the next request on answer from this recording; without one ask upstream."""
        self.others = self.others._replace(cassette=cassette)
        self.session.engine.has_upstream = self._has_upstream or cassette is not None

    @property
    def settings(self) -> Settings:
        """What holds for connections under the plan that is in force."""
        engine = self.session.engine
        settings, state = self._settings, engine.state
        if settings is None or settings.state is not state:
            self._settings = settings = Settings(state, engine.connections, self.wire, self._room)
        return settings

    async def serve(self, listening: Listening, task_status: trio.TaskStatus[Any] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; `started` gives host and port. Then no socket and no task is left.

        *Errors*: `InputError` of a certificate, `UsageError` where it cannot listen.
        """
        context = listener_context(listening)
        listener = listener_at(listening.host, listening.port, BACKLOG)
        async with trio.open_nursery() as nursery:
            with listener, contextlib.closing(Spare()) as spare:
                house = House(self)
                connections = await nursery.start(house.run)
                try:
                    task_status.started(listener.getsockname()[:2])
                    await self._accept(listener, spare, context, connections)
                finally:
                    house.stop()

    async def _accept(
        self, listener: socket.socket, spare: Spare, context: ssl.SSLContext | None, nursery: trio.Nursery
    ) -> None:
        while True:
            await wait_readable(listener)
            try:
                for _ in range(ACCEPTED_MAX):
                    sock, address = listener.accept()
                    self._welcome(sock, str(address[0]), context, nursery)
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    spare.turn_away(listener)
                    await trio.sleep(EXHAUSTED_S)

    def _welcome(self, sock: socket.socket, client: str, context: ssl.SSLContext | None, nursery: trio.Nursery) -> None:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        end = self.poller.end(sock) if context is None else SecureEnd(sock, context)
        count, settings = len(self.connections), self.settings
        most = settings.connections_max
        connection = Connection(self, end, client)
        connection.is_over = count >= most
        connection.is_over_planned = connection.is_over and settings.is_planned
        if count >= most + min(OVER_MAX, most // 4 + 1):
            return connection.turn_away()
        self.connections[connection] = None
        self.session.connections += 1
        self.connections_peak = max(self.connections_peak, count + 1)
        return nursery.start_soon(self._serve, connection)

    async def _serve(self, connection: Connection) -> None:
        try:
            await connection.run()
        except Exception as bug:
            if len(self.bugs) < BUGS_MAX:
                self.bugs.append(bug)
        finally:
            del self.connections[connection]
            self.session.connections -= 1


class House:
    """Where the connections of one listener live, out of reach of its cancellation, so that they can end well."""

    def __init__(self, proxy: HttpProxy) -> None:
        self._proxy = proxy
        self._open = trio.CancelScope()

    def stop(self) -> None:
        """Let the connections end; `run` returns when they have."""
        self._open.cancel()

    async def run(self, task_status: trio.TaskStatus[trio.Nursery]) -> None:
        """Look after connections until `stop`, and then see them out. *Closes*: the pool and the poller."""
        proxy = self._proxy
        proxy.poller.open()
        try:
            with trio.CancelScope(shield=True):
                async with trio.open_nursery() as around:
                    around.start_soon(proxy.poller.run)
                    await self._hold_open(task_status)
                    around.cancel_scope.cancel()
        finally:
            proxy.pool.close()
            proxy.poller.close()

    async def _hold_open(self, task_status: trio.TaskStatus[trio.Nursery]) -> None:
        async with trio.open_nursery() as connections:
            task_status.started(connections)
            with self._open:
                await self._look_after()
            await self._see_out()
            connections.cancel_scope.deadline = trio.current_time() + FAREWELL_S + LINGER_S

    async def _look_after(self) -> None:
        proxy, round_ = self._proxy, 0
        while True:
            await trio.sleep(proxy.settings.look_s)
            round_ += 1
            self._look()
            if round_ % CLIENT_LOOKS == 0:
                for connection in proxy.connections:
                    connection.look_for_client()
                proxy.pool.sweep(proxy.session.now_ns())
            proxy.session.tick(proxy.session.now_ns())

    def _look(self) -> None:
        now_ns = wall.elapsed_ns()
        for connection in self._proxy.connections:
            connection.look(now_ns)

    async def _see_out(self) -> None:
        proxy = self._proxy
        for connection in proxy.connections:
            connection.drain()
        with proxy.draining:
            proxy.draining.deadline = trio.current_time() + proxy.wire.drain_s
            while proxy.connections:
                await trio.sleep(DRAIN_LOOK_S)
                self._look()
        for connection in proxy.connections:
            connection.stop(Phase.STOP)

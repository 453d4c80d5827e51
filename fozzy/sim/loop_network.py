"""What a loop asks of the operating system, answered by the simulated network; the rest is refused by name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, NoReturn

from fozzy.sim.loop_sockets import SocketCalls
from fozzy.sim.openings import Opening
from fozzy.sim.servers import Listener, SimServer
from fozzy.sim.sockets import SimSocket
from fozzy.sim.streams import Endpoint
from fozzy.sim.transports import SimDatagrams, SimTransport, wake

if TYPE_CHECKING:
    from fozzy.sim.cluster import Cluster
    from fozzy.sim.node import Node

Factory = Callable[[], Any]


class NetworkCalls(SocketCalls):
    """The part of a loop that reaches the network."""

    node: Node
    cluster: Cluster

    # Names

    async def getaddrinfo(
        self, host: Any, port: Any, *, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[Any]:
        await asyncio.sleep(0)
        return addresses(self.cluster, self.node, host, port, (family, type, proto))

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        found = self.cluster.network.host(sockaddr[0], self.node)
        return (found.name if found is not None else sockaddr[0], str(sockaddr[1]))

    # Streams

    async def open_stream(self, host: str, port: int | str, local: int = 0) -> Endpoint:
        """A stream to a machine by its name or address. *Errors*: `OSError`."""
        target = self.cluster.network.host(host, self.node)
        if target is None:
            raise OSError(113, f"No route to host {host}")
        opening = Opening(self.cluster.network, self.node, target, port, local or self.node.port())
        opened = self.create_future()

        def done(result: Endpoint | OSError) -> None:
            if opened.cancelled():
                if isinstance(result, Endpoint):
                    result.reset()
            else:
                self.arrived(_settle, (opened, result), None)

        opening.done = done
        opening.start()
        try:
            endpoint: Endpoint = await opened
        except asyncio.CancelledError:
            opening.cancel()
            if opened.done() and not opened.cancelled() and opened.exception() is None:
                opened.result().reset()  # it came when nobody waited any more
            raise
        endpoint.context = copy_context()
        return endpoint

    async def create_connection(
        self,
        protocol_factory: Factory,
        host: Any = None,
        port: Any = None,
        *,
        ssl: Any = None,
        sock: Any = None,
        server_hostname: str | None = None,
        local_addr: Any = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        **_more: Any,
    ) -> tuple[Any, Any]:
        if server_hostname is not None and not ssl:
            raise ValueError("server_hostname is only meaningful with ssl")
        if sock is not None:
            endpoint = self.endpoint_of(sock)
        elif host is None and port is None:
            raise ValueError("host and port was not specified and no sock specified")
        else:
            found = await self.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            endpoint = await self.open_stream(found[0][4][0], found[0][4][1], local_addr[1] if local_addr else 0)
        name = server_hostname if server_hostname is not None else host if ssl else None
        times = (ssl_handshake_timeout, ssl_shutdown_timeout)
        return await self.attach(endpoint, protocol_factory(), ssl, (False, name, *times))

    async def attach(self, endpoint: Endpoint, protocol: Any, ssl: Any, tls: tuple[Any, ...]) -> tuple[Any, Any]:
        """Have a protocol speak over a stream. `tls`: whether it is the server's side, the name, two timeouts."""
        waiter = self.create_future()
        if not ssl:
            extra = {"socket": SimSocket.over(endpoint)}
            transport: Any = SimTransport(self, protocol, endpoint, extra)
            transport.begin(waiter)
        else:
            from fozzy.sim.tls import secured

            transport = secured(endpoint, protocol, (ssl, *tls), waiter)
        try:
            await waiter
        except BaseException:
            transport.close()
            raise
        return transport, protocol

    async def start_tls(
        self,
        transport: Any,
        protocol: Any,
        sslcontext: Any,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
    ) -> Any:
        from fozzy.sim.tls import upgraded

        times = (ssl_handshake_timeout, ssl_shutdown_timeout)
        return await upgraded(self, transport, protocol, (sslcontext, server_side, server_hostname, *times))

    async def create_server(
        self,
        protocol_factory: Factory,
        host: Any = None,
        port: Any = None,
        *,
        sock: Any = None,
        ssl: Any = None,
        ssl_handshake_timeout: float | None = None,
        ssl_shutdown_timeout: float | None = None,
        start_serving: bool = True,
        **_more: Any,
    ) -> SimServer:
        if isinstance(ssl, bool):
            raise TypeError("ssl argument must be an SSLContext or None")
        if sock is not None:
            number: int | str = sock.bound_port(self.node)
        else:
            number = self._port_for(port)
        listener = Listener(self, protocol_factory, (ssl, ssl_handshake_timeout, ssl_shutdown_timeout))
        server = SimServer(self, [(number, listener)])
        if start_serving:
            server._start_serving()
        return server

    def _port_for(self, port: Any) -> int:
        number = int(port) if port else self.node.port()
        if number in self.node.listeners:
            raise OSError(
                98, f"error while attempting to bind on address ({self.node.ip!r}, {number}): address already in use"
            )
        return number

    async def create_unix_connection(
        self, protocol_factory: Factory, path: Any = None, *, ssl: Any = None, sock: Any = None,
        server_hostname: str | None = None, **_more: Any,
    ) -> tuple[Any, Any]:  # fmt: skip
        if sock is not None or path is None:
            self._refuse("loop.create_unix_connection with a socket", "give a path")
        if f"unix:{path}" not in self.node.listeners:
            raise FileNotFoundError(2, "No such file or directory", str(path))
        endpoint = await self.open_stream("localhost", f"unix:{path}")
        return await self.attach(endpoint, protocol_factory(), ssl, (False, server_hostname, None, None))

    async def create_unix_server(
        self, protocol_factory: Factory, path: Any = None, *, ssl: Any = None, sock: Any = None,
        start_serving: bool = True, **_more: Any,
    ) -> SimServer:  # fmt: skip
        if sock is not None or path is None:
            self._refuse("loop.create_unix_server with a socket", "give a path")
        server = SimServer(self, [(f"unix:{path}", Listener(self, protocol_factory, (ssl, None, None)))])
        if start_serving:
            server._start_serving()
        return server

    # Datagrams

    async def create_datagram_endpoint(
        self, protocol_factory: Factory, local_addr: Any = None, remote_addr: Any = None, *, sock: Any = None,
        **_more: Any,
    ) -> tuple[Any, Any]:  # fmt: skip
        if sock is not None:
            self._refuse("loop.create_datagram_endpoint with a socket", "give local_addr and remote_addr")
        known = local_addr[1] if local_addr else 0
        port = known or self.node.port()
        if port in self.node.datagrams:
            raise OSError(98, "Address already in use")
        remote = None
        if remote_addr:
            found = await self.getaddrinfo(remote_addr[0], remote_addr[1], type=socket.SOCK_DGRAM)
            target = self.cluster.network.host(found[0][4][0], self.node)
            remote = found[0][4] if target is None else (target.ip, found[0][4][1])
        protocol = protocol_factory()
        transport = SimDatagrams(self, protocol, port, remote, serves=bool(known) and remote is None)
        waiter = self.create_future()  # the protocol is told first, in whatever order tasks run
        self.call_soon(wake, waiter)
        try:
            await waiter
        except BaseException:
            transport.close()
            raise
        return transport, protocol

    async def sendfile(
        self, transport: Any, file: Any, offset: int = 0, count: Any = None, *, fallback: bool = True
    ) -> int:
        file.seek(offset)
        data = file.read() if count is None else file.read(count)
        transport.write(data)
        return len(data)

    # What there is no simulation of

    def _refuse(self, call: str, why: str) -> NoReturn:
        raise self.node.fence(call, why)

    def add_reader(self, fd: Any, callback: Any, *args: Any) -> None:
        self._refuse("loop.add_reader", _DESCRIPTORS)

    def add_writer(self, fd: Any, callback: Any, *args: Any) -> None:
        self._refuse("loop.add_writer", _DESCRIPTORS)

    def remove_reader(self, fd: Any) -> bool:
        return False

    def remove_writer(self, fd: Any) -> bool:
        return False

    async def connect_accepted_socket(self, protocol_factory: Factory, sock: Any, **_more: Any) -> Any:
        endpoint = self.endpoint_of(sock)
        ssl = _more.get("ssl")
        return await self.attach(endpoint, protocol_factory(), ssl, (True, None, None, None))

    async def connect_read_pipe(self, protocol_factory: Factory, pipe: Any) -> Any:
        self._refuse("loop.connect_read_pipe", _DESCRIPTORS)

    async def connect_write_pipe(self, protocol_factory: Factory, pipe: Any) -> Any:
        self._refuse("loop.connect_write_pipe", _DESCRIPTORS)

    async def subprocess_exec(self, protocol_factory: Factory, *args: Any, **more: Any) -> Any:
        self._refuse("asyncio.create_subprocess_exec", _PROCESSES)

    async def subprocess_shell(self, protocol_factory: Factory, *args: Any, **more: Any) -> Any:
        self._refuse("asyncio.create_subprocess_shell", _PROCESSES)


_DESCRIPTORS = "a real file descriptor cannot be simulated; use asyncio's streams"
_PROCESSES = "a process outside of the simulator has no virtual time; make it a node of its own"


def addresses(cluster: Cluster, node: Node, host: Any, port: Any, wanted: tuple[int, int, int]) -> list[Any]:
    """What the resolver of a machine says. *Errors*: `socket.gaierror`."""
    family, kind, proto = wanted
    if isinstance(host, bytes):
        host = host.decode("ascii")
    found = cluster.network.host(host or "", node)
    is_number = isinstance(host, str) and _is_number(host)
    if family == socket.AF_INET6 or (found is None and not is_number):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    number = _port(port)
    ip = host if is_number or found is None else found.ip
    kinds = [(socket.SOCK_STREAM, socket.IPPROTO_TCP), (socket.SOCK_DGRAM, socket.IPPROTO_UDP)]
    return [
        (socket.AF_INET, each, number_of, "", (ip, number))
        for each, number_of in kinds
        if kind in (0, each) and proto in (0, number_of)
    ]


def _is_number(host: str) -> bool:
    """Whether it is an address already, whoever has it."""
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return False
    return True


_SERVICES = {"http": 80, "https": 443, "redis": 6379, "postgresql": 5432, "domain": 53}


def _port(port: Any) -> int:
    if port is None or port == "":
        return 0
    if isinstance(port, bytes):
        port = port.decode("ascii")
    if isinstance(port, str) and not port.isdecimal():
        if port in _SERVICES:
            return _SERVICES[port]
        raise socket.gaierror(socket.EAI_SERVICE, "Servname not supported for ai_socktype")
    return int(port)


def _settle(future: asyncio.Future[Any], result: Endpoint | OSError) -> None:
    if future.done():
        if isinstance(result, Endpoint):
            result.reset()
    elif isinstance(result, OSError):
        future.set_exception(result)
    else:
        future.set_result(result)

"""A socket of a simulated machine: what libraries that make their own sockets hold in their hands.

It has addresses and options, and the loop's `sock_*` calls work on it. Whatever would block is refused.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, NoReturn

from fozzy.sim import context

if TYPE_CHECKING:
    from fozzy.sim.node import Node
    from fozzy.sim.streams import Endpoint


class SimSocket:
    """*Errors*: whatever blocks ends the run. *Closes*: `close`, the stream as well unless a transport has it."""

    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None, *, node: Node | None = None
    ) -> None:
        owner: Any = node or context.current
        assert owner is not None, "outside of the simulator sockets are true ones"
        self._node: Any = owner
        self.family = socket.AF_INET if family == -1 else family
        self.type = socket.SOCK_STREAM if type == -1 else type
        self.proto = max(proto, 0)
        self.endpoint: Endpoint | None = None
        self.received: Any = None  # what `loop.sock_recv` has not taken
        self._local: tuple[str, int] | None = None
        self._port: int | str = 0
        self._number = self._node.kernel.descriptor()
        self._closed = False
        self._timeout: float | None = None
        self._options: dict[tuple[int, int], Any] = {}

    @classmethod
    def over(cls, endpoint: Endpoint) -> SimSocket:
        """The socket of a stream."""
        made = cls(node=endpoint.node)
        made.endpoint, made._local = endpoint, endpoint.local
        made._timeout = 0.0
        return made

    @classmethod
    def listening(cls, node: Node, port: int | str) -> SimSocket:
        """The socket of a server."""
        made = cls(node=node)
        made._port = port
        made._local = (node.ip, port if isinstance(port, int) else 0)
        return made

    def fileno(self) -> int:
        return -1 if self._closed else self._number

    def setblocking(self, flag: bool) -> None:
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        return self._timeout != 0.0

    def settimeout(self, value: float | None) -> None:
        self._timeout = value

    def gettimeout(self) -> float | None:
        return self._timeout

    def setsockopt(self, level: int, option: int, value: Any = None, *_more: Any) -> None:
        self._options[level, option] = value

    def getsockopt(self, level: int, option: int, *_more: Any) -> Any:
        return self._options.get((level, option), 0)

    def bind(self, address: Any) -> None:
        port = int(address[1]) or self._node.port()
        if port in self._node.listeners:
            raise OSError(98, "Address already in use")
        self._port, self._local = port, (self._node.ip, port)

    def listen(self, backlog: int = 0) -> None:
        """A server made of this socket listens; nobody is accepted by hand."""

    def bound_port(self, node: Node) -> int | str:
        """The port it is bound to."""
        return self._port or node.port()

    def getsockname(self) -> tuple[str, int]:
        return self._local or ("0.0.0.0", 0)

    def getpeername(self) -> tuple[str, int]:
        if self.endpoint is None:
            raise OSError(107, "Transport endpoint is not connected")
        return self.endpoint.remote

    def shutdown(self, how: int) -> None:
        if self.endpoint is not None:
            self.endpoint.finish()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            endpoint = self.endpoint
            if endpoint is not None and (endpoint.receiver is None or endpoint.receiver is self.received):
                endpoint.close()

    def detach(self) -> int:
        number = self.fileno()
        self._closed = True
        return number

    def get_inheritable(self) -> bool:
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        """Nobody inherits."""

    def __enter__(self) -> SimSocket:
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in BLOCKING:
            raise AttributeError(name)
        return lambda *args, **more: self._blocking(name)

    def _blocking(self, name: str) -> NoReturn:
        raise self._node.fence(f"socket.{name}", "a call that blocks stops all nodes; use asyncio's streams")

    def __repr__(self) -> str:
        return f"<SimSocket {self.getsockname()}>"


BLOCKING = frozenset(
    [
        "accept",
        "connect",
        "connect_ex",
        "recv",
        "recv_into",
        "recvfrom",
        "recvfrom_into",
        "recvmsg",
        "recvmsg_into",
        "send",
        "sendall",
        "sendfile",
        "sendmsg",
        "sendto",
        "makefile",
        "dup",
    ]
)

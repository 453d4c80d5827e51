"""A socket of a simulated machine: what libraries that make their own sockets hold in their hands.

It has addresses and options, and the loop's `sock_*` calls work on it. Whatever would block is refused. It is a
`socket.socket`, since libraries ask for that, which has no descriptor.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakValueDictionary

from fozzy.sim import context

if TYPE_CHECKING:
    from fozzy.sim.node import Node
    from fozzy.sim.streams import Endpoint


KINDS = 0xF  # what else a type may say (SOCK_NONBLOCK, SOCK_CLOEXEC) is about descriptors

_open: WeakValueDictionary[int, SimSocket] = WeakValueDictionary()


class SimSocket(socket.socket):
    """*Errors*: whatever blocks ends the run. *Closes*: `close`, the stream as well unless a transport has it."""

    # The true class has these from its descriptor; here each is what it was made with.
    family: Any = None
    type: Any = None
    proto: Any = None
    timeout: Any = None

    def __new__(cls, *_args: Any, **_more: Any) -> SimSocket:
        made: SimSocket = TRUE_NEW(cls)
        return made

    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: Any = None, *, node: Node | None = None
    ) -> None:
        owner: Any = node or context.current
        assert owner is not None, "outside of the simulator sockets are true ones"
        self._node: Any = owner
        self.family = socket.AF_INET if family == -1 else socket.AddressFamily(family)
        self.type = socket.SOCK_STREAM if type == -1 else socket.SocketKind(type & KINDS)
        self.proto = max(proto, 0)
        self.endpoint: Endpoint | None = None
        self.received: Any = None  # what `loop.sock_recv` has not taken
        self._local: tuple[str, int] | None = None
        self._port: int | str = 0
        self._number: int = self._node.descriptor()
        _open[self._number] = self
        self._is_gone = False
        self._options: dict[tuple[int, int], Any] = {}

    @classmethod
    def over(cls, endpoint: Endpoint) -> SimSocket:
        """The socket of a stream."""
        made = cls(node=endpoint.node)
        made.endpoint, made._local = endpoint, endpoint.local
        made.timeout = 0.0
        return made

    @classmethod
    def listening(cls, node: Node, port: int | str) -> SimSocket:
        """The socket of a server."""
        made = cls(node=node)
        made._port = port
        made._local = (node.ip, port if isinstance(port, int) else 0)
        return made

    @classmethod
    def by_number(cls, number: int) -> SimSocket | None:
        """The one with this descriptor, none when nobody has it any more."""
        return _open.get(number)

    @property
    def is_readable(self) -> bool:
        """Whether something has arrived that the program has not taken, or the end."""
        endpoint = self.endpoint
        return endpoint is None or endpoint.unread > 0 or endpoint.is_ended

    def fileno(self) -> int:
        is_open = not self._is_gone and (self.endpoint is None or not self.endpoint.is_closed)
        return self._number if is_open else -1

    def setblocking(self, flag: bool) -> None:
        self.timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        return bool(self.timeout != 0.0)

    def settimeout(self, value: float | None) -> None:
        self.timeout = value

    def gettimeout(self) -> float | None:
        timeout: float | None = self.timeout
        return timeout

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
        if not self._is_gone:
            self._is_gone = True
            endpoint = self.endpoint
            if endpoint is not None and (endpoint.receiver is None or endpoint.receiver is self.received):
                endpoint.close()

    def detach(self) -> int:
        number = self.fileno()
        self._is_gone = True
        return number

    def get_inheritable(self) -> bool:
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        """Nobody inherits."""

    def __enter__(self) -> SimSocket:
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<SimSocket {self.getsockname()}>"


TRUE_NEW: Any = socket.socket.__new__  # of the class as it was before anything was put in its place

_BLOCKING = [
    *("accept", "connect", "connect_ex", "_accept", "makefile", "dup", "ioctl", "share"),
    *("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"),
    *("send", "sendall", "sendfile", "sendmsg", "sendto"),
]


def _refused(name: str) -> Any:
    def blocking(self: SimSocket, *_args: Any, **_more: Any) -> NoReturn:
        raise self._node.fence(f"socket.{name}", "a call that blocks stops all nodes; use asyncio's streams")

    return blocking


for _name in _BLOCKING:
    setattr(SimSocket, _name, _refused(_name))

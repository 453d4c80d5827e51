"""A simulated socket has addresses and options, and refuses what would block."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from fozzy.sim.sockets import SimSocket
from tests.sim.harness import play


def on_a_machine(body: Any) -> Any:
    """What was found when a function ran on a machine."""

    async def main(node: Any) -> None:
        made = body(node)
        if asyncio.iscoroutine(made):
            await made

    return play(main).found


def test_it_looks_like_a_socket() -> None:
    """Options, addresses, timeouts; two have different numbers."""

    def body(node: Any) -> None:
        sock, other = SimSocket(), SimSocket(socket.AF_INET, socket.SOCK_DGRAM)
        assert isinstance(sock, socket.socket)
        assert (sock.family, sock.type, other.type) == (socket.AF_INET, socket.SOCK_STREAM, socket.SOCK_DGRAM)
        assert sock.fileno() != other.fileno()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
        sock.setblocking(False)
        assert sock.gettimeout() == 0.0
        sock.settimeout(3)
        assert sock.gettimeout() == 3
        assert sock.getsockname() == ("0.0.0.0", 0)
        sock.bind(("0.0.0.0", 90))
        assert sock.getsockname() == (node.ip, 90)
        with pytest.raises(OSError):
            sock.getpeername()
        with sock:
            pass
        assert sock.fileno() == -1
        sock.close()
        assert "SimSocket" in repr(sock) or "socket" in repr(sock)

    assert on_a_machine(body) is None


def test_a_server_takes_a_bound_socket() -> None:
    """And its port is then taken."""

    async def body(node: Any) -> None:
        sock = SimSocket()
        sock.bind(("0.0.0.0", 90))
        sock.listen(5)
        server = await asyncio.start_server(lambda reader, writer: None, sock=sock)
        assert server.sockets[0].getsockname()[1] == 90
        with pytest.raises(OSError):
            SimSocket().bind(("0.0.0.0", 90))
        _, writer = await asyncio.open_connection("localhost", 90)
        assert writer.get_extra_info("socket").getpeername() == (node.ip, 90)
        server.close()

    assert on_a_machine(body) is None


@pytest.mark.parametrize("call", ["accept", "recv", "send", "sendall", "connect", "makefile"])
def test_what_blocks_ends_the_run(call: str) -> None:
    """With the name of the call."""

    def body(node: Any) -> None:
        args = {"connect": (("n0", 80),), "recv": (1,), "send": (b"x",), "sendall": (b"x",)}.get(call, ())
        getattr(SimSocket(), call)(*args)

    found = on_a_machine(body)
    assert found is not None
    assert found.title == "sim_fenced"
    assert call in found.message

"""Sockets: the class stays, what it makes depends on who runs. What is fenced, test_fences has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

MADE = """
import socket
true = socket.socket
made_before = socket.socket()
class Heir(socket.socket): pass
class Sim(socket.socket):
    def __init__(self, family=-1, type=-1, proto=-1, fileno=None): self.made = [int(family), int(type)]
    def fileno(self): return 77
    def close(self): pass
patches.install(socket_class=Sim)
with on(Machine()):
    sim = socket.socket(socket.AF_INET, type=socket.SOCK_STREAM)
    try: Heir()
    except Stop as stop: stopped = str(stop).split(":")[0]
heir, outside = Heir(), socket.socket()
"""


def test_a_machine_makes_simulated_sockets(told: Told) -> None:
    """On a machine `socket.socket(...)` is the simulated one, and it passes for a socket."""
    script = f"""{MADE}
told([type(sim).__name__, sim.made == [int(socket.AF_INET), int(socket.SOCK_STREAM)], isinstance(sim, socket.socket),
    isinstance(sim, socket.SocketType), isinstance(sim, Heir), stopped])
"""
    assert told(script) == ["Sim", True, True, True, False, "__main__.Heir"]


def test_outside_sockets_are_true(told: Told) -> None:
    """Elsewhere it is the class it always was, and so are those who inherit from it."""
    script = f"""{MADE}
import asyncio, ssl
seen = [socket.socket is true, type(outside) is true, outside.fileno() >= 0, heir.fileno() >= 0, isinstance(heir, Heir)]
seen += [isinstance(each, socket.socket) and isinstance(each, socket.SocketType) for each in (made_before, outside, heir)]
seen += [issubclass(ssl.SSLSocket, socket.socket), not isinstance(outside, Heir), not isinstance(5, socket.socket)]
left, right = socket.socketpair()
left.sendall(b"a")
seen += [right.recv(1) == b"a"]
for each in (outside, heir, made_before, left, right): each.close()
async def echo(reader, writer):
    writer.write(await reader.read(1)); writer.close()
async def main():
    server = await asyncio.start_server(echo, "127.0.0.1")
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"z")
    answer = await reader.read(1)
    writer.close(); server.close()
    return answer == b"z"
seen.append(asyncio.run(main()))
told([all(seen), len(seen)])
"""
    assert told(script) == [True, 13]


def test_names_that_need_nobody_are_known(told: Told) -> None:
    """Addresses, the machine's own name and the local host are resolved at once, and alike on every host."""
    script = """
patches.install()
import socket
with on(Machine()):
    hosts = ["127.0.0.1", "::1", "localhost", "n0", b"n0", "10.9.8.7"]
    told([[socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)[0][4][0] for host in hosts],
        [each[4][0] for each in socket.getaddrinfo(None, 80, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)],
        socket.gethostbyname("localhost"), socket.gethostbyname(socket.gethostname())])
"""
    hosts = ["127.0.0.1", "::1", "127.0.0.1", "10.0.0.1", "10.0.0.1", "10.9.8.7"]
    assert told(script) == [hosts, ["0.0.0.0"], "127.0.0.1", "10.0.0.1"]


def test_to_select_nothing_is_to_sleep(told: Told) -> None:
    """A program that sleeps by `select` blocks its machine; selectors cannot be had there."""
    script = """
patches.install()
import select
machine = Machine()
with on(machine): seen = select.select([], [], [], 0.5)
with on(machine): import selectors
told([seen, machine.blocked])
"""
    assert told(script) == [[[], [], []], [500_000_000]]

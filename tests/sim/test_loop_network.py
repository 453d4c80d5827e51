"""What a loop asks of the operating system is answered by the simulated network, or refused by name."""

from __future__ import annotations

import asyncio
import contextvars
import io
import socket
from typing import Any

import pytest

from fozzy.sim.cluster import Cluster
from tests.sim.harness import MS, alone, linked, play


async def lookups(say: Any) -> None:
    loop = asyncio.get_running_loop()
    for host in ("n0", "localhost", "127.0.0.1", "10.0.0.1", None):
        for family, kind, _, _, address in await loop.getaddrinfo(host, 80, type=socket.SOCK_STREAM):
            say(host, family == socket.AF_INET, kind == socket.SOCK_STREAM, address)
    say(len(await loop.getaddrinfo("n0", "http")))
    say(await loop.getnameinfo(("10.0.0.1", 80)))
    for asked in (("nobody.example", 80), ("n0", "nonsense")):
        with pytest.raises(socket.gaierror):
            await loop.getaddrinfo(*asked)
    with pytest.raises(socket.gaierror):
        await loop.getaddrinfo("n0", 80, family=socket.AF_INET6)
    with pytest.raises(socket.gaierror):
        await asyncio.open_connection("nobody.example", 80)


def test_names_are_looked_up_by_the_cluster() -> None:
    """Nodes by name and address; whoever is unknown is an error as the system has it."""
    told = alone(lookups)
    assert told[0] == ("n0", True, True, ("10.0.0.1", 80))
    assert told[-2:] == [2, ("n0", "80")]


async def wrong(say: Any) -> None:
    loop = asyncio.get_running_loop()
    for call in (
        lambda: loop.create_connection(asyncio.Protocol),
        lambda: loop.create_connection(asyncio.Protocol, "n0", 80, server_hostname="x"),
        lambda: loop.create_server(asyncio.Protocol, "0.0.0.0", 80, ssl=True),
    ):
        with pytest.raises((ValueError, TypeError)) as error:
            await call()
        say(type(error.value).__name__)
    await loop.create_server(asyncio.Protocol, "0.0.0.0", 80)
    with pytest.raises(OSError) as taken:
        await loop.create_server(asyncio.Protocol, "0.0.0.0", 80)
    say(taken.value.errno)


def test_mistakes_are_asyncios_own() -> None:
    """Arguments that exclude each other, and a port that is taken."""
    assert alone(wrong) == ["ValueError", "ValueError", "TypeError", 98]


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda loop: loop.add_reader(3, print), "loop.add_reader"),
        (lambda loop: loop.add_writer(3, print), "loop.add_writer"),
        (lambda loop: loop.stop(), "loop.stop"),
        (lambda loop: loop.subprocess_exec(None, "ls"), "asyncio.create_subprocess_exec"),
        (lambda loop: loop.subprocess_shell(None, "ls"), "asyncio.create_subprocess_shell"),
        (lambda loop: loop.connect_read_pipe(None, None), "loop.connect_read_pipe"),
        (lambda loop: loop.create_connection(None, sock=object()), "a socket made outside of the simulator"),
    ],
)
def test_what_there_is_no_simulation_of_ends_the_run(call: Any, name: str) -> None:
    """With the call and the line that made it; `except Exception` swallows nothing."""

    async def main() -> None:
        try:
            made = call(asyncio.get_running_loop())
            if made is not None:
                await made
        except Exception:
            pass

    found = play(main).found
    assert found is not None
    assert (found.title, found.kind) == ("sim_fenced", "input_invalid")
    assert found.details["call"] == name
    assert found.details["at"].startswith("sim/test_loop_network.py:")
    assert name in found.message


def test_protocols_inherit_the_context_they_are_made_in() -> None:
    """A server's from who started serving, a client's from who connected; each connection has its own."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    told: list[str] = []

    async def server() -> None:
        async def handler(reader: Any, writer: Any) -> None:
            told.append(f"{variable.get()} {(await reader.readline()).decode().strip()}")
            variable.set("handler")

        class Keeps(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                told.append(f"protocol {variable.get()}")

        class Grams(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, address: Any) -> None:
                told.append(f"datagram {variable.get()}")

        loop = asyncio.get_running_loop()
        variable.set("server")
        await asyncio.start_server(handler, "0.0.0.0", 80)
        await loop.create_server(Keeps, "0.0.0.0", 81)
        await loop.create_datagram_endpoint(Grams, ("0.0.0.0", 82))
        variable.set("later")
        await asyncio.sleep(1)

    async def client() -> None:
        variable.set("client")
        await asyncio.sleep(0.1)
        for number in range(2):
            _, writer = await asyncio.open_connection("n0", 80)
            writer.write(b"%d\n" % number)
        _, writer = await asyncio.open_connection("n0", 81)
        writer.write(b"x")
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("n0", 82)
        )
        transport.sendto(b"x")
        await asyncio.sleep(0.1)

    assert play(server, client).found is None
    assert sorted(told) == ["datagram server", "protocol server", "server 0", "server 1"]


def test_a_connection_that_is_cancelled_leaves_nothing_behind() -> None:
    """Whenever it is cancelled, the server's end ends too."""
    ends: list[str] = []

    async def server() -> None:
        async def handler(reader: Any, writer: Any) -> None:
            try:
                await reader.read()
                ends.append("end")
            except ConnectionResetError:
                ends.append("reset")

        await (await asyncio.start_server(handler, "0.0.0.0", 80)).serve_forever()

    async def client() -> None:
        await asyncio.sleep(0.01)
        for turns in range(12):
            task = asyncio.create_task(asyncio.open_connection("n0", 80))
            await asyncio.sleep(0.0019999)
            for _ in range(turns):
                await asyncio.sleep(0.00000002)
            task.cancel()
            try:
                _, writer = await task
                writer.close()
            except asyncio.CancelledError:
                pass
            await asyncio.sleep(0.1)

    assert play(server, client, link=linked(MS)).found is None
    assert len(ends) == 12
    assert "reset" in ends


def test_a_file_is_sent_as_bytes() -> None:
    """`sendfile` reads what it is asked for."""
    got: list[bytes] = []

    async def server() -> None:
        async def handler(reader: Any, writer: Any) -> None:
            got.append(await reader.read())

        await (await asyncio.start_server(handler, "0.0.0.0", 80)).serve_forever()

    async def client() -> None:
        await asyncio.sleep(0.01)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(asyncio.Protocol, "n0", 80)
        assert await loop.sendfile(transport, io.BytesIO(b"0123456789"), 2, 5) == 5
        transport.close()
        await asyncio.sleep(1)

    assert play(server, client).found is None
    assert got == [b"23456"]


def test_an_address_nobody_has_cannot_be_reached() -> None:
    """It is no name that is unknown."""

    async def main() -> None:
        with pytest.raises(OSError) as error:
            await asyncio.open_connection("10.9.9.9", 80)
        assert not isinstance(error.value, socket.gaierror)
        assert error.value.errno == 113

    assert play(main).found is None


class Echo(asyncio.DatagramProtocol):
    """Answers."""

    def __init__(self, got: list[Any]) -> None:
        self.got = got

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        self.got.append((data, address))
        if data.islower():
            self.transport.sendto(data.upper(), address)

    def connection_lost(self, error: Any) -> None:
        self.got.append("lost")


def test_datagrams() -> None:
    """Sent to a port, answered to where they came from; nobody notices where nobody listens."""
    there: list[Any] = []
    here: list[Any] = []

    async def server() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: Echo(there), ("0.0.0.0", 53))
        with pytest.raises(OSError):
            await loop.create_datagram_endpoint(lambda: Echo(there), ("0.0.0.0", 53))
        answers: list[Any] = []
        own, _ = await loop.create_datagram_endpoint(lambda: Echo(answers), remote_addr=("127.0.0.1", 53))
        own.sendto(b"own")
        await asyncio.sleep(1)
        assert [data for data, _ in answers] == [b"OWN"]

    async def client() -> None:
        await asyncio.sleep(0.1)
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_datagram_endpoint(lambda: Echo(here), remote_addr=("n0", 53))
        assert transport.get_extra_info("peername") == ("10.0.0.1", 53)
        transport.sendto(b"hello")
        transport.sendto(b"Ignored")
        with pytest.raises(TypeError):
            transport.sendto("text")  # type: ignore[arg-type]
        other, _ = await loop.create_datagram_endpoint(lambda: Echo(here), ("0.0.0.0", 0))
        other.sendto(b"nobody", ("n0", 54))
        other.sendto(b"nobody", ("nobody.example", 54))
        await asyncio.sleep(0.1)
        transport.close()
        transport.close()
        assert transport.is_closing()
        transport.sendto(b"late")
        await asyncio.sleep(0.1)

    played = play(server, client)
    assert played.found is None
    assert [data for data, _ in there] == [b"own", b"hello", b"Ignored"]
    assert here == [(b"HELLO", ("10.0.0.1", 53)), "lost"]
    assert len(played.net("datagram")) == 5


def test_datagrams_to_a_machine_that_is_down_are_lost() -> None:
    """And those that a program which is gone has sent arrive."""
    got: list[Any] = []

    async def server() -> None:
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: Echo(got), ("0.0.0.0", 53))
        await asyncio.sleep(5)

    async def client() -> None:
        await asyncio.sleep(0.1)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Echo([]), remote_addr=("n0", 53)
        )
        for number in range(5):
            transport.sendto(b"%d" % number)
            await asyncio.sleep(1)

    def drive(cluster: Cluster) -> None:
        cluster.tick(1_500 * MS)
        cluster.crash(cluster.nodes[0])
        cluster.tick(1_000 * MS)
        cluster.restart(cluster.nodes[0])
        cluster.tick(2_000 * MS)
        cluster.crash(cluster.nodes[1])

    assert play(server, client, drive=drive).found is None
    assert [data for data, _ in got] == [b"0", b"1", b"3", b"4"]

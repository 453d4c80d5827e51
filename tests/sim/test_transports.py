"""Transports keep the rules of asyncio's own: the same protocols see the same calls in the same order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import pytest

from fozzy.sim.streams import WINDOW_BYTES
from tests.sim.harness import MS, alone, linked, play

Say = Callable[..., None]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


def stock(program: Any) -> list[Any]:
    """What a program says on asyncio's own loop and the true network."""
    said: list[Any] = []

    async def main() -> None:
        await program(lambda *what: said.append(what if len(what) != 1 else what[0]), free_port())

    asyncio.run(main())
    return said


def ours(program: Any) -> list[Any]:
    """What it says in the simulator."""

    async def main(say: Say) -> None:
        await program(say, 80)

    return alone(main)


class Tells(asyncio.Protocol):
    """Says what it is told; `keep` is what it answers to the end of the stream."""

    def __init__(self, say: Say, name: str, *, keep: bool = False) -> None:
        self.say, self.name, self.keep = say, name, keep
        self.lost = asyncio.get_running_loop().create_future()
        self.got = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.say(self.name, "made", transport.is_reading(), transport.is_closing())

    def data_received(self, data: bytes) -> None:
        self.got += data
        self.say(self.name, "data", data)

    def eof_received(self) -> bool:
        self.say(self.name, "eof")
        return self.keep

    def connection_lost(self, error: Exception | None) -> None:
        self.say(self.name, "lost", type(error).__name__)
        if not self.lost.done():
            self.lost.set_result(None)


async def pair(say: Say, port: int, *, keep: bool = False) -> tuple[Any, Any, Any]:
    """A server, and both ends of one connection to it."""
    loop = asyncio.get_running_loop()
    made: list[Tells] = []

    def factory() -> Tells:
        made.append(Tells(say, "server", keep=keep))
        return made[0]

    server = await loop.create_server(factory, "127.0.0.1", port)
    _, client = await loop.create_connection(lambda: Tells(say, "client", keep=keep), "127.0.0.1", port)
    while not made or not hasattr(made[0], "transport"):
        await asyncio.sleep(0.001)
    return server, made[0], client


async def ends(*protocols: Any) -> None:
    """Wait until they have lost their connection."""
    for each in protocols:
        await asyncio.wait_for(each.lost, 5)


async def closes(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    here.transport.write(b"hello")
    here.transport.writelines([b" ", bytearray(b"wor"), memoryview(b"ld")])
    await asyncio.sleep(0.05)
    say(there.got)
    here.transport.close()
    here.transport.close()
    say(here.transport.is_closing(), here.transport.is_reading())
    here.transport.write(b"ignored")
    await ends(here, there)
    server.close()


async def half_closes(say: Say, port: int) -> None:
    server, there, here = await pair(say, port, keep=True)
    here.transport.write(b"question")
    say(here.transport.can_write_eof())
    here.transport.write_eof()
    here.transport.write_eof()
    with pytest.raises(RuntimeError):
        here.transport.write(b"more")
    await asyncio.sleep(0.05)
    there.transport.write(b"answer")
    await asyncio.sleep(0.05)
    there.transport.write_eof()
    await asyncio.sleep(0.05)
    say(here.transport.is_closing(), there.transport.is_closing())
    here.transport.close()
    there.transport.close()
    await ends(here, there)
    server.close()


async def eof_closes(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    here.transport.write(b"question")
    here.transport.write_eof()
    await ends(there, here)
    server.close()


async def pauses(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    there.transport.pause_reading()
    there.transport.pause_reading()
    say(there.transport.is_reading())
    here.transport.write(b"waits")
    await asyncio.sleep(0.05)
    here.transport.write_eof()
    await asyncio.sleep(0.05)
    say("nothing yet")
    there.transport.resume_reading()
    there.transport.resume_reading()
    say(there.transport.is_reading())
    await ends(there, here)
    server.close()


async def pauses_within(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    true = there.data_received

    def once(data: bytes) -> None:
        true(data)
        there.transport.pause_reading()

    there.data_received = once
    here.transport.write(b"one")
    await asyncio.sleep(0.05)
    here.transport.write(b"two")
    await asyncio.sleep(0.05)
    say("paused")
    there.data_received = true
    there.transport.resume_reading()
    await asyncio.sleep(0.05)
    here.transport.abort()
    await ends(here, there)
    server.close()


async def aborts(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    there.transport.abort()
    there.transport.abort()
    await ends(there, here)
    server.close()


async def changes_protocol(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    here.transport.write(b"before")
    await asyncio.sleep(0.05)
    other = Tells(say, "other")
    there.transport.set_protocol(other)
    say(there.transport.get_protocol() is other)
    here.transport.write(b"after")
    await asyncio.sleep(0.05)
    here.transport.close()
    await asyncio.wait_for(other.lost, 5)
    server.close()


async def fails_in_a_protocol(say: Say, port: int) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: say("handler", context["message"], str(context["exception"])))
    server, there, here = await pair(say, port)

    def bad(data: bytes) -> None:
        raise ValueError("bad protocol")

    there.data_received = bad
    here.transport.write(b"x")
    await ends(there, here)
    server.close()


async def wrong_types(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    with pytest.raises(TypeError):
        here.transport.write("text")
    here.transport.write(b"")
    here.transport.close()
    await ends(here, there)
    server.close()


async def buffered(say: Say, port: int) -> None:
    loop = asyncio.get_running_loop()

    class Buffers(asyncio.BufferedProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            self.buffer = bytearray(4)
            self.got: list[bytes] = []
            self.lost = loop.create_future()

        def get_buffer(self, sizehint: int) -> Any:
            assert self.transport.is_reading()
            return self.buffer

        def buffer_updated(self, count: int) -> None:
            self.got.append(bytes(self.buffer[:count]))
            if len(self.got) == 2:
                self.transport.pause_reading()

        def eof_received(self) -> None:
            say("eof", b"".join(self.got))

        def connection_lost(self, error: Any) -> None:
            self.lost.set_result(None)

    made: list[Buffers] = []
    server = await loop.create_server(lambda: made.append(Buffers()) or made[0], "127.0.0.1", port)  # type: ignore[func-returns-value]
    transport, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", port)
    transport.write(b"0123456789abcdef")
    await asyncio.sleep(0.05)
    say(made[0].got)
    made[0].transport.resume_reading()
    await asyncio.sleep(0.05)
    say(made[0].got)
    transport.write(b"tail")
    transport.close()
    await asyncio.wait_for(made[0].lost, 5)
    server.close()


async def addresses(say: Say, port: int) -> None:
    server, there, here = await pair(say, port)
    say(here.transport.get_extra_info("peername")[1] == port, there.transport.get_extra_info("sockname")[1] == port)
    say(here.transport.get_extra_info("sockname")[1] == there.transport.get_extra_info("peername")[1])
    say(here.transport.get_extra_info("socket") is not None, here.transport.get_extra_info("nothing", 3))
    say(here.transport.get_write_buffer_size(), here.transport.get_write_buffer_limits())
    here.transport.set_write_buffer_limits(100, 10)
    say(here.transport.get_write_buffer_limits())
    here.transport.close()
    await ends(here, there)
    server.close()


PROGRAMS = [
    closes, half_closes, eof_closes, pauses, pauses_within, aborts, changes_protocol, fails_in_a_protocol, wrong_types,
    buffered, addresses,
]  # fmt: skip


def joined(told: list[Any]) -> list[Any]:
    """Where pieces of one stream come one after the other, how many they are is the network's business."""
    made: list[Any] = []
    for each in told:
        if made and len(each) == 3 and each[1] == "data" and made[-1][:2] == each[:2]:
            made[-1] = (*each[:2], made[-1][2] + each[2])
        else:
            made.append(each)
    return made


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_protocol_sees_what_it_sees_on_asyncios_own_transport(program: Any) -> None:
    """Each end by itself: which of two ends is told first is the network's business."""
    expected, said = (
        [each if isinstance(each, tuple) else (each,) for each in told] for told in (stock(program), ours(program))
    )
    assert expected
    expected, said = joined(expected), joined(said)
    for end in ("server", "client"):
        assert [each for each in said if each[:1] == (end,)] == [each for each in expected if each[:1] == (end,)]
    rest = [[each for each in some if each[:1] not in (("server",), ("client",))] for some in (said, expected)]
    assert rest[0] == rest[1]


def test_a_protocol_is_told_to_wait_and_to_go_on() -> None:
    """Once for each time its buffer passes a limit."""
    told: list[str] = []

    class Writes(asyncio.Protocol):
        def pause_writing(self) -> None:
            told.append("pause")

        def resume_writing(self) -> None:
            told.append("resume")

    async def server() -> None:
        async def handler(reader: Any, writer: Any) -> None:
            await asyncio.sleep(1)
            await reader.read(-1)

        await (await asyncio.start_server(handler, "0.0.0.0", 80)).serve_forever()

    async def client() -> None:
        await asyncio.sleep(0.01)
        transport, _ = await asyncio.get_running_loop().create_connection(Writes, "n0", 80)
        transport.write(b"x" * WINDOW_BYTES)
        assert told == []
        assert transport.get_write_buffer_size() == 0
        for _ in range(10):
            transport.write(b"x" * WINDOW_BYTES)
        assert told == ["pause"]
        await asyncio.sleep(10)
        assert told == ["pause", "resume"]
        assert transport.get_write_buffer_size() == 0

    assert play(server, client, link=linked(MS)).found is None


def test_what_waits_is_sent_before_a_close() -> None:
    """A close with a full buffer is a close after it is empty."""
    got: list[int] = []

    async def server() -> None:
        async def handler(reader: Any, writer: Any) -> None:
            await asyncio.sleep(1)
            got.append(len(await reader.read(-1)))

        await (await asyncio.start_server(handler, "0.0.0.0", 80)).serve_forever()

    async def client() -> None:
        await asyncio.sleep(0.01)
        _, writer = await asyncio.open_connection("n0", 80)
        for _ in range(40):
            writer.write(b"x" * 65536)
        writer.close()
        assert not got
        await writer.wait_closed()
        await asyncio.sleep(5)

    assert play(server, client).found is None
    assert got == [40 * 65536]

"""Streams are as TCP has them: every byte arrives once and in order, whatever the network does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.gate.checks.commuting import difference
from fozzy.sim.cluster import Cluster
from fozzy.sim.streams import WINDOW_BYTES
from tests.sim.harness import MS, S, fixed, linked, play, uniform

LATENCIES = st.sampled_from([MS, uniform(5 * MS, 100 * MS), uniform(0, 50 * MS), 50 * MS, fixed(0)])


async def listen(handler: Any, port: int = 80) -> None:
    """Serve until the end."""
    server = await asyncio.start_server(handler, "0.0.0.0", port)
    await server.serve_forever()


def server_of(handler: Any) -> Any:
    """A machine that serves."""

    async def main() -> None:
        await listen(handler)

    return main


async def connected(host: str = "n0", port: int = 80) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream to a machine that has begun to listen."""
    await asyncio.sleep(0.001)
    return await asyncio.open_connection(host, port)


@settings(max_examples=120)
@given(
    chunks=st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=20),
    pauses=st.lists(st.integers(0, 30), min_size=20, max_size=20),
    cuts=st.lists(st.tuples(st.integers(0, 400), st.sampled_from([1, 5, 20, 200]), st.booleans()), max_size=8),
    latency=LATENCIES,
    loss=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 100),
)
def test_all_bytes_arrive_in_order_whatever_is_cut(
    chunks: list[bytes], pauses: list[int], cuts: list[Any], latency: Any, loss: float, seed: int
) -> None:
    """Any chunks, any cuts and heals at any time, one-way or both, with loss: bytes arrive complete and in order."""
    got: list[bytes] = []
    back: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            got.append(data)
            writer.write(data)
        writer.close()

    async def client() -> None:
        reader, writer = await connected()
        for chunk, pause in zip(chunks, pauses, strict=False):
            writer.write(chunk)
            await asyncio.sleep(pause / 1000)
        writer.write_eof()
        back.append(await reader.read())
        writer.close()

    def drive(cluster: Cluster) -> None:
        n0, n1 = cluster.nodes

        def strike(oneway: bool, lasts: int) -> None:
            mend = cluster.cut([n1], [n0], oneway=oneway)
            cluster.kernel.later(lasts * MS, lambda _arg: mend())

        for at, lasts, oneway in cuts:
            cluster.kernel.later(at * MS, lambda _arg, lasts=lasts, oneway=oneway: strike(oneway, lasts))

    link = linked(latency, loss=loss)
    played = play(server_of(handler), client, seed=seed, drive=drive, link=link, duration_ns=10_000 * S)
    assert played.found is None
    whole = b"".join(chunks)
    assert b"".join(got) == whole == back[0]


def arrivals(cut_ms: int, heal_ms: int) -> list[tuple[bytes, int]]:
    """What arrives, and when, of three pieces that travel for 10 ms and are sent at 100, 108 and 115 ms."""
    arrived: list[tuple[bytes, int]] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            arrived.append((data, round(1000 * (asyncio.get_running_loop().time() - 1000))))

    async def client() -> None:
        loop = asyncio.get_running_loop()
        _, writer = await connected()
        for when, data in ((100, b"one"), (108, b"two"), (115, b"three")):
            await asyncio.sleep(1000 + when / 1000 - loop.time())
            writer.write(data)
        await asyncio.sleep(1)

    def drive(cluster: Cluster) -> None:
        n0, n1 = cluster.nodes
        mends: list[Any] = []
        cluster.kernel.later(cut_ms * MS, lambda _arg: mends.append(cluster.cut([n1], [n0])))
        cluster.kernel.later(heal_ms * MS, lambda _arg: mends.pop()())

    played = play(server_of(handler), client, drive=drive, link=linked(10 * MS))
    assert played.found is None
    return arrived


def test_a_cut_link_holds_what_was_under_way_as_well() -> None:
    """What was sent before a cut and arrives in it is held, in its place before what was sent after."""
    assert arrivals(2, 3) == [(b"one", 110), (b"two", 118), (b"three", 125)]
    assert arrivals(105, 300) == [(b"onetwothree", 310)]
    assert arrivals(111, 300) == [(b"one", 110), (b"twothree", 310)]


def test_what_is_sent_again_is_not_overtaken() -> None:
    """What arrives while a piece before it is sent again waits for that piece."""
    assert arrivals(109, 112) == [(b"onetwo", 122), (b"three", 125)]


def test_a_one_way_cut_lets_answers_through() -> None:
    """A one-way cut holds one direction alone."""
    seen: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(b"pushed")
        seen.append(f"server got {(await reader.read(10)).decode()} {asyncio.get_running_loop().time() > 1001}")

    async def client() -> None:
        reader, writer = await connected()
        await asyncio.sleep(0.05)
        writer.write(b"asked")
        seen.append(f"client got {(await reader.read(10)).decode()} {asyncio.get_running_loop().time() > 1001}")
        await asyncio.sleep(3)

    def drive(cluster: Cluster) -> None:
        n0, n1 = cluster.nodes
        cluster.kernel.later(20 * MS, lambda _arg: cluster.cut([n1], [n0], oneway=True))
        cluster.kernel.later(2 * S, lambda _arg: cluster.heal_all())

    played = play(server_of(handler), client, drive=drive)
    assert played.found is None
    assert seen == ["client got pushed False", "server got asked True"]


def test_loss_is_delay() -> None:
    """A stream loses nothing; what is lost is retransmitted, so it comes later."""
    times: list[float] = []

    def run(loss: float) -> float:
        times.clear()

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(1):
                times.append(asyncio.get_running_loop().time())

        async def client() -> None:
            _, writer = await connected()
            for _ in range(50):
                writer.write(b"x")
            writer.close()

        assert play(server_of(handler), client, link=linked(loss=loss)).found is None
        assert len(times) == 50
        return times[-1]

    assert run(0.5) > run(0.0) + 0.1


def test_a_crash_tells_nobody_until_he_sends() -> None:
    """The peer of a machine that lost power learns nothing; when the machine is back, what he sends is answered by a
    reset, and what he reads meanwhile just waits."""
    told: list[Any] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            told.append("finally of who lost power")

    async def client() -> None:
        reader, writer = await connected()
        try:
            await asyncio.wait_for(asyncio.shield(task := asyncio.ensure_future(reader.read())), 5)
        except TimeoutError:
            told.append("nothing")
        writer.write(b"anybody?")
        try:
            await task
        except ConnectionResetError:
            told.append("reset")

    def drive(cluster: Cluster) -> None:
        cluster.kernel.later(50 * MS, lambda _arg: cluster.crash(cluster.nodes[0]))
        cluster.kernel.later(20 * S, lambda _arg: cluster.restart(cluster.nodes[0]))
        cluster.tick(100 * MS)
        assert not cluster.nodes[0].is_up

    played = play(server_of(handler), client, drive=drive)
    assert played.found is None
    assert told[:2] == ["nothing", "reset"]
    assert played.now_ns > 20 * S
    assert "finally of who lost power" not in told[:2]


def test_streams_are_half_closed_both_ways() -> None:
    """Who has sent his end may read on; the other side may send until it ends too."""
    told: list[Any] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(await reader.read())
        for number in range(3):
            writer.write(b"%d" % number)
            await asyncio.sleep(0.1)
        writer.write_eof()
        told.append(writer.is_closing())
        await asyncio.sleep(1)
        writer.close()
        await writer.wait_closed()

    async def client() -> None:
        reader, writer = await connected()
        writer.write(b"question")
        writer.write_eof()
        with pytest.raises(RuntimeError):
            writer.write(b"more")
        told.append(await reader.read())
        told.append(writer.is_closing())
        writer.close()
        await writer.wait_closed()

    assert play(server_of(handler), client).found is None
    assert told == [b"question", False, b"012", False]


def test_an_abort_drops_what_waits() -> None:
    """The peer gets what was under way and then the end, as from Linux."""
    told: list[Any] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for _ in range(20):
            writer.write(b"x" * WINDOW_BYTES)
        writer.transport.abort()
        writer.transport.abort()
        told.append(writer.is_closing())

    async def client() -> None:
        reader, writer = await connected()
        writer.write(b"1")
        told.append(len(await reader.read()) // WINDOW_BYTES)
        writer.write(b"lost")
        await asyncio.sleep(1)
        told.append(repr(reader.exception()))

    assert play(server_of(handler), client).found is None
    assert told[:2] == [True, 1]
    assert "ConnectionResetError" in told[2]


@pytest.mark.parametrize("how", ["close", "abort"])
def test_who_closes_with_something_unread_resets(how: str) -> None:
    """As Linux does: the peer learns that it was not heard. What was sent before arrives first."""
    told: list[Any] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(1)
        writer.write(b"last words")
        writer.close() if how == "close" else writer.transport.abort()

    async def client() -> None:
        reader, writer = await connected()
        writer.write(b"unread")
        try:
            while data := await reader.read(100):
                told.append(data)
        except ConnectionResetError:
            told.append("reset")

    for seed in range(5):
        told.clear()
        assert play(server_of(handler), client, seed=seed, link=linked(uniform(MS, 90 * MS))).found is None
        assert told == [b"last words", "reset"]


def test_who_closes_while_he_is_given_data_has_read_it() -> None:
    """A protocol that answers and closes sends no reset."""
    told: list[Any] = []

    class Answers(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(data.upper())
            self.transport.close()

    async def server() -> None:
        await (await asyncio.get_running_loop().create_server(Answers, "0.0.0.0", 80)).serve_forever()

    async def client() -> None:
        reader, writer = await connected()
        writer.write(b"question")
        told.append(await reader.read())

    assert play(server, client).found is None
    assert told == [b"QUESTION"]


def test_who_lets_a_stream_go_resets_what_still_comes() -> None:
    """Data for a program that has closed is answered with a reset."""
    told: list[str] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def client() -> None:
        reader, writer = await connected()
        told.append(repr(await reader.read()))
        writer.write(b"one")
        await asyncio.sleep(1)
        try:
            writer.write(b"two")
            await writer.drain()
        except ConnectionResetError:
            told.append("reset")

    assert play(server_of(handler), client).found is None
    assert told == ["b''", "reset"]


def test_a_sender_waits_for_a_slow_reader() -> None:
    """At most a window is under way; the rest is in the sender's buffer, and `drain` waits."""
    seen: dict[str, Any] = {"most": 0}
    total = 8 * WINDOW_BYTES

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)
        got = 0
        while data := await reader.read(16384):
            got += len(data)
            await asyncio.sleep(0.001)
        seen["got"] = got

    async def client() -> None:
        _, writer = await connected()
        sent = 0
        while sent < total:
            writer.write(b"x" * 16384)
            sent += 16384
            seen["most"] = max(seen["most"], writer.transport.get_write_buffer_size())
            await writer.drain()
            if "blocked" not in seen and asyncio.get_running_loop().time() > 1004:
                seen["blocked"] = sent
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(5)

    assert play(server_of(handler), client).found is None
    assert seen["got"] == total
    assert seen["blocked"] < total
    assert seen["most"] < 4 * 64 * 1024


@pytest.mark.parametrize("chunk", [16384, WINDOW_BYTES // 4, WINDOW_BYTES])
def test_a_window_is_the_same_whichever_end_runs_first(chunk: int) -> None:
    """Sender and reader act at the same instants: what one takes, the other learns of when that has travelled."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(chunk):
            await asyncio.sleep(0.001)

    async def client() -> None:
        _, writer = await connected()
        for _ in range(60):
            writer.write(b"x" * chunk)
            await asyncio.sleep(0.001)
        await writer.drain()
        writer.close()
        await asyncio.sleep(5)

    usual, other = (play(server_of(handler), client, turned=turned) for turned in (None, ()))
    assert usual.found is None and sum(each.bytes for each in usual.net("data")) == 60 * chunk
    assert difference(usual.records, other.records) is None


def test_a_connection_carries_its_digest_into_the_records() -> None:
    """Every piece that arrives is a record with its length and the crc of its bytes."""
    from zlib import crc32

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readexactly(5)).upper())
        writer.close()

    async def client() -> None:
        reader, writer = await connected()
        writer.write(b"hello")
        await reader.read()
        writer.close()
        await asyncio.sleep(1)

    played = play(server_of(handler), client)
    told = [(each.what, each.link, each.bytes, each.digest) for each in played.net()]
    assert ("open", "n1>n0#1", 0, 0) in told
    assert ("data", "n1>n0#1", 5, crc32(b"hello")) in told
    assert ("data", "n0>n1#1", 5, crc32(b"HELLO")) in told
    assert [each[0] for each in told].count("eof") == 1  # the other comes to a program that has closed


def test_many_connections() -> None:
    """A hundred streams at once, each with its own bytes."""
    got: list[int] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def one(number: int) -> None:
        reader, writer = await connected()
        for turn in range(3):
            writer.write(b"%d %d\n" % (number, turn))
            assert await reader.readline() == b"%d %d\n" % (number, turn)
        writer.close()
        got.append(number)

    async def client() -> None:
        await asyncio.gather(*(one(number) for number in range(100)))

    assert play(server_of(handler), client, link=linked(uniform(MS, 10 * MS))).found is None
    assert sorted(got) == list(range(100))
    assert got != sorted(got)


def test_a_machine_speaks_to_itself() -> None:
    """By name, by address and by localhost."""
    told: list[str] = []

    async def main(node: Any) -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            writer.close()

        server = await asyncio.start_server(handler, port=80)
        for host in ("localhost", "127.0.0.1", node.ip, node.host):
            reader, writer = await asyncio.open_connection(host, 80)
            writer.write(f"{host}\n".encode())
            told.append((await reader.readline()).decode().strip())
            writer.close()
        server.close()

    played = play(main)
    assert played.found is None
    assert told == ["localhost", "127.0.0.1", "10.0.0.1", "n0"]


def test_unix_sockets() -> None:
    """A path of the machine itself; there is none where nobody serves."""
    told: list[Any] = []

    async def main() -> None:
        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            writer.close()

        with pytest.raises(FileNotFoundError):
            await asyncio.open_unix_connection("/tmp/none")
        server = await asyncio.start_unix_server(handler, "/tmp/socket")
        reader, writer = await asyncio.open_unix_connection("/tmp/socket")
        writer.write(b"hello\n")
        told.append(await reader.read())
        writer.close()
        server.close()

    async def other() -> None:
        await asyncio.sleep(0.00001)
        with pytest.raises(FileNotFoundError):
            await asyncio.open_unix_connection("/tmp/socket")
        told.append("not here")

    assert play(main, other).found is None
    assert sorted(map(str, told)) == ["b'hello\\n'", "not here"]

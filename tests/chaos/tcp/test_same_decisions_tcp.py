"""The same seed and the same messages make the same decisions, however the bytes come: whole, byte by byte, or joined."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from fozzy.chaos.services.postgres_server import PostgresServer
from fozzy.chaos.services.redis_server import RedisServer
from fozzy.chaos.tcp.decisions import decision_lines
from fozzy.chaos.tcp.handle import TcpProxy
from fozzy.core.wires import Connected, Spoken
from fozzy.faults.tcp.frames.resp import request_of
from tests.chaos.tcp.before import SOON_S, before, toxic
from tests.chaos.upstream import Upstream, plain, sse

CONNECTIONS = 8
ROUNDS = 5
AT_ONCE = 5  # commands of a connection before it is the next one's turn
MESSAGES = CONNECTIONS * ROUNDS * AT_ONCE
HARMLESS = (
    "latency:latency=2,jitter=2,rate=0.3",
    "latency:name=half,latency=1,rate=0.5,toxicity=0.5,stream=upstream",
    "latency:name=third,latency=1,every=3",
    "latency:name=bytes,latency=1,on=byte,after=100,every=90",
    "latency:name=marked,latency=1,match=INCR n3,pattern=F.F..FF",
)
ANSWERED = (
    "resp_error:name=loading,code=LOADING,match=GET,rate=0.2",
    "resp_error:name=oom,code=OOM,match=SET,every=7",
)


def decisions(proxy: TcpProxy, but: str = "") -> list[bytes]:
    """The decision log of what was said; leaving one toxic out."""
    told = [each for each in proxy.records if isinstance(each, Connected | Spoken)]
    return list(decision_lines(_without(but, each) for each in told))


def _without(toxic: str, told: Connected | Spoken) -> Connected | Spoken:
    rolls = [roll for roll in told.rolls if not roll.draw.startswith(f"{toxic}.")]
    struck = [struck for struck in told.struck if struck.toxic != toxic]
    if isinstance(told, Connected):
        return msgspec.structs.replace(told, rolls=rolls, struck=struck)
    spared = [each for each in told.spared if each != toxic]
    return msgspec.structs.replace(told, rolls=rolls, struck=struck, spared=spared)


def command(at: int) -> bytes:
    """The command with this number."""
    words = [("SET", f"k{at}", "v" * (at % 50)), ("GET", f"k{at - 1}"), ("INCR", f"n{at % 5}")]
    return request_of(*words[at % 3])


def reply(reader: Any) -> bytes:
    """One reply: a line, or a text with its size."""
    line: bytes = reader.readline()
    assert line[:1] in b"+-:$", line
    return line + reader.read(int(line[1:]) + 2) if line[:1] == b"$" and line != b"$-1\r\n" else line


Asked = Callable[[socket.socket, Any, list[bytes]], list[bytes]]


def one_by_one(wire: socket.socket, reader: Any, commands: list[bytes]) -> list[bytes]:
    """Each command when the one before it is answered."""
    found = []
    for each in commands:
        wire.sendall(each)
        found.append(reply(reader))
    return found


def in_pieces(wire: socket.socket, reader: Any, commands: list[bytes]) -> list[bytes]:
    """Each byte in a packet of its own."""
    found = []
    for each in commands:
        for at in range(len(each)):
            wire.sendall(each[at : at + 1])
        found.append(reply(reader))
    return found


def joined(wire: socket.socket, reader: Any, commands: list[bytes]) -> list[bytes]:
    """All of them at once."""
    wire.sendall(b"".join(commands))
    return [reply(reader) for _ in commands]


def talked(
    server: RedisServer, toxics: tuple[str, ...], asked: Asked, *, but: str = "", **more: Any
) -> tuple[list[bytes], list[bytes]]:
    """What came back of 200 commands over 8 connections, and the decisions."""
    server.clear()
    found: list[bytes] = []
    with before(server.address, "redis", *toxics, **more) as proxy:
        wires = [socket.create_connection(proxy.address, SOON_S) for _ in range(CONNECTIONS)]
        readers = [wire.makefile("rb") for wire in wires]
        for wire in wires:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        at = 0
        for _ in range(ROUNDS):
            for wire, reader in zip(wires, readers, strict=True):
                found += asked(wire, reader, [command(n) for n in range(at, at + AT_ONCE)])
                at += AT_ONCE
        for wire, reader in zip(wires, readers, strict=True):
            reader.close()
            wire.close()
        assert proxy.wait_closed()
    assert len(found) == MESSAGES
    return found, decisions(proxy, but)


@pytest.mark.parametrize("toxics", [HARMLESS, (*HARMLESS, *ANSWERED)], ids=["late", "answered"])
def test_cut_and_joined_reads_decide_alike(redis_server: RedisServer, toxics: tuple[str, ...]) -> None:
    """200 commands over 8 connections: reads as they come, of one byte, and of many commands give one decision log."""
    whole = talked(redis_server, toxics, one_by_one)
    assert len(whole[1]) == 2 * MESSAGES + CONNECTIONS
    assert sum(b'"struck":[]' not in line for line in whole[1]) > 50
    for asked, more in [(in_pieces, {"read_bytes": 1}), (joined, {}), (joined, {"read_bytes": 7})]:
        assert talked(redis_server, toxics, asked, **more) == whole


def test_another_seed_decides_otherwise(redis_server: RedisServer) -> None:
    """Another seed rolls other numbers for the same messages."""
    assert talked(redis_server, HARMLESS, one_by_one)[1] != talked(redis_server, HARMLESS, one_by_one, seed=8)[1]


def test_a_toxic_more_moves_no_decision(redis_server: RedisServer) -> None:
    """What others decide stays as it was, draw by draw, when a toxic comes beside them."""
    alone = talked(redis_server, HARMLESS[1:], one_by_one)[1]
    first = toxic(HARMLESS[0]).called
    assert talked(redis_server, HARMLESS, one_by_one, but=first)[1] == alone
    assert talked(redis_server, HARMLESS, one_by_one)[1] != alone


def statements(server: PostgresServer, **more: Any) -> list[bytes]:
    """The decisions of a few transactions of psycopg."""
    late = ("latency:latency=1,jitter=1,rate=0.4", "latency:name=b,latency=1,match=BEGIN,every=2")
    with before(server.address, "postgres", *late, **more) as proxy:
        for _ in range(2):
            with psycopg.connect(server.url_at(proxy.port)) as client:
                for at in range(8):
                    with client.transaction():
                        assert client.execute("SELECT %s::int", (at,)).fetchone() == (at,)
        assert proxy.wait_closed()
    return decisions(proxy)


def test_statements_decide_alike(postgres_server: PostgresServer) -> None:
    """PostgreSQL's messages too, with prepared statements and transactions."""
    whole = statements(postgres_server)
    assert len(whole) > 60
    assert any(b'"struck":[]' not in line for line in whole)
    assert statements(postgres_server, read_bytes=1) == whole


def answers(upstream: Upstream, **more: Any) -> list[bytes]:
    """The decisions of a few requests of httpx over two connections, some of them streams of events."""
    struck = ("http_status:status=503,match=GET /json,rate=0.5", "sse_bad_json:rate=0.5", "latency:latency=1,rate=0.3")
    address = f"127.0.0.1:{upstream.port}"
    with before(address, "http", *struck, **more) as proxy:
        url = "http://{}:{}".format(*proxy.address)
        for _ in range(2):
            with httpx.Client(base_url=url, timeout=SOON_S, trust_env=False) as client:
                for at in range(8):
                    client.post("/echo", json={"at": at})
                    client.get("/json" if at % 2 else "/events")
        assert proxy.wait_closed()
        return decisions(proxy)


def test_requests_decide_alike() -> None:
    """HTTP's messages too, with chunked bodies and events."""
    with Upstream() as upstream:
        upstream.on("/json", plain(200, [("Content-Type", "application/json")], b"{}"))
        upstream.on("/events", sse(["1", "2", "3"]))
        whole = answers(upstream)
        assert sum(b'"of":"event"' in line for line in whole) == 24
        assert all(any(word in line for line in whole) for word in (b"sse_bad_json_downstream.rate", b'"http_status"'))
        assert answers(upstream, read_bytes=1) == whole

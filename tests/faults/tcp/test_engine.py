"""The engine decides as the plan says, the same for the same seed, and nobody else moves what one toxic decides."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.core.wires import Spoken
from fozzy.errors import InputError
from fozzy.faults.tcp.plan import TcpPlan
from tests.faults.tcp.wiring import Wire, plan, toxic

ROOT = Path(__file__).parent.parent.parent.parent


def talk(wire: Wire, connections: int = 8, turns: int = 25) -> list[tuple[int, int]]:
    """Connections that talk in turn; which of their replies were struck by `t`."""
    links = [wire.connect() for _ in range(connections)]
    for at in range(turns):
        for link in links:
            wire.link = link
            wire.send("upstream", b"ping", at)
            wire.send("downstream", b"pong", at)
    for link in links:
        link.close("client", turns)
    return struck(wire)


def struck(wire: Wire) -> list[tuple[int, int]]:
    """The connection and ordinal of each struck message."""
    found = [each for each in wire.records if isinstance(each, Spoken) and any(one.toxic == "t" for one in each.struck)]
    return sorted((each.connection, each.message) for each in found)


def test_same_seed_same_decisions() -> None:
    """200 messages over 8 connections, a rate of half: the same for the same seed, others for another."""
    t = toxic("latency", name="t", latency=1, struck=0.5)
    found = [talk(Wire(t, seed=seed)) for seed in (7, 7, 8)]
    assert found[0] == found[1] != found[2] and 70 < len(found[0]) < 130


def test_a_toxic_more_moves_nothing() -> None:
    """An unrelated toxic before, behind or of probability 0 changes no other decision."""
    t = toxic("latency", name="t", latency=1, struck=0.5, toxicity=0.7)
    other = toxic("latency", name="other", latency=1, struck=0.3, toxicity=0.5)
    never = toxic("latency", name="never", latency=1, struck=0)
    found = [talk(Wire(*toxics)) for toxics in ([t], [other, t], [t, other], [never, t])]
    assert found.count(found[0]) == 4 and found[0]


def test_a_change_keeps_what_it_does_not_touch() -> None:
    """A toxic that a change does not touch counts on; one that is changed begins anew."""
    t = toxic("latency", name="t", latency=1, first=2)
    wire = Wire(t)
    for at in range(4):
        wire.send("upstream", b"ping", at)
        wire.send("downstream", b"pong", at)
        wire.change(t, toxic("latency", name=f"u{at}", latency=1), at_ns=at)
    assert wire.tally(-2).hit == 2 and wire.tally(-2).matched == 4
    wire.change(toxic("latency", name="t", latency=2, first=2), at_ns=9)
    assert wire.tally(-1).matched == 0


def test_counted_over_the_proxy_or_the_connection() -> None:
    """`first = 1` is one message of the proxy, or one of each connection."""
    assert talk(Wire(toxic("latency", name="t", latency=1, first=1)), 3, 4) == [(2, 1)]
    each = talk(Wire(toxic("latency", name="t", latency=1, first=1, per="connection")), 3, 4)
    assert each == [(2, 1), (3, 1), (4, 1)]


def test_a_bad_change_changes_nothing() -> None:
    """A plan that cannot be is refused whole; what was in force still is."""
    wire = Wire(toxic("latency", latency=5))
    before = wire.engine.plan
    with pytest.raises(InputError):
        wire.engine.change(plan(toxic("latency", latency=5), toxic("bandwidth", rate=0)), 5)
    assert wire.engine.plan is before and wire.engine.number == 1


def test_disabled_is_down() -> None:
    """A proxy that is not enabled does not listen."""
    wire = Wire()
    wire.engine.change(plan(enabled=False), 5)
    assert wire.engine.gate("p", 5).mode == "down"


def test_a_proxy_that_is_gone() -> None:
    """Its connections still come to their end, and are told."""
    wire = Wire(toxic("latency", latency=5))
    wire.send("downstream", b"abc")
    wire.engine.change(TcpPlan(), 5)
    assert [data for _, _, data in wire.all()] == [b"abc"]
    wire.close()
    assert wire.records[-1].at == "p" and wire.tally().applied == 1


def told() -> str:
    """Everything that is told of one session, as text."""
    toxics: list[dict[str, Any]] = [
        toxic("latency", name="t", latency=20, jitter=10, struck=0.5),
        toxic("packet_loss", loss_rate=0.3, correlation=0.3),
        toxic("corrupt", on="byte", struck=0.1),
        toxic("slicer", average_size=3, size_variation=2, delay=50, stream="upstream", toxicity=0.5),
    ]
    wire = Wire(*toxics)
    talk(wire, 4, 10)
    return msgspec.json.encode([wire.records, wire.engine.tallies()]).decode()


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_other_processes_decide_the_same(hash_seed: str) -> None:
    """The records of a session are byte for byte the same in another process with another hash seed."""
    code = "from tests.faults.tcp.test_engine import told; print(told())"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert found.stdout.decode().strip() == told() and len(told()) > 10_000


def test_what_the_server_owes_is_in_flight() -> None:
    """A request is in flight from when the server has all of it until its reply is whole, unless nobody expects one."""
    wire = Wire(protocol="redis")
    seen = []
    for stream, data in [("upstream", b"*1\r\n$4\r\nPI"), ("upstream", b"NG\r\n"), ("downstream", b"+PO")]:
        wire.send(stream, data, 1)
        seen.append(wire.engine.in_flight())
    wire.engine.silent.add(wire.engine.plan.proxies[0].upstream)
    seen.append(wire.engine.in_flight())
    wire.engine.silent.clear()
    wire.send("downstream", b"NG\r\n", 2)
    assert [*seen, wire.engine.in_flight()] == [0, 1, 1, 0, 0]


def test_what_does_not_reach_the_server_is_not_in_flight() -> None:
    """A request that a toxic swallows, holds or answers is nothing the server owes; one whose reply is late neither."""
    for kind, words in [
        ("timeout", {"timeout": 0, "stream": "upstream"}),
        ("latency", {"latency": 9, "stream": "upstream"}),
    ]:
        wire = Wire(toxic(kind, **words), protocol="redis")
        wire.send("upstream", b"*1\r\n$4\r\nPING\r\n", 1)
        assert wire.engine.in_flight() == 0, kind
    wire = Wire(toxic("latency", latency=9), protocol="redis")
    wire.send("upstream", b"*1\r\n$4\r\nPING\r\n", 1)
    assert wire.engine.in_flight() == 1
    wire.send("downstream", b"+PONG\r\n", 2)
    assert wire.engine.in_flight() == 0


def test_a_turn_of_raw_bytes_waits_for_the_other_side() -> None:
    """Where nothing is known of a protocol a turn of the client is in flight until the server says anything."""
    wire = Wire()
    wire.send("upstream", b"ping", 1)
    assert wire.engine.in_flight() == 1
    wire.send("downstream", b"p", 2)
    assert wire.engine.in_flight() == 0


def test_a_stream_of_events_is_not_waited_for() -> None:
    """Once its head is there events come when they come."""
    wire = Wire(protocol="http")
    wire.send("upstream", b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n", 1)
    assert wire.engine.in_flight() == 1
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire.send("downstream", head + b"8\r\ndata: 1\n\r\n", 2)
    assert wire.engine.in_flight() == 0


def test_what_else_happens_when_a_toxic_strikes() -> None:
    """From its first strike on, for one that comes into force next as well; it goes with the toxic."""
    struck_at: list[str] = []
    late = toxic("latency", name="t", latency=1, stream="upstream")
    wire = Wire()
    wire.engine.when_applied("p/t", lambda: struck_at.append("t"))
    for toxics, so_far in (([late], 1), ([{**late, "toxicity": 1.0, "first": 1}], 2), ([], 2), ([late], 2)):
        wire.engine.change(plan(*toxics), 0)
        wire.send("upstream", b"ping", 0)
        wire.send("downstream", b"pong", 0)
        assert len(struck_at) == so_far
    wire.engine.when_applied("p/t", lambda: struck_at.append("again"))
    wire.send("upstream", b"ping", 0)
    assert struck_at == ["t", "t", "again"]

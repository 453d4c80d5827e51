from __future__ import annotations

import json
import random

import msgspec

from fozzy.chaos.tcp.decisions import decision_line, decision_lines
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.plan import Toxic
from tests.chaos.tcp.driven import Driven, plan
from tests.chaos.tcp.wired import APPLIED, BYPASSED, connection, message

LATE = Toxic(type="latency", name="late", attributes={"latency": 20, "jitter": 10}, rate=0.3, per="connection")
SOME = Toxic(type="latency", name="some", attributes={"latency": 5}, stream="upstream", toxicity=0.5)
EIGHT = 8


def log(cut: int, seed: int = 7, order: int | None = None) -> bytes:
    """The log of 200 messages over eight connections, cut into reads, one connection after the other or mixed."""
    driven = Driven(plan(LATE, SOME), seed)
    driven.engine.keyed = True
    links = [driven.connect() for _ in range(EIGHT)]
    turns: list[tuple[Link, int]] = [(link, n) for n in range(25) for link in links]
    if order is not None:
        random.Random(order).shuffle(turns)
    said = dict.fromkeys(links, 0)
    for link, _ in turns:
        said[link] += 1
        driven.ask(link, b"question %d" % said[link], b"answer %d" % said[link], cut)
    driven.close_all()
    return b"".join(decision_lines(driven.records))


def test_reads_and_order_do_not_show() -> None:
    """200 messages over eight connections: the same log byte for byte, in one byte pieces or whole, whoever came first."""
    whole = log(0)
    assert log(1) == log(3) == log(0, order=1) == log(1, order=2) == whole
    lines = [json.loads(line) for line in whole.splitlines()]
    assert len(lines) == EIGHT + 2 * 200
    assert 30 < sum(bool(line["struck"]) for line in lines if line.get("stream") == "downstream") < 100
    assert len({line["connection"] for line in lines if line["struck"] and line.get("stream") == "upstream"}) in range(
        1, 8
    )
    assert log(0, seed=8) != whole


def test_a_line_is_canonical_and_without_times() -> None:
    """What became of a toxic, sizes, digests, numbers, times and clients make no difference."""
    one = message(2, struck=[APPLIED], spared=["x"], bytes=3, digest="ab", t=5, arrived=4)
    other = message(2, struck=[BYPASSED], spared=["x"], bytes=4, digest="cd", t=9, arrived=8)
    other = msgspec.structs.replace(other, number=7)
    assert decision_line(one) == decision_line(other)
    assert decision_line(one) == (
        b'{"about":"GET 2","answers":0,"at":"kv","connection":1,"message":2,"of":"request","rolls":[],"spared":["x"],'
        b'"stream":"upstream","struck":[["late","latency"]]}\n'
    )
    assert decision_line(connection(client="a")) == b'{"at":"kv","connection":1,"rolls":[],"struck":[]}\n'


def test_lines_are_sorted() -> None:
    """By proxy, connection, stream and message, the connection itself first."""
    records = [
        message(3, stream="upstream", message=1),
        message(2, stream="downstream", message=10),
        message(4, stream="downstream", message=2),
        connection(1),
        message(9, at="a", connection=10),
        message(8, at="a", connection=2),
    ]
    said = [json.loads(line) for line in decision_lines(records)]
    assert [(line["at"], line["connection"], line.get("stream"), line.get("message")) for line in said] == [
        ("a", 2, "upstream", 8),
        ("a", 10, "upstream", 9),
        ("kv", 1, None, None),
        ("kv", 1, "downstream", 2),
        ("kv", 1, "downstream", 10),
        ("kv", 1, "upstream", 1),
    ]

"""Every toxic under every sort of schedule: a recording of it is decided again as it was, and reads never show in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from fozzy.chaos.tcp.decisions import decision_lines
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import InputError
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import STREAMS, Protocol, TcpPlan, Toxic
from tests.chaos.tcp.driven import Driven, plan, recorded
from tests.chaos.tcp.test_redecide import again

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "latency": {"latency": 5, "jitter": 2},
    "bandwidth": {"rate": 100},
    "slow_close": {"delay": 5},
    "timeout": {"timeout": 5},
    "slicer": {"average_size": 50, "size_variation": 20},
    "limit_data": {"bytes": 90},
    "limit_time": {"time": 5},
    "corrupt": {"bits": 1},
    "packet_loss": {"loss_rate": 0.3},
    "resp_error": {"code": "LOADING"},
    "pg_error": {"sqlstate": "40001"},
}
SCHEDULES: list[dict[str, Any]] = [
    {},
    {"toxicity": 0.5},
    {"first": 2},
    {"after": 3, "every": 2},
    {"rate": 0.4},
    {"rate": 0.4, "per": "connection"},
    {"pattern": "F..FF", "toxicity": 0.7},
    {"rate": 0.3, "on": "byte"},
    {"every": 7, "times": 9, "on": "byte"},
    {"rate": 0.5, "on": "connection"},
    {"window": ("3ms", "40ms")},
    {"match": "*", "first": 3},
]
EVENTS = (
    b"".join(b'%x\r\ndata: {"n":%d}\n\n\r\n' % (len(b'data: {"n":%d}\n\n' % n), n) for n in range(4)) + b"0\r\n\r\n"
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a": 1}'
ANY: tuple[Protocol, ...] = ("raw", "http")  # where any is spoken
READY = b"C\x00\x00\x00\x0dSELECT 1\x00Z\x00\x00\x00\x05I"
STATEMENTS = (b"BEGIN", b"SELECT 1", b"COMMIT")
TALK: dict[str, list[tuple[bytes, bytes]]] = {
    "raw": [(b"ask %d" % n, b"answer " * 9) for n in range(4)],
    "redis": [(b"*2\r\n$4\r\nINCR\r\n$1\r\n%c\r\n" % (97 + n), b":%d\r\n" % n) for n in range(4)],
    "http": [
        (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", OK),
        (b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n", HEAD + EVENTS),
        (b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", OK),
    ],
    "postgres": [
        (b"\x00\x00\x00\x10\x00\x03\x00\x00user\x00a\x00\x00", b"R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I"),
        *((b"Q" + (len(text) + 5).to_bytes(4, "big") + text + b"\x00", READY) for text in STATEMENTS),
    ],
}


def plans(kind: str) -> list[tuple[Protocol, TcpPlan]]:
    """Every protocol and schedule that a check lets pass, the streams in turn."""
    found: list[tuple[Protocol, TcpPlan]] = []
    for protocol in KINDS[kind].protocols or ANY:
        for index, schedule in enumerate(SCHEDULES):
            stream = STREAMS[index % 2]
            toxic = Toxic(type=kind, stream=stream, attributes=ATTRIBUTES.get(kind, {}), **schedule)
            try:
                found.append((protocol, checked(plan(toxic, protocol=protocol))))
            except InputError:
                continue
    return found


def talk(driven: Driven, protocol: str, cut: int, other: TcpPlan) -> None:
    """Four clients, one of which stays while the toxic goes and comes again."""
    link = driven.connect()
    for number in range(3):
        each = driven.connect()
        for request, reply in TALK[protocol]:
            driven.ask(each, request, reply, cut)
            if number == 2:
                driven.ask(link, request, reply, cut)
        driven.close(each)
        if number == 0:
            driven.change(replace(other, proxies=[replace(other.proxies[0], toxics=[])]))
            driven.change(other)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_decided_again_and_reads_do_not_show(tmp_path: Path, kind: str) -> None:
    """Whatever the schedule counts, all is decided as it was, and pieces of one byte make the same decisions."""
    struck = 0
    tried = plans(kind)
    for index, (protocol, each) in enumerate(tried):
        path = recorded(
            tmp_path / f"{index}.fozzy",
            each,
            lambda driven, on=protocol, of=each: talk(driven, on, 0, of),  # type: ignore[misc]
        ).paths[0]
        done = again(path)
        assert (done.divergence.verdict, done.divergence.cause) == ("SAME", None), (protocol, each)
        logs: list[bytes] = []
        for cut in (0, 1):
            driven = Driven(each)
            driven.engine.keyed = True
            talk(driven, protocol, cut, each)
            driven.close_all()
            logs.append(b"".join(decision_lines(driven.records)))
            struck += sum(bool(one.struck) for one in driven.records if isinstance(one, Connected | Spoken))
        assert logs[0] == logs[1], (protocol, each)
    assert len(tried) >= 3 and struck > 10

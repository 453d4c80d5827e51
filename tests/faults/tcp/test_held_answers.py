"""Whoever gives the client its bytes is woken for answers of ours, also where another toxic holds them."""

from __future__ import annotations

from fozzy.faults.tcp.message import NEVER_NS
from tests.faults.tcp.wiring import MS, Wire, toxic

PING = b"*1\r\n$4\r\nPING\r\n"


def test_a_held_answer_wakes_its_stream() -> None:
    """A request that waited is answered here, the answer is held: there is a new time at which the client gets something."""
    wire = Wire(
        toxic("latency", latency=1, stream="upstream"),
        toxic("resp_error", code="LOADING"),
        toxic("latency", latency=5),
        protocol="redis",
    )
    woken: list[str] = []
    wire.link.wake = woken.append
    wire.link.received("upstream", PING, 0)
    assert wire.link.due_ns("downstream") == NEVER_NS
    assert wire.link.take("upstream", MS) == []
    assert "downstream" in woken
    assert wire.link.due_ns("downstream") == 6 * MS
    assert b"LOADING" in b"".join(map(bytes, wire.link.take("downstream", 6 * MS)))
    wire.link.close("client", 7 * MS)

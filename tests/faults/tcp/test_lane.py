"""A lane moves items through its stages, each at its time, and loses none when stages change."""

from __future__ import annotations

from tests.faults.tcp.wiring import MS, Wire, toxic


def test_stages_in_order() -> None:
    """What one stage gives at a time goes into the next at that time, however late somebody looks."""
    wires = [Wire(toxic("latency", name="a", latency=10), toxic("latency", name="b", latency=5)) for _ in range(2)]
    wires[0].send("downstream", b"abc")
    assert wires[0].all() == [(15 * MS, "downstream", b"abc")]
    wires[1].link.received("downstream", b"abc", 0)
    wires[1].link.received("downstream", b"def", 100 * MS)
    wires[1].look(101 * MS)
    assert wires[1].got == [(101 * MS, "downstream", b"abc")]
    assert wires[1].all()[1:] == [(115 * MS, "downstream", b"def")]


def test_a_stage_that_goes_gives_what_it_holds() -> None:
    """What the first held goes through the second, which stays."""
    first, second = toxic("latency", name="a", latency=10), toxic("latency", name="b", latency=5)
    wire = Wire(first, second)
    wire.send("downstream", b"abc")
    wire.change(second, at_ns=3 * MS)
    assert wire.all() == [(8 * MS, "downstream", b"abc")]


def test_the_last_goes_first() -> None:
    """When all go at once, what was ahead stays ahead."""
    wire = Wire(toxic("latency", name="a", latency=10), toxic("latency", name="b", latency=10))
    wire.send("downstream", b"abc")
    wire.send("downstream", b"def", 12 * MS)
    assert wire.link.flows["downstream"].lane.held == 6
    wire.change(at_ns=13 * MS)
    assert [data for _, _, data in wire.got] == [b"abc", b"def"] and wire.link.flows["downstream"].lane.held == 0


def test_a_stage_more_does_not_hold_what_is_through() -> None:
    """A toxic that comes strikes what comes after it; what is held goes through it, in order."""
    wire = Wire(toxic("latency", name="a", latency=10))
    wire.send("downstream", b"abc")
    wire.change(toxic("latency", name="a", latency=10), toxic("latency", name="b", latency=5), at_ns=1)
    wire.send("downstream", b"def", 2)
    assert [data for _, _, data in wire.all()] == [b"abc", b"def"]


def test_nothing_comes_behind_a_cut() -> None:
    """What was read together with what is cut off goes into no later stage, which would take it for the next bytes."""
    cut = toxic("sse_partial_event", pattern=".F")
    wire = Wire(cut, toxic("sse_bad_json"), protocol="http")
    events = [b"data: a\n\n", b'id: 2\r\ndata: {"b":\r\ndata: 2}\r\n\r\n', b"data: e\n\n"]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire.send("upstream", b"GET / HTTP/1.1\r\n\r\n")
    wire.send("downstream", head + chunks + b"0\r\n\r\n")
    assert wire.got[-1][2] == "cut fin fin"
    assert b"data: e" not in wire.bytes_of("downstream")
    assert [tally.applied for tally in wire.engine.tallies()][0] == 1

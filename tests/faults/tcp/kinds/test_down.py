"""`down` closes the port and cuts what is open; by messages it falls in the middle."""

from __future__ import annotations

from fozzy.faults.tcp.message import NEVER_NS
from tests.faults.tcp.wiring import MS, Wire, toxic


def test_down_and_up() -> None:
    """Without a schedule it is down as long as it is there, and that counts once."""
    wire = Wire(toxic("down"))
    assert [wire.engine.gate("p", 5) for _ in range(2)] == [("down", NEVER_NS)] * 2
    assert wire.tally().applied == 1
    wire.change(at_ns=9)
    assert wire.engine.gate("p", 9) == ("open", NEVER_NS)


def test_a_window() -> None:
    """In a span of time it is down, and says when to ask again."""
    wire = Wire(toxic("down", window=("5ms", "9ms")))
    gates = [wire.engine.gate("p", at_ms * MS) for at_ms in (0, 5, 8, 9)]
    assert gates == [("open", 5 * MS), ("down", 9 * MS), ("down", 9 * MS), ("open", NEVER_NS)]


def test_after_connections() -> None:
    """After two connections the port is closed, and those two live on."""
    wire = Wire(toxic("down", after=2))
    assert wire.engine.gate("p", 0).mode == "open"
    wire.connect()
    assert wire.engine.gate("p", 0).mode == "closed" and wire.all() == [] and wire.tally().applied == 1


def test_after_messages() -> None:
    """By messages it falls with the one that is struck: its connection is reset, and nobody listens."""
    wire = Wire(toxic("down", on="message", after=1, stream="upstream"))
    wire.send("upstream", b"a")
    wire.send("downstream", b"b", 1)
    assert wire.engine.gate("p", 1).mode == "open"
    wire.send("upstream", b"c", 2)
    assert wire.got[-1] == (2, "upstream", "cut rst rst") and wire.engine.gate("p", 2).mode == "down"


def test_single_connections() -> None:
    """A pattern strikes single connections: the port stays open, and they are reset as they come."""
    wire = Wire(toxic("down", pattern="F.F"))
    found = [bool(wire.all())]
    for at in range(1, 4):
        wire.connect(at)
        found.append(bool(wire.all()))
    assert found == [True, False, True, False] and wire.engine.gate("p", 9).mode == "open"


def test_what_was_open_before() -> None:
    """Of connections that were open before the toxic came none is counted."""
    wire = Wire()
    wire.change(toxic("down", first=1), at_ns=5)
    old = wire.all()
    wire.connect(6)
    assert old == [] and wire.all() == [(6, "downstream", "cut rst rst")]

"""`reset_peer` resets connections, and no others than it strikes."""

from __future__ import annotations

from typing import Any

from tests.faults.tcp.wiring import MS, Wire, toxic


def ends(wire: Wire) -> Any:
    """When it was cut, if it was."""
    return [(at_ns, what) for at_ns, _, what in wire.all() if not isinstance(what, bytes)]


def test_at_once_or_later() -> None:
    """Without a schedule a new connection is reset after `timeout`; until then bytes pass."""
    assert ends(Wire(toxic("reset_peer"))) == [(0, "cut rst rst")]
    wire = Wire(toxic("reset_peer", timeout=5))
    wire.send("downstream", b"abc", MS)
    assert wire.bytes_of("downstream") == b"abc" and ends(wire) == [(5 * MS, "cut rst rst")]


def test_open_connections_too() -> None:
    """A connection that was there before the toxic is reset so long after it came."""
    wire = Wire()
    wire.change(toxic("reset_peer", timeout=5), at_ns=3 * MS)
    assert ends(wire) == [(8 * MS, "cut rst rst")]


def test_after_bytes() -> None:
    """With after_bytes so many arrive first, and the time begins there."""
    wire = Wire(toxic("reset_peer", after_bytes=4, timeout=1))
    wire.send("downstream", b"abc", 1)
    wire.send("downstream", b"def", 2)
    assert wire.bytes_of("downstream") == b"abcdef" and ends(wire) == [(2 + MS, "cut rst rst")]
    wire = Wire(toxic("reset_peer", after_bytes=4))
    wire.send("downstream", b"abcdef", 1)
    assert wire.bytes_of("downstream") == b"abcd" and ends(wire) == [(1, "cut rst rst")]


def test_a_share_of_messages() -> None:
    """A rate resets at the messages that the log says, and a connection that was not drawn lives."""
    wire = Wire(toxic("reset_peer", struck=0.2))
    reset = []
    for at in range(2, 202):
        wire.connect(at)
        wire.send("upstream", b"q", at)
        wire.send("downstream", b"r", at)
        if ends(wire):
            reset.append(at)
        wire.close()
    rolled = [record.connection for record in wire.records if record.rolls and any(roll.hit for roll in record.rolls)]
    assert reset == rolled and 20 < len(reset) < 60 and wire.tally().applied == len(reset)


def test_toxicity_is_of_connections() -> None:
    """With half the toxicity some connections are reset and some never are; a neighbour more moves none of them."""
    found = []
    for others in ([], [toxic("latency", name="other", latency=1, toxicity=0.5)]):
        wire = Wire(*others, toxic("reset_peer", toxicity=0.5))
        found.append([bool(ends(wire)) for at in range(40) if wire.connect(at)])
    assert found[0] == found[1] and 8 < sum(found[0]) < 32

"""Bytes of which nothing is known: a message is a turn of one side."""

from __future__ import annotations

from fozzy.core.wires import Spoken
from tests.faults.tcp.wiring import Wire


def test_a_turn_is_all_until_the_other_speaks() -> None:
    """Reads of one side are one turn, whatever lies between them in time."""
    wire = Wire()
    for at, (stream, data) in enumerate(
        [("downstream", b"hello"), ("upstream", b"a"), ("upstream", b"b"), ("downstream", b"c"), ("downstream", b"d")]
    ):
        wire.send(stream, data, at * 10**9)  # type: ignore[arg-type]
    wire.close()
    told = [each for each in wire.records if isinstance(each, Spoken)]
    assert [(each.stream, each.message, each.bytes, each.answers, each.of) for each in told] == [
        ("downstream", 1, 5, 0, "turn"), ("upstream", 1, 2, 0, "turn"), ("downstream", 2, 2, 1, "turn")
    ]  # fmt: skip
    assert [each.whole for each in told] == [True, True, False]


def test_bytes_relayed_unseen_count() -> None:
    """What was relayed unseen is of the turn too, so offsets are right where a toxic comes later."""
    wire = Wire()
    wire.engine.keyed = False
    wire.connect()
    assert wire.link.is_plain
    wire.link.passed("downstream", 100, 0)
    wire.change({"type": "corrupt", "on": "byte", "after": 101, "first": 102}, at_ns=1)
    wire.send("downstream", b"\0\0\0", 2)
    assert [at for at in range(3) if wire.bytes_of("downstream")[at]] == [1]

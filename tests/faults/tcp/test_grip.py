"""A toxic on one connection: drawn once, keyed, counted by bytes where bytes are counted."""

from __future__ import annotations

import re
from pathlib import Path

from fozzy.core.choice import CHANCES
from fozzy.core.wires import Connected
from fozzy.faults.tcp.armed import Armed
from fozzy.faults.tcp.grip import Grip
from fozzy.faults.tcp.plan import Toxic
from tests.faults.tcp.wiring import Wire, toxic


def rolls(wire: Wire) -> list[list[tuple[str, int, bool]]]:
    """The rolls of each connection."""
    found = [each for each in wire.records if isinstance(each, Connected)]
    return [[(roll.draw, roll.value, roll.hit) for roll in each.rolls] for each in found]


def test_toxicity_is_drawn_once() -> None:
    """One roll for each connection, hit or missed, and none more when a neighbour comes or changes."""
    t = toxic("latency", name="t", latency=1, toxicity=0.5)
    wires = [Wire(t), Wire(t)]
    for wire in wires:
        for at in range(30):
            wire.connect(at)
            if wire is wires[1]:
                wire.change(t, toxic("latency", name=f"n{at}", latency=1), at_ns=at)
            wire.close()
    found = [[[each for each in one if each[0] == "t.toxicity"] for one in rolls(wire)] for wire in wires]
    assert found[0] == found[1] and all(len(each) == 1 for each in found[0])
    assert {each[0][2] for each in found[0]} == {True, False} and wires[0].tally().connections < 25


def test_certain_things_are_not_drawn() -> None:
    """A toxicity or rate of 0 or 1 needs no draw."""
    wire = Wire(toxic("latency", latency=1, toxicity=0, struck=1), toxic("reset_peer", timeout=9, struck=0))
    wire.send("downstream", b"abc")
    wire.close()
    assert rolls(wire) == [[]] and [each.hit for each in wire.engine.tallies()] == [0, 0]


def test_bytes_are_counted_in_the_stream() -> None:
    """The struck bytes of a connection are one strike, which says how many and where the first is."""
    wire = Wire(toxic("corrupt", on="byte", after=3, every=4, times=2))
    wire.send("downstream", bytes(30), 0, [5, 5, 5])
    wire.send("upstream", bytes(30), 1)
    wire.close()
    assert [at for at in range(30) if wire.bytes_of("downstream")[at]] == [3, 7]
    (struck,) = wire.records[-1].struck
    assert struck.applied and struck.said == "2 bytes, the first at 3"
    assert (wire.tally().matched, wire.tally().hit) == (30, 2)


def test_a_span_of_time_counts_what_comes_in_it() -> None:
    """Bytes are struck that come in the window, not those of the same turn before and after."""
    wire = Wire(toxic("corrupt", on="byte", window=("5ms", "6ms")))
    for at_ms in (4, 5, 6):
        wire.send("downstream", b"\0", at_ms * 10**6)
    assert [bool(byte) for byte in wire.bytes_of("downstream")] == [False, True, False]


def test_the_reference_has_true_numbers() -> None:
    """The worked values of the reference are what a toxic draws."""
    text = (Path(__file__).parents[3] / "docs" / "reference" / "determinism.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\d+) \| `(\S+)` \| (\d+) \| (\w+stream) \| (\d+) \| `slow\.(\w+)` \| (\d+) \|$", text, re.M
    )
    assert len(rows) == 2
    for seed, proxy, connection, stream, ordinal, purpose, value in rows:
        armed = Armed(proxy, Toxic(type="latency", name="slow", stream=stream), 0)
        grip = Grip(armed, int(seed), int(connection), 0)
        assert grip.among(int(ordinal), purpose, 0, CHANCES - 1) == int(value)

"""`timeout` throws bytes away and closes after its time, which nothing starts anew."""

from __future__ import annotations

from tests.faults.tcp.wiring import MS, Wire, toxic


def test_it_closes_after_its_time() -> None:
    """Traffic does not put it off, and nothing of it arrives."""
    wire = Wire(toxic("timeout", timeout=10))
    for at_ms in (1, 5, 9):
        wire.send("downstream", b"abc", at_ms * MS)
    wire.send("upstream", b"q", 9 * MS)
    assert wire.all() == [(9 * MS, "upstream", b"q"), (10 * MS, "downstream", "cut fin fin")]


def test_it_counts_from_the_toxic() -> None:
    """On a connection that is open already the time begins with the toxic."""
    wire = Wire()
    wire.change(toxic("timeout", timeout=10), at_ns=7 * MS)
    assert wire.all() == [(17 * MS, "downstream", "cut fin fin")]


def test_zero_is_for_ever() -> None:
    """With 0 nothing arrives and nothing ends, the server's end neither."""
    wire = Wire(toxic("timeout", timeout=0))
    wire.send("downstream", b"abc")
    wire.end("downstream", 5)
    assert wire.all() == [] and wire.tally().applied == 1


def test_taken_away_behind_a_gap_it_closes() -> None:
    """Where bytes were thrown away the connection cannot go on; where none were it does."""
    gap, clean = Wire(toxic("timeout", timeout=0)), Wire(toxic("timeout", timeout=0))
    gap.send("downstream", b"abc")
    for wire in (gap, clean):
        wire.change(at_ns=5)
        wire.send("downstream", b"def", 6)
    assert gap.got == [(5, "downstream", "cut fin fin")] and clean.got == [(6, "downstream", b"def")]


def test_a_change_of_it_remembers_the_gap() -> None:
    """Changed attributes do not close the connection; taking the changed toxic away does."""
    wire = Wire(toxic("timeout", timeout=0))
    wire.send("downstream", b"abc")
    wire.change(toxic("timeout", timeout=1000), at_ns=5)
    assert wire.got == []
    wire.change(at_ns=6)
    assert wire.got == [(6, "downstream", "cut fin fin")]


def test_from_a_struck_message_on() -> None:
    """With a schedule it begins with the message that is struck; later ones are bypassed."""
    wire = Wire(toxic("timeout", timeout=10, after=1))
    for at in (0, 2, 4):
        wire.send("upstream", b"q", at)
        wire.send("downstream", b"r", at + 1)
    assert [each for each in wire.all() if each[1] == "downstream"] == [
        (1, "downstream", b"r"), (3 + 10 * MS, "downstream", "cut fin fin")
    ]  # fmt: skip
    wire.close()
    assert (wire.tally().hit, wire.tally().applied, wire.tally().reasons) == (2, 1, {"already": 1})

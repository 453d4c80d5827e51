"""`slicer` cuts bytes into slices and keeps them apart."""

from __future__ import annotations

import pytest

from fozzy.errors import InputError
from tests.faults.tcp.wiring import Wire, plan, toxic


def test_slices_and_delays() -> None:
    """Ten bytes in slices of four, 7 µs apart; the next message begins a slice of its own."""
    wire = Wire(toxic("slicer", average_size=4, delay=7))
    wire.send("downstream", b"0123456789")
    wire.send("upstream", b"q", 90_000)
    wire.send("downstream", b"ab", 90_000)
    got = [(at_ns, data) for at_ns, stream, data in wire.all() if stream == "downstream"]
    assert got == [(0, b"0123"), (7000, b"4567"), (14000, b"89"), (90_000, b"ab")]


def test_without_delay_all_go_at_once() -> None:
    """Slices of one byte without delay: as many pieces as bytes, at one time."""
    wire = Wire(toxic("slicer", average_size=1))
    wire.send("downstream", b"abc")
    assert wire.got == [(0, "downstream", b"a"), (0, "downstream", b"b"), (0, "downstream", b"c")]


def test_variation_is_within_bounds() -> None:
    """Slices of 10 ± 3 bytes are 7 to 13, use all of that, and are the same for the same seed."""
    sizes = []
    for seed in (7, 7, 8):
        wire = Wire(toxic("slicer", average_size=10, size_variation=3), seed=seed)
        wire.send("downstream", bytes(5000))
        sizes.append([len(data) for _, _, data in wire.got][:-1])
    assert sizes[0] == sizes[1] != sizes[2] and set(sizes[0]) == set(range(7, 14))


def test_what_cannot_be() -> None:
    """A slice has a byte at least."""
    for attributes in ({"average_size": 0}, {"average_size": 3, "size_variation": 3}, {}):
        with pytest.raises(InputError):
            Wire(toxic("slicer", **attributes))
    assert plan(toxic("slicer", average_size=3, size_variation=2)).proxies

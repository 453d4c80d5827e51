"""`corrupt` changes bytes, as many and where it says; nothing is added or missing."""

from __future__ import annotations

import pytest

from fozzy.errors import InputError
from tests.faults.tcp.wiring import Wire, toxic


def hit(data: bytes, **said: object) -> tuple[list[int], int]:
    """Which bytes were changed, and how many bits."""
    wire = Wire(toxic("corrupt", **said))
    wire.send("downstream", data)
    got = wire.bytes_of("downstream")
    assert len(got) == len(data)
    changed = [at for at in range(len(data)) if got[at] != data[at]]
    return changed, sum((one ^ other).bit_count() for one, other in zip(got, data, strict=True))


def test_bits() -> None:
    """One bit of the first byte unless said otherwise; more than eight go on in the next bytes."""
    assert hit(b"abcdef") == ([0], 1)
    assert hit(b"abcdef", bits=3, offset=2) == ([2], 3)
    assert hit(b"abcdef", bits=18, offset=1) == ([1, 2, 3], 18)


def test_bytes() -> None:
    """So many bytes become others, each of them."""
    for _ in range(3):
        assert hit(bytes(300), bytes=256, offset=7)[0] == list(range(7, 263))


def test_which_bit_is_drawn() -> None:
    """The bit is another for another seed, and the same for the same."""
    found = []
    for seed in [*range(40), 0]:
        wire = Wire(toxic("corrupt"), seed=seed)
        wire.send("downstream", b"\0")
        found.append(wire.bytes_of("downstream")[0])
    assert set(found) == {1 << bit for bit in range(8)} and found[0] == found[-1]


def test_each_message_from_its_own_beginning() -> None:
    """The offset is of the message; one that is too short is bypassed and says so."""
    wire = Wire(toxic("corrupt", offset=2))
    for at, reply in enumerate((b"\0\0\0", b"\0\0", b"\0\0\0\0")):
        wire.send("upstream", b"q", at)
        wire.send("downstream", reply, at)
    got = wire.bytes_of("downstream")
    assert [at for at in range(9) if got[at]] == [2, 7]
    wire.close()
    assert (wire.tally().applied, wire.tally().reasons) == (2, {"too_short": 1})


def test_counted_bytes() -> None:
    """Where bytes are counted each struck one is hit, of the whole stream."""
    assert hit(bytes(9), on="byte", every=3) == ([2, 5, 8], 3)
    assert hit(bytes(9), on="byte", pattern="F.FF", bytes=1)[0] == [0, 2, 3]
    changed, _ = hit(bytes(20000), on="byte", struck=0.01)
    assert 100 < len(changed) < 320


def test_what_cannot_be() -> None:
    """Bits and bytes exclude each other, and an offset means nothing where bytes are counted."""
    for said in ({"bits": 1, "bytes": 1}, {"bits": 0}, {"offset": 1, "on": "byte"}):
        with pytest.raises(InputError):
            Wire(toxic("corrupt", **said))

"""Keyed draws depend on what is asked about alone, and are the same numbers for ever."""

from __future__ import annotations

import re
from pathlib import Path

from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from fozzy.core.choice import CHANCES
from fozzy.core.sources import MASK, mix
from fozzy.faults.http.canonical import SCOPE, digest_of, identity, key_of
from fozzy.faults.keyed import base_from, base_of, beginning, draw, draw_at, encoded, stream, within

DOCS = Path(__file__).parent.parent.parent / "docs" / "reference" / "determinism.md"
SEEDS = st.integers(0, 2**53 - 1)


def by_the_book(seed: int, parts: tuple[str, ...], occurrence: int, name: str) -> int:
    """The draw as the reference describes it, written down anew."""
    said = b"fozzy-wire-1" + seed.to_bytes(8, "little")
    for part in parts:
        said += len(part.encode()).to_bytes(4, "little") + part.encode()
    base = int.from_bytes(blake3(said + occurrence.to_bytes(8, "little")).digest()[:8], "little")
    added = mix(int.from_bytes(blake3(b"fozzy-wire-draw-1" + name.encode()).digest()[:8], "little"))
    return mix((base + added) & MASK) >> 11


@given(
    SEEDS, st.lists(st.text(st.characters(codec="utf-8"), max_size=1100), max_size=4), st.integers(1, 2**40), st.text()
)
def test_draws_are_as_described(seed: int, parts: list[str], occurrence: int, name: str) -> None:
    """A draw is what the reference says it is."""
    name = name.encode("utf-8", "replace").decode()
    value = draw(base_of(seed, tuple(parts), occurrence), name)
    assert value == by_the_book(seed, tuple(parts), occurrence, name)
    assert 0 <= value < CHANCES


def test_the_reference_has_true_numbers() -> None:
    """The worked values of the reference are what this code gives."""
    text = DOCS.read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\d+) \| `(\S+) (\S+)` \| (`(.*)`|none) \| (\S+|none) \| (\d+) \| `(\S+)` \| (\d+) \|$", text, re.M
    )
    assert len(rows) == 3
    for seed, method, target, _, body, test, occurrence, name, value in rows:
        test = "" if test == "none" else test
        key = key_of(identity(method, target, digest_of(body.encode()), test))
        assert draw(base_of(int(seed), (SCOPE, key), int(occurrence)), name) == int(value)


def test_what_is_written_out_is_the_same() -> None:
    """The parts of a base may be put together one after the other."""
    assert base_from(beginning(7, ("http",)) + encoded(("ab",)), 3) == base_of(7, ("http", "ab"), 3)
    assert draw_at(12345, stream("drop")) == draw(12345, "drop")


def test_parts_do_not_run_together() -> None:
    """The same text in other parts is another request."""
    assert len({base_of(1, parts, 1) for parts in [("ab", "c"), ("a", "bc"), ("abc",), ("abc", "")]}) == 4


def test_names_that_are_no_utf8_are_parts_too() -> None:
    """A target that came with bytes that are no UTF-8 has a key."""
    assert encoded(("\udcff",)) == b"\x01\0\0\0\xff"
    assert identity("GET", "/\udcff", "", "") == encoded(("http", "GET", "/\udcff", "", ""))


@given(st.integers(0, CHANCES - 1), st.integers(-(10**12), 10**12), st.integers(0, 10**12))
def test_within_keeps_its_range(value: int, low: int, size: int) -> None:
    """A number made of a draw is in its range, and a draw of 0 is the lowest."""
    assert low <= within(value, low, low + size) <= low + size
    assert within(0, low, low + size) == low

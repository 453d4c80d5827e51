"""Damage is what it is called, is drawn from the seed, and never more than was asked for."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fozzy.faults.http.bodies import JUNK, cut_at, damaged, spoiled
from fozzy.faults.http.events import Splitter, data_of

BASES = st.integers(0, 2**64 - 1)
DRAWS = st.integers(0, 2**53 - 1)
HOWS = ("invalid-json", "truncate", "bit-flip", "random-bytes")
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(lambda value: json.dumps(value).encode())


@given(BASES, st.binary(max_size=200) | DOCUMENTS)
def test_invalid_json_is_never_json(base: int, body: bytes) -> None:
    """Whatever the body was, it is no JSON to any reader, and not only shorter."""
    broken = damaged("invalid-json", base, body)
    with pytest.raises(ValueError):
        json.loads(broken.decode("utf-8", "replace"))
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(broken)
    assert broken.endswith(JUNK) and body.startswith(broken.removesuffix(JUNK))


@pytest.mark.parametrize("how", ["bit-flip", "random-bytes"])
@given(base=BASES, body=st.binary(min_size=1, max_size=300))
def test_the_length_stays(how: str, base: int, body: bytes) -> None:
    """A flipped bit and random bytes keep the length and change something."""
    other = damaged(how, base, body)
    assert len(other) == len(body) and other != body
    if how == "bit-flip":
        assert sum((a ^ b).bit_count() for a, b in zip(body, other, strict=True)) == 1
    else:
        assert sum(a != b for a, b in zip(body, other, strict=True)) <= max(1, len(body) // 8)


@given(BASES, st.binary(min_size=1, max_size=300))
def test_truncate_leaves_the_beginning(base: int, body: bytes) -> None:
    """At least one byte is missing, at the end."""
    short = damaged("truncate", base, body)
    assert len(short) < len(body) and body.startswith(short)


@given(DRAWS, st.integers(0, 10**9))
def test_cuts(value: int, length: int) -> None:
    """A cut never leaves all, and a draw of 0 leaves out one byte alone."""
    left = cut_at(value, length)
    assert 0 <= left < (length or 1)
    assert cut_at(0, length) == max(0, length - 1)


@pytest.mark.parametrize("how", HOWS)
def test_the_same_seed_the_same_damage(how: str) -> None:
    """Damage is a function of where draws start."""
    body = bytes(range(256)) * 4
    assert damaged(how, 5, body) == damaged(how, 5, body)
    assert len({damaged(how, base, body) for base in range(20)}) > 10


@pytest.mark.parametrize("how", HOWS[1:])
def test_nothing_stays_nothing(how: str) -> None:
    """An empty body cannot be damaged, but it can be made one that is no JSON."""
    assert damaged(how, 1, b"") == b""
    assert damaged("invalid-json", 1, b"") == JUNK


@pytest.mark.parametrize("how", HOWS)
@given(
    base=BASES, data=st.binary(min_size=1, max_size=60).map(lambda data: data.replace(b"\r", b".").replace(b"\n", b"."))
)
def test_a_spoiled_event_is_one_event(how: str, base: int, data: bytes) -> None:
    """The data of an event is damaged; the event stays one, with its other fields."""
    assume(not data.endswith(JUNK))  # it is damaged already
    raw = b"id: 7\nevent: token\ndata: " + data + b"\n\n"
    spoilt = spoiled("sse", how, base, raw)
    splitter = Splitter("sse")
    pieces = [*splitter.feed(spoilt), *splitter.end()]
    assert [piece.is_event for piece in pieces] == [True] and spoilt.startswith(b"id: 7\nevent: token\n")
    assert data_of("sse", spoilt) != data_of("sse", raw)
    line = spoiled("ndjson", how, base, data + b"\n")
    assert line.count(b"\n") == 1 and line.endswith(b"\n") and line != data + b"\n"

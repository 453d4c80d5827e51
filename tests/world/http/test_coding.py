"""Undoing content codings piece by piece."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.world.http.coding import CodingError, decoder

PACKS = {
    "gzip": gzip.compress,
    "X-GZip": lambda data: gzip.compress(data[:1]) + gzip.compress(data[1:]),
    "deflate": zlib.compress,
    " Deflate ": lambda data: zlib.compress(data, wbits=-15),
    "br": lambda data: data,
    None: lambda data: data,
}


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    return [data[low:high] for low, high in zip(ends, ends[1:], strict=False)]


@settings(deadline=None, database=None)
@given(st.sampled_from(list(PACKS)), st.binary(max_size=300), st.lists(st.integers(0, 300)))
def test_any_pieces_give_the_body(coding: str | None, data: bytes, cuts: list[int]) -> None:
    """However a packed body is cut into pieces, the pieces unpack to the body."""
    unpack = decoder(coding)
    packed = PACKS[coding](data)
    assert b"".join(unpack.feed(piece, 10_000) for piece in pieces(packed, cuts)) == data
    unpack.finish()


@settings(deadline=None, database=None)
@given(st.sampled_from(list(PACKS)), st.integers(1, 5000))
def test_no_more_comes_out_than_asked_for(coding: str | None, bytes_max: int) -> None:
    """One call gives at most as many bytes as it may, the first of the body."""
    assert decoder(coding).feed(PACKS[coding](b"x" * 100_000), bytes_max) == b"x" * bytes_max


@pytest.mark.parametrize("coding", ["gzip", "deflate", " Deflate "])
def test_a_body_cut_short_is_noticed(coding: str) -> None:
    """Whatever is missing at the end, even all but a byte, is noticed; no body at all is none."""
    packed = PACKS[coding](b"some text")
    for length in range(1, len(packed)):
        unpack = decoder(coding)
        unpack.feed(packed[:length], 1000)
        with pytest.raises(CodingError, match="ends too early"):
            unpack.finish()
    decoder(coding).finish()


@settings(database=None)
@given(st.sampled_from(["gzip", "deflate"]), st.binary(max_size=50))
def test_noise_is_refused_or_unpacked(coding: str, noise: bytes) -> None:
    """Bytes that are no packed body give `CodingError` and nothing else; what they unpack to keeps the limit."""
    unpack = decoder(coding)
    with suppress(CodingError):
        assert len(unpack.feed(noise, 10)) <= 10
        unpack.finish()

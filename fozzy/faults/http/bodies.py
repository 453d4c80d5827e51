"""Damage to bodies. Every place is a draw; a draw of 0 does the least. What is empty stays empty, `invalid-json` apart."""

from __future__ import annotations

from fozzy.core.sources import GOLDEN, MASK, mix
from fozzy.faults.http.events import Kind, data_of, with_data
from fozzy.faults.keyed import draw, within

JUNK = b"<<<chaos"  # ends no string and begins no value, so what ends with it is no JSON, whatever stands before
CUT_BYTES = 64 * 1024  # the length that a cut takes for granted where the true one is not said and is no less
STREAM_CUT_BYTES = 256  # the same of a stream of events, which is not held back to learn its length
SPAN_SHARE = 8  # random bytes take the place of one in so many


def damaged(how: str, base: int, body: bytes) -> bytes:
    """A body that was damaged. *Limits*: `bit-flip` and `random-bytes` keep the length and always change something."""
    if how == "invalid-json":
        return body[: len(body) - within(draw(base, "malformed.place"), 0, len(body))] + JUNK
    if not body:
        return body
    if how == "truncate":
        return body[: cut_at(draw(base, "malformed.place"), len(body))]
    if how == "bit-flip":
        return _flipped(body, within(draw(base, "malformed.place"), 0, len(body) * 8 - 1))
    return _randomised(body, base)


def _flipped(body: bytes, bit: int) -> bytes:
    at = bit // 8
    return body[:at] + bytes([body[at] ^ (1 << (bit % 8))]) + body[at + 1 :]


def _randomised(body: bytes, base: int) -> bytes:
    count = max(1, len(body) // SPAN_SHARE)
    start = within(draw(base, "malformed.place"), 0, len(body) - count)
    words = [mix((base + (n + 1) * GOLDEN) & MASK).to_bytes(8, "little") for n in range(-(-count // 8))]
    noise = bytearray(b"".join(words)[:count])
    if not any(noise):
        noise[0] = 1
    inside = bytes(old ^ new for old, new in zip(body[start : start + count], noise, strict=True))
    return body[:start] + inside + body[start + count :]


def cut_at(value: int, length: int) -> int:
    """How many bytes are left of a body that is cut (`Cut.draw`): never all of them; a draw of 0 leaves out one."""
    return length - within(value, 1, length) if length else 0


def spoiled(kind: Kind, how: str, base: int, raw: bytes) -> bytes:
    """One event of a stream with its data damaged; it stays one event, whatever came of its bytes."""
    data = data_of(kind, raw)
    return with_data(kind, raw, _on_its_lines(data, damaged(how, base, data)))


def _on_its_lines(old: bytes, new: bytes) -> bytes:
    """Ends of lines that damage made are made something else, which is not what stood there either."""
    kept = bytearray(new)
    for n, (was, byte) in enumerate(zip(old, new, strict=False)):
        if byte in b"\r\n" and byte != was:
            kept[n] = byte ^ 0x80 if byte ^ 0x80 != was else byte ^ 0x40
    return bytes(kept)

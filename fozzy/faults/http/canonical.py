"""What makes two requests the same: method, target, body in canonical form, test. Other headers do not count.

A body that is JSON counts by its meaning: members sorted by name, no spaces. Any other counts byte for byte, and so does
one of which only the beginning is known.
"""

from __future__ import annotations

import msgspec
from blake3 import blake3

DIGEST_BYTES = 16  # of the body; `b3sum --length 16` gives the same for what is no JSON
KEY_BYTES = 8
SCOPE = "http"

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(body: bytes) -> bytes:
    """A JSON object or array in canonical form; anything else as it is."""
    if body.lstrip(b" \t\r\n")[:1] not in (b"{", b"["):
        return body
    try:
        return _encode(_decode(body))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return body


def digest_of(body: bytes, whole: bool = True) -> str:
    """32 hexadecimal digits of the body's canonical form, of its bytes where it is not whole; nothing for no body."""
    if not body:
        return ""
    return blake3(canonical(body) if whole else body).hexdigest(length=DIGEST_BYTES)


def parts_of(method: str, target: str, digest: str, test: str) -> tuple[str, str, str, str, str]:
    """What the key of a request is made of; its draws are keyed by `SCOPE` and the key (`keyed.base_of`)."""
    return SCOPE, method, target, digest, test


def key_of(parts: bytes) -> str:
    """16 hexadecimal digits that stand for encoded parts (`keyed.encoded`)."""
    return blake3(parts).hexdigest(length=KEY_BYTES)

"""What makes two requests the same: method, target, body in canonical form, test. Other headers do not count.

A body that is JSON counts by its meaning: members sorted by name, no spaces. Any other counts byte for byte, and so does
one of which only the beginning is known.
"""

from __future__ import annotations

import msgspec
from blake3 import blake3

from fozzy.faults.keyed import LENGTHS, LENGTHS_MAX, encoded

DIGEST_BYTES = 16  # of the body; `b3sum --length 16` gives the same for what is no JSON
KEY_BYTES = 8
SCOPE = "http"
SPACE_BYTES_MAX = 1024  # of white space before a body's value

KEY_LENGTH = LENGTHS[2 * KEY_BYTES]  # of a key as text, as `keyed.encoded` writes it before the key
_BEGIN = encoded((SCOPE,))
_OPENS, _SPACE = (b"{", b"["), b" \t\r\n"

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


def canonical(body: bytes) -> bytes:
    """A JSON object or array in canonical form; anything else as it is."""
    if body[:1] not in _OPENS and body[:SPACE_BYTES_MAX].lstrip(_SPACE)[:1] not in _OPENS:
        return body
    try:
        return _encode(_decode(body))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return body


def digest_of(body: bytes, whole: bool = True) -> str:
    """32 hexadecimal digits of the body's canonical form, of its bytes where it is not whole; nothing for no body."""
    if not body:
        return ""
    return blake3(canonical(body) if whole else body).digest(length=DIGEST_BYTES).hex()


def parts_of(method: str, target: str, digest: str, test: str) -> tuple[str, str, str, str, str]:
    """What the key of a request is made of; its draws are keyed by `SCOPE` and the key (`keyed.base_of`)."""
    return SCOPE, method, target, digest, test


def identity(method: str, target: str, digest: str, test: str) -> bytes:
    """`parts_of` as `keyed.encoded` has them, written out: every decision needs it."""
    try:
        name, path, scope = method.encode(), target.encode(), test.encode()
    except UnicodeEncodeError:
        return encoded(parts_of(method, target, digest, test))
    if len(path) >= LENGTHS_MAX or len(scope) >= LENGTHS_MAX or len(name) >= LENGTHS_MAX:
        return encoded(parts_of(method, target, digest, test))
    sizes = LENGTHS
    return b"".join(
        (
            _BEGIN,
            sizes[len(name)],
            name,
            sizes[len(path)],
            path,
            sizes[len(digest)],
            digest.encode(),
            sizes[len(scope)],
            scope,
        )
    )


def key_of(parts: bytes) -> str:
    """16 hexadecimal digits that stand for encoded parts."""
    return blake3(parts).digest(length=KEY_BYTES).hex()

"""Two requests are the same when they mean the same, and every request has a key."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.http.canonical import canonical, digest_of, identity, key_of, parts_of
from fozzy.faults.keyed import encoded

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_members_in_any_order(document: dict[str, object]) -> None:
    """The order of members, spaces and escapes of a JSON body do not matter."""
    turned = dict(reversed(list(document.items())))
    plain = json.dumps(document, indent=2).encode()
    assert digest_of(plain) == digest_of(json.dumps(turned, ensure_ascii=False).encode())


@pytest.mark.parametrize("body", [b"{", b"plain", b"[1,", b"\xff{}", b'{"a":\xff}', b"[" * 60_000, b"1"])
def test_anything_else_counts_byte_for_byte(body: bytes) -> None:
    """What is no JSON object or list is taken as it is, also what only begins as one or is nested too deep."""
    assert canonical(body) == body
    assert digest_of(body) != digest_of(body + b" ")


def test_half_a_body_counts_byte_for_byte() -> None:
    """Of a body that is not whole nothing is concluded."""
    assert digest_of(b'{"a": 1}', whole=False) != digest_of(b'{"a":1}', whole=False)
    assert digest_of(b"") == ""


@given(TEXTS, st.text(st.characters(codec="utf-8"), max_size=2000), TEXTS)
def test_identity_is_the_parts_written_out(method: str, target: str, test: str) -> None:
    """The quick way gives the bytes of the general one."""
    digest = digest_of(b"x")
    assert identity(method, target, digest, test) == encoded(parts_of(method, target, digest, test))


def test_every_part_makes_another_key() -> None:
    """Method, target, body and test tell requests apart."""
    keys = {key_of(identity(*parts)) for parts in [("GET", "/", "", ""), ("POST", "/", "", ""), ("GET", "/?", "", "")]}
    keys |= {key_of(identity("GET", "/", digest_of(b"a"), "")), key_of(identity("GET", "/", "", "t"))}
    assert len(keys) == 5 and all(len(key) == 16 for key in keys)

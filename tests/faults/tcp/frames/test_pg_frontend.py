"""What a PostgreSQL client sends: the beginning of a connection, heads, names."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.frames.base import KNOWN_BYTES_MAX, Lost
from fozzy.faults.tcp.frames.pg_build import message
from fozzy.faults.tcp.frames.pg_frontend import FRONTEND, NAMES_MAX, Frame, Names, frame, is_prepared_only, opening


def opened(code: int, body: bytes = b"") -> bytes:
    """A first message."""
    return (len(body) + 8).to_bytes(4, "big") + code.to_bytes(4, "big") + body


@pytest.mark.parametrize(
    ("data", "kind", "about"),
    [
        (opened(80877103), "encryption", "SSLRequest"),
        (opened(80877104), "encryption", "GSSENCRequest"),
        (opened(80877102, b"\0" * 8), "cancel", "CancelRequest"),
        (opened(196608, b"user\0bob\0database\0shop\0\0"), "startup", "startup shop bob"),
        (opened(196610, b"user\0bob\0options\0-c x=secret\0\0"), "startup", "startup bob bob"),
    ],
)
def test_a_connection_begins(data: bytes, kind: str, about: str) -> None:
    """With one of four messages, known when it is whole or says all there is to say."""
    found = opening(data, 0)
    assert found is not None
    assert (found.kind, found.size, found.about) == (kind, len(data), about)
    assert opening(data[:7], 0) is None


@pytest.mark.parametrize("data", [b"\x16\x03\x01", b"GET / HTTP/1.1", opened(131072), b"\0\0\xff\xff\0\3\0\0", b"\1"])
def test_what_begins_otherwise_is_lost(data: bytes) -> None:
    """TLS is told apart."""
    with pytest.raises(Lost, match=r"\Aencrypted\Z" if data[0] == 0x16 else "not_postgres"):
        opening(data, 0)


def test_a_head_has_a_letter_and_a_size() -> None:
    """Others are lost."""
    assert frame(message("Q", b"x\0"), 0, FRONTEND) == ("Q", 7)
    assert frame(b"Q\0\0", 0, FRONTEND) is None
    for bad in (b"?\0\0\0\4", b"Q\0\0\0\3", b"Q\xff\xff\xff\xff"):
        with pytest.raises(Lost, match="not_postgres"):
            frame(bad, 0, FRONTEND)


def told(names: Names, data: bytes) -> str | None:
    """What a whole message is about; before its names are there nothing is known."""
    head = Frame(chr(data[0]), len(data))
    known = [names.about(data[:size], 0, head) for size in range(5, len(data) + 1)]
    found = known[-1]
    assert all(each in (None, found) for each in known)
    return found


def test_names_are_followed_to_their_statements() -> None:
    """Of a prepared statement, and of a portal that was made of it."""
    names = Names()
    assert told(names, message("P", b"s1\0select 1\0\0\0")) == "select 1"
    assert told(names, message("B", b"p1\0s1\0\0\0\0\0\0\0")) == "select 1"
    assert told(names, message("E", b"p1\0\0\0\0\0")) == "select 1"
    assert told(names, message("D", b"Ss1\0")) == "select 1"
    assert told(names, message("C", b"Pp1\0")) == "select 1"
    assert told(names, message("B", b"\0nobody\0")) == ""
    assert told(names, message("Q", b"select 2\0")) == "select 2"
    assert told(names, message("S")) == ""


def test_names_have_an_end() -> None:
    """What is never ended is nothing, and of very many the oldest are forgotten."""
    names = Names()
    for data in (b"Pxx", b"Bxx", b"Exx"):
        assert told(names, message(chr(data[0]), data[1:])) == ""
    head = Frame("P", 1 << 20)
    assert names.about(b"P\0\0\0\0" + b"x" * (KNOWN_BYTES_MAX + 100), 0, head) == ""
    for at in range(NAMES_MAX + 1):
        told(names, message("P", b"s%d\0select %d\0" % (at, at)))
    assert told(names, message("D", b"Ss0\0")) == ""
    assert told(names, message("D", b"Ss1\0")) == "select 1"


def test_what_is_only_prepared_is_known_by_what_follows() -> None:
    """A Bind runs it; a Sync or a Flush does not; a very long one counts as run."""
    parse, describe = message("P", b"\0select 1\0\0\0"), message("D", b"S\0")
    assert is_prepared_only(parse + message("B", b"\0\0"), 0) is False
    assert is_prepared_only(parse + describe + message("S"), 0) is True
    assert is_prepared_only(parse + describe, 0) is None
    assert is_prepared_only(parse + b"S", 0) is None
    assert is_prepared_only(message("P", b"x" * KNOWN_BYTES_MAX), 0) is False

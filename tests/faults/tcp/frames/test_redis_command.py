"""What a Redis command is about, without its values."""

from __future__ import annotations

import pytest

from fozzy.faults.tcp.frames.base import Lost
from fozzy.faults.tcp.frames.redis_command import command, key_of, spellings
from fozzy.faults.tcp.frames.resp import LINE_BYTES_MAX, request_of


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (["incr", "orders"], "INCR orders"),
        (["SET", "k", "v"], "SET k"),
        (["AUTH", "user", "secret"], "AUTH"),
        (["auth", "secret"], "AUTH"),
        (["HELLO", "3", "AUTH", "user", "secret"], "HELLO 3"),
        (["CONFIG", "SET", "requirepass", "secret"], "CONFIG SET requirepass"),
        (["ACL", "SETUSER", "bob", ">secret"], "ACL SETUSER bob"),
        (["MIGRATE", "host", "1", "", "0", "1", "AUTH", "secret"], "MIGRATE host"),
        (["PING"], "PING"),
        (["SET", "two  words\n", "v"], "SET two words"),
        (["GET", "\x1b[31m"], "GET \\x1b[31m"),
        (["GET", "k" * 300], "GET " + "k" * 196),
        ([], ""),
    ],
)
def test_a_command_is_about_its_first_words(words: list[str], about: str) -> None:
    """Secrets and values are never among them; inline commands say the same."""
    found = command(request_of(*words), 0)
    assert found is not None
    assert (found.about, found.size, found.is_inline) == (about, len(words), False)
    if words and all(word and word.split() == [word] for word in words):
        inline = command(" ".join(words).encode() + b"\r\n", 0)
        assert inline is not None
        assert (inline.about, inline.size, inline.is_inline) == (about, len(words), True)


def test_a_command_is_known_before_its_values_come() -> None:
    """A key is enough; what is before it is not."""
    whole = request_of("SET", "key", "v" * 1000)
    known = whole.index(b"key") + 3
    assert command(whole[:known], 0) == command(whole, 0)
    assert all(command(whole[:size], 0) is None for size in range(1, known))


def test_a_number_of_bytes_that_is_no_text_is_shown() -> None:
    """Keys may be any bytes."""
    found = command(b"*2\r\n$3\r\nGET\r\n$2\r\n\xff\x00\r\n", 0)
    assert found is not None
    assert found.about == "GET \\xff\\x00"


@pytest.mark.parametrize("data", [b"\x16\x03\x01", b"\x00", b"\xff", b"*x\r\n", b"*1\r\n+GET\r\n", b"a" * 70000])
def test_what_is_no_command_is_lost(data: bytes) -> None:
    """TLS is told apart from what is merely wrong."""
    with pytest.raises(Lost, match=r"\Aencrypted\Z" if data[0] == 0x16 else "not_redis"):
        command(data, 0)


def test_an_inline_command_waits_for_its_line() -> None:
    """As long as Redis itself waits."""
    assert command(b"PING", 0) is None
    assert command(b"a" * (LINE_BYTES_MAX - 1), 0) is None


def test_clients_spell_increments_otherwise() -> None:
    """`incr` of redis-py is INCRBY on the wire, and matches both."""
    assert spellings("INCRBY orders") == ["INCRBY orders", "INCR orders"]
    assert spellings("DECRBY orders") == ["DECRBY orders", "DECR orders"]
    assert spellings("GET INCRBY") == ["GET INCRBY"]


def test_a_key_is_whole() -> None:
    """However long it is."""
    assert key_of(request_of("GET", "k" * 5000)) == b"k" * 5000
    assert key_of(request_of("PING")) == b""
    assert key_of(b"GET k\r\n") == b"k"

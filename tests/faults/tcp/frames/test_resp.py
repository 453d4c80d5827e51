"""Where a value of Redis ends, however it comes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fozzy.faults.tcp.frames.base import Lost
from fozzy.faults.tcp.frames.resp import DEPTH_MAX, LINE_BYTES_MAX, Scanner, encoded, head, number, request_of, word

VALUES = [
    b"+OK\r\n", b"-ERR no\r\n", b":-12\r\n", b"$-1\r\n", b"*-1\r\n", b"$0\r\n\r\n", b"$5\r\na\r\nbc\r\n", b"*0\r\n",
    b"*2\r\n*1\r\n:1\r\n$1\r\na\r\n", b"_\r\n", b"#t\r\n", b",1.5\r\n", b"(123456789012345678901234567890\r\n",
    b"!5\r\nERR x\r\n", b"=5\r\ntxt:a\r\n", b"%1\r\n+a\r\n*1\r\n:1\r\n", b"~2\r\n:1\r\n:2\r\n", b">2\r\n+a\r\n+b\r\n",
    b"|1\r\n+ttl\r\n:3\r\n*1\r\n|1\r\n+a\r\n+b\r\n:7\r\n", b"$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n", b"*?\r\n:1\r\n:2\r\n.\r\n",
    b"%?\r\n+a\r\n$?\r\n;0\r\n.\r\n", b"*2\r\n$?\r\n;1\r\na\r\n;0\r\n:1\r\n", b"|0\r\n+OK\r\n", b"*1\r\n*?\r\n.\r\n",
]  # fmt: skip


def ends(data: bytes, sizes: list[int]) -> list[int]:
    """Where values end, in a stream of these reads."""
    found, scanner, base = [], Scanner(), 0
    for size in [*sizes, len(data)]:
        part, at = data[base : base + size], 0
        while at < len(part):
            at, is_ended = scanner.scan(part, at)
            if is_ended:
                found.append(base + at)
        base += len(part)
    return found


@pytest.mark.parametrize("value", VALUES)
def test_a_value_ends_where_it_ends(value: bytes) -> None:
    """Of every type, whole and byte by byte, with another value behind it."""
    for sizes in ([], [1] * len(value)):
        assert ends(value + b":1\r\n", sizes) == [len(value), len(value) + 4]


@given(st.lists(st.sampled_from(VALUES), min_size=1, max_size=6), st.lists(st.integers(1, 9), max_size=40))
def test_reads_move_no_end(values: list[bytes], sizes: list[int]) -> None:
    """However a stream is cut, its values end where they did."""
    expected, at = [], 0
    for value in values:
        at += len(value)
        expected.append(at)
    assert ends(b"".join(values), sizes) == expected


@pytest.mark.parametrize("bad", [b"\r\n", b"hello\r\n", b"*x\r\n", b"$\r\n", b".\r\n", b"$9999999999999999999999\r\n"])
def test_what_is_no_value_is_lost_behind_its_line(bad: bytes) -> None:
    """The place is the same whole and byte by byte."""
    with pytest.raises(Lost, match="not_redis") as lost:
        Scanner().scan(b"*3\r\n:1\r\n" + bad + b"more", 0)
    assert lost.value.at == 8 + len(bad)
    scanner = Scanner()
    with pytest.raises(Lost):
        for count, byte in enumerate(b"*3\r\n:1\r\n" + bad, 1):
            scanner.scan(bytes([byte]), 0)
    assert count == 8 + len(bad)


def test_lines_and_nesting_have_an_end() -> None:
    """A line that never ends, and values without ground, are refused where the limit is."""
    with pytest.raises(Lost, match="too long") as lost:
        Scanner().scan(b"+" + b"x" * LINE_BYTES_MAX * 2, 0)
    assert lost.value.at == LINE_BYTES_MAX
    with pytest.raises(Lost, match="too deep"):
        Scanner().scan(b"*1\r\n" * DEPTH_MAX, 0)
    with pytest.raises(Lost, match="too long"):
        head(b"x" * LINE_BYTES_MAX, 0)


def test_words_are_known_by_their_beginning() -> None:
    """A word is known with as much as is asked for; what is no word is empty."""
    assert word(b"$5\r\nhel", 0, 3) == (b"hel", 11)
    assert word(b"$5\r\nhe", 0, 3) is None
    assert word(b"$-1\r\n", 0, 3) == (b"", 5)
    assert word(b"+hello\r\n", 0, 3) == (b"hel", 8)
    assert word(b"*2\r\n", 0, 3) == (b"", 4)
    assert word(b"$5\r", 0, 3) is None
    assert number(b"*-1") == -1


JSON = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=9), lambda each: st.lists(each, max_size=4)
)


@given(JSON, st.booleans())
def test_what_is_encoded_is_one_value(value: Any, is_resp3: bool) -> None:
    """Any answer is one whole value."""
    data = encoded(value, is_resp3=is_resp3)
    assert ends(data, []) == [len(data)]


def test_a_command_is_an_array_of_words() -> None:
    """As every client sends it."""
    assert request_of("GET", "a") == b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"

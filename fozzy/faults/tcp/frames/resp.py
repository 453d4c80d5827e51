"""The Redis serialization protocol, versions 2 and 3: where a value ends, and the first words of one.

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/ with the streamed types of the RESP3 specification.
Nothing is built: a scanner counts what is still to come, so a value of a gigabyte costs no memory.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fozzy.faults.tcp.frames.base import Lost

LINE_BYTES_MAX = 65536  # of a head line, an inline command, a simple string: what Redis itself allows for the first two
DEPTH_MAX = 128
STREAMED = -1  # a count that a terminator ends
_AGGREGATES = {0x2A: 1, 0x7E: 1, 0x3E: 1, 0x25: 2, 0x7C: 2}  # * ~ > % |, and how many values an element has
_BULKS = frozenset(b"$!=;")
_LINES = frozenset(b"+-:_,#(")
_ATTRIBUTE, _STREAM_PART, _STREAM_END = 0x7C, 0x3B, 0x2E  # | ; .


class Scanner:
    """Where the value ends that began. It is fed as bytes come; after its end it is ready for the next one."""

    def __init__(self) -> None:
        self._left = [1]  # values that each open aggregate still waits for
        self._skip = 0  # bytes of a bulk that are still to come, with their line end
        self._line = b""

    def scan(self, data: bytes, at: int) -> tuple[int, bool]:
        """Go on at an offset of new bytes. Returns where it stopped, and whether the value ended there.

        *Errors*: `Lost`.
        """
        size = len(data)
        while True:
            if self._skip:
                step = min(self._skip, size - at)
                self._skip -= step
                at += step
                if self._skip:
                    return at, False
                if self._value_ended():
                    return at, True
            line, at = self._line_of(data, at)
            if line is None:
                return at, False
            try:
                is_whole = self._headed(line)
            except Lost as error:
                error.at = at
                raise
            if is_whole and self._value_ended():
                return at, True

    def _line_of(self, data: bytes, at: int) -> tuple[bytes | None, int]:
        """The head line, where its end is there, and where it ends."""
        found = data.find(b"\n", at)
        end = len(data) if found < 0 else found + 1
        if len(self._line) + end - at > LINE_BYTES_MAX:
            error = Lost("not_redis: a line is too long")
            error.at = at + LINE_BYTES_MAX - len(self._line)
            raise error
        self._line += data[at:end]
        if found < 0:
            return None, end
        line, self._line = self._line, b""
        return line[:-1], end

    def _headed(self, line: bytes) -> bool:
        """A head line is known; whether it is a whole value."""
        if not line:
            raise Lost("not_redis: an empty line")
        kind = line[0]
        if kind in _LINES:
            return True
        if kind in _BULKS:
            return self._bulk(kind, line)
        if kind in _AGGREGATES:
            return self._aggregate(kind, line)
        if kind == _STREAM_END and self._left[-1] < 0:
            self._left.pop()
            return True
        raise Lost(f"not_redis: a value begins with {line[:1]!r}")

    def _bulk(self, kind: int, line: bytes) -> bool:
        if line[1:2] == b"?":
            self._open(STREAMED)
            return False
        size = number(line)
        if kind == _STREAM_PART and size == 0:
            self._left.pop()
            return True
        self._skip = size + 2 if size >= 0 else 0
        return size < 0

    def _aggregate(self, kind: int, line: bytes) -> bool:
        if kind == _ATTRIBUTE and self._left[-1] >= 0:
            self._left[-1] += 1  # it comes before a value and is none itself
        count = STREAMED if line[1:2] == b"?" else number(line) * _AGGREGATES[kind]
        if count <= 0 and line[1:2] != b"?":
            return True
        self._open(count)
        return False

    def _open(self, count: int) -> None:
        if len(self._left) >= DEPTH_MAX:
            raise Lost("not_redis: values are nested too deep")
        self._left.append(count)

    def _value_ended(self) -> bool:
        """One more value is whole; whether it was the outermost."""
        left = self._left
        while left:
            if left[-1] < 0:
                return False
            left[-1] -= 1
            if left[-1]:
                return False
            left.pop()
        self._left = [1]
        return True


class Word(NamedTuple):
    """The beginning of a bulk, and where the next value begins; beyond what is there where it is not whole."""

    text: bytes
    end: int


def number(line: bytes) -> int:
    """The number behind the first byte of a head line."""
    text = line[1:].rstrip(b"\r")
    if not text.lstrip(b"-").isdigit() or len(text) > 20:
        raise Lost(f"not_redis: {line[:20]!r} has no number")
    return int(text)


def head(data: bytes | bytearray, at: int) -> tuple[bytes, int] | None:
    """The head line at an offset, and where it ends; none while it is not whole."""
    end = data.find(b"\n", at)
    if 0 <= end - at < LINE_BYTES_MAX:
        return bytes(data[at:end]).rstrip(b"\r"), end + 1
    if len(data) - at >= LINE_BYTES_MAX:
        raise Lost("not_redis: a line is too long")
    return None


def word(data: bytes | bytearray, at: int, chars_max: int) -> Word | None:
    """The bulk or line at an offset, as much of it as is asked for; none while that is not there, empty for others."""
    found = head(data, at)
    if found is None:
        return None
    line, start = found
    if line[:1] != b"$":
        return Word(line[1 : 1 + chars_max] if line[:1] == b"+" else b"", start)
    size = number(line)
    if len(data) - start < min(size, chars_max):
        return None
    return Word(bytes(data[start : start + min(max(size, 0), chars_max)]), start + size + 2 if size >= 0 else start)


def request_of(*words: str) -> bytes:
    """A command."""
    return encoded(list(words), is_resp3=False)


def encoded(value: Any, *, is_resp3: bool) -> bytes:
    """A value as a server sends it: none, a whole number, a text, or a list of these."""
    if value is None:
        return b"_\r\n" if is_resp3 else b"$-1\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogatepass")
        return b"$%d\r\n%b\r\n" % (len(raw), raw)
    return b"*%d\r\n" % len(value) + b"".join(encoded(each, is_resp3=is_resp3) for each in value)

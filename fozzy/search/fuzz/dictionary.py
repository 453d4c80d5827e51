"""A dictionary: words that mean something to a target, in the form of AFL and libFuzzer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fozzy.errors import InputError, Where

BYTES_MAX = 1 << 20
_HEX = re.compile(rb"[0-9a-fA-F]{2}")


def read_dictionary(file: str) -> Sequence[bytes]:
    """The words of a file. *Errors*: `InputError`."""
    try:
        with open(file, "rb") as stream:
            data = stream.read(BYTES_MAX + 1)
    except OSError as error:
        message = f"cannot read {file}: {error.strerror or error}"
        raise InputError("fuzz.bad_dictionary", message, where=Where(file)) from error
    if len(data) > BYTES_MAX:
        raise InputError("fuzz.bad_dictionary", f"{file} has more than {BYTES_MAX:,} bytes", where=Where(file))
    try:
        return parse_dictionary(data)
    except ValueError as error:
        raise InputError("fuzz.bad_dictionary", f"{file}: {error}", where=Where(file)) from error


def parse_dictionary(data: bytes) -> Sequence[bytes]:
    """The words of `name="text\\x00"` lines. *Errors*: `ValueError`."""
    words: list[bytes] = []
    for number, line in enumerate(data.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith(b"#"):
            continue
        first, last = line.find(b'"'), line.rfind(b'"')
        if first < 0 or last <= first:
            raise ValueError(f'line {number} is not of the form name="word"')
        words.append(_unescaped(line[first + 1 : last], number))
    return words


def _unescaped(text: bytes, number: int) -> bytes:
    made, index = bytearray(), 0
    while index < len(text):
        if text[index : index + 1] != b"\\":
            made.append(text[index])
            index += 1
        elif text[index + 1 : index + 2] in (b"\\", b'"'):
            made += text[index + 1 : index + 2]
            index += 2
        elif text[index + 1 : index + 2] == b"x":
            digits = text[index + 2 : index + 4]
            if not _HEX.fullmatch(digits):
                raise ValueError(f"line {number}: \\x needs two hexadecimal digits")
            made.append(int(digits, 16))
            index += 4
        else:
            raise ValueError(f"line {number}: a backslash stands before \\, quote or xAB")
    return bytes(made)

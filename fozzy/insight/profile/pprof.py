"""A profile for `go tool pprof`: profile.proto, written by hand, in gzip with no time of its own.

https://github.com/google/pprof/blob/main/proto/profile.proto
A message is its fields; a field is a tag (number times 8, plus 0 for a number or 2 for bytes) and its value.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable

from fozzy.insight.profile.flame import Flame, flame, stacks
from fozzy.insight.profile.spans import Span
from fozzy.insight.profile.top import By
from fozzy.report.text import safe

LEVEL = 6


def pprof(root: Span, timed: bool) -> bytes:
    """The file. Samples have virtual time, and real time where it was measured; steps and functions are functions."""
    return gzip.compress(_Writer().profile(root, ["real", "virtual"] if timed else ["virtual"]), LEVEL, mtime=0)


class _Writer:
    """One profile: texts, functions and places are told once and referred to by number."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {"": 0}
        self._places: dict[tuple[str, str], int] = {}

    def profile(self, root: Span, kinds: list[By]) -> bytes:
        """The bytes of a `Profile`."""
        types = b"".join(_block(1, self._type(f"{by}_time", "nanoseconds")) for by in kinds)
        samples = b"".join(self._sample(stack, values) for stack, values in _merged(root, kinds))
        functions, places = self._tables()
        period = _block(11, self._type(f"{kinds[0]}_time", "nanoseconds")) + _number(12, 1)
        duration = _number(10, root.real_ns if "real" in kinds else root.virtual_ns)
        first = _number(14, self._text(f"{kinds[0]}_time"))
        texts = b"".join(_block(6, text.encode()) for text in self._texts)
        return types + samples + places + functions + texts + duration + period + first

    def _type(self, kind: str, unit: str) -> bytes:
        return _number(1, self._text(kind)) + _number(2, self._text(unit))

    def _sample(self, stack: tuple[tuple[str, str], ...], values: list[int]) -> bytes:
        """Places are told from the innermost on."""
        ids = [self._places.setdefault(key, len(self._places) + 1) for key in reversed(stack)]
        return _block(2, _packed(1, ids) + _packed(2, values))

    def _tables(self) -> tuple[bytes, bytes]:
        functions, places = bytearray(), bytearray()
        for (label, at), number in self._places.items():
            file, _, line = at.rpartition(":")
            name = self._text(safe(label))
            start = int(line) if line.isdecimal() else 0
            function = _number(1, number) + _number(2, name) + _number(3, name)
            function += _number(4, self._text(file)) + _number(5, start)
            functions += _block(5, function)
            places += _block(4, _number(1, number) + _block(4, _number(1, number) + _number(2, start)))
        return bytes(functions), bytes(places)

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))


def _merged(root: Span, kinds: list[By]) -> Iterable[tuple[tuple[tuple[str, str], ...], list[int]]]:
    """Every stack with its own time of each kind."""
    found: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for index, by in enumerate(kinds):
        for stack, own_ns in stacks(flame(root, by)):
            found.setdefault(tuple(map(_key, stack)), [0] * len(kinds))[index] = own_ns
    return found.items()


def _key(box: Flame) -> tuple[str, str]:
    return box.label, box.at


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _number(field: int, value: int) -> bytes:
    """A field that is a number; 0 is the default and is left out."""
    return _varint(field << 3) + _varint(value) if value else b""


def _block(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _packed(field: int, values: Iterable[int]) -> bytes:
    return _block(field, b"".join(map(_varint, values)))

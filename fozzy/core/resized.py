"""Sizes of the pieces a body came in, after parts of the body were replaced by a stand-in."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise

from fozzy.core.redact import REDACTED

_STAND_IN = re.compile(rb'(?:\\*")?' + re.escape(REDACTED.encode()) + rb'(?:\\*")?')

Chunks = list[tuple[int, int]]


def resized(chunks: Chunks, before: bytes, after: bytes) -> Chunks:
    """`chunks` of a body as they are of what became of it: each ends at the same place, a stand-in is never split.

    A body that was changed in another way is split in the same proportions. The sizes always add up to `after`.
    """
    if not chunks:
        return chunks
    ends = accumulate(size for _, size in chunks)
    marks = _marks(before, after) or [(0, 0), (len(before), len(after))]
    places = [0, *(_moved(end, marks) for end in ends)]
    places[-1] = len(after)
    return [(at, end - start) for (at, _), (start, end) in zip(chunks, pairwise(places), strict=True)]


def _marks(before: bytes, after: bytes) -> list[tuple[int, int]]:
    """Places in both that belong together, in order: where what was kept begins and ends. Empty when there are none."""
    kept, done, marks = _STAND_IN.split(after), 0, [(0, 0)]
    ends = [match.span() for match in _STAND_IN.finditer(after)]
    starts = [0, *(end for _, end in ends)]
    for index, piece in enumerate(kept):
        at = len(before) - len(piece) if index == len(kept) - 1 else before.find(piece, done)
        if at < done or not before.startswith(piece, at) or (index == 0 and at != 0):
            return []
        done = at + len(piece)
        marks += [(at, starts[index]), (done, starts[index] + len(piece))]
    return marks


def _moved(place: int, marks: list[tuple[int, int]]) -> int:
    """Where a place is now: within what was kept at the same distance, within a secret behind its stand-in."""
    for index in range(1, len(marks)):
        (start, new_start), (end, new_end) = marks[index - 1], marks[index]
        if place < end:
            if end - start == new_end - new_start:
                return new_start + place - start
            return new_end if len(marks) > 2 else new_start + (place - start) * (new_end - new_start) // (end - start)
    return marks[-1][1]

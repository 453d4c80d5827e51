"""`corrupt`: bytes arrive changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Bytes, Flaw, Kind
from fozzy.faults.tcp.message import Chunk, Item, Strike
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

CORRUPTED_MAX = 65536  # bytes of one strike; each is drawn
BYTE_BITS = 8
MASKS = [
    [sum(1 << bit for bit in bits) for bits in combinations(range(BYTE_BITS), count)] for count in range(BYTE_BITS + 1)
]  # by how many bits are flipped

Corrupted = Annotated[int, Meta(ge=1, le=CORRUPTED_MAX)]


class Corrupt(Kind, frozen=True, kw_only=True):
    """Bits are flipped, or bytes are others; nothing is added or missing. One bit unless said otherwise.

    Of a message from `offset` on, of a connection from there in its stream. Where bytes are counted each struck byte is hit.
    """

    type: ClassVar[str] = "corrupt"
    bits: Annotated[Corrupted | None, note("How many bits are flipped, up to eight in each byte, which are drawn.")] = (
        None
    )
    bytes: Annotated[Corrupted | None, note("How many bytes become others, which are drawn.")] = None
    offset: Annotated[Bytes | None, note("The first byte that is hit; 0 unless given.")] = None

    def flaws(self) -> Iterator[Flaw]:
        if self.bits is not None and self.bytes is not None:
            yield Flaw("bits", "and bytes are both said, which exclude each other", "remove one of them")

    def masks(self, index: int) -> list[int]:
        """What a byte may be changed by, of those that are hit; always the same count."""
        if self.bytes is not None:
            return list(range(1, 256))
        return MASKS[min(BYTE_BITS, (self.bits or 1) - index * BYTE_BITS)]

    @property
    def size(self) -> int:
        """How many bytes are hit."""
        return self.bytes or -(-(self.bits or 1) // BYTE_BITS)

    def stage(self, grip: Grip) -> Stage:
        return _Corrupting(grip, self)


class _Corrupting(Stage):
    def __init__(self, grip: Grip, kind: Corrupt) -> None:
        super().__init__(grip)
        self._kind = kind

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return [item]
        return [
            part if strike is None else self._corrupted(part, strike)
            for part, strike in self.struck_parts(item, now_ns)
        ]

    def _corrupted(self, part: Chunk, strike: Strike) -> Chunk:
        """The bytes of a part that are hit are changed; `start` is where they begin, as an offset of the stream."""
        unit = self.grip.armed.unit
        if unit == "byte":
            return self._hit(part, strike, part.offset, part.offset, len(part.data))
        begin = part.message.offset if unit == "message" else 0
        start = begin + (self._kind.offset or 0)
        low = max(start, part.offset)
        high = min(start + self._kind.size, part.offset + len(part.data))
        if low < high:
            return self._hit(part, strike, start, low, high - low)
        if not strike.is_applied:
            self.might(part, strike, "too_short")
        return part

    def _hit(self, part: Chunk, strike: Strike, start: int, low: int, count: int) -> Chunk:
        data = bytearray(part.data)
        for at in range(low, low + count):
            data[at - part.offset] ^= self._mask(part, at, at - start)
        strike.begun()
        if self.grip.armed.unit == "byte":
            strike.applied()
        else:
            strike.applied(f"from byte {start - part.message.offset} of the message")
        return part._replace(data=bytes(data))

    def _mask(self, part: Chunk, at: int, index: int) -> int:
        unit = self.grip.armed.unit
        masks = self._kind.masks(0 if unit == "byte" else index)
        key, purpose = {
            "byte": (at, "byte"),
            "message": (part.message.ordinal, f"byte.{index}"),
            "connection": (0, f"byte.{index}"),
        }[unit]
        return masks[self.grip.among(key, purpose, 0, len(masks) - 1)]

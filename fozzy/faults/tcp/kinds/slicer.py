"""`slicer`: bytes arrive in small pieces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import BYTES_MAX, MS_MAX, Bytes, Flaw, Kind
from fozzy.faults.tcp.message import Chunk, Item, Message, Strike
from fozzy.faults.tcp.plan import Unit
from fozzy.faults.tcp.stage import Holding, Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

US_NS = 1000


class Slicer(Kind, frozen=True, kw_only=True):
    """Bytes are cut into slices, from the beginning of each message; after each one the next waits for the delay."""

    type: ClassVar[str] = "slicer"
    alone: ClassVar[Unit | None] = "connection"
    average_size: Annotated[Annotated[int, Meta(ge=1, le=BYTES_MAX)], note("The bytes of a slice, on average.")]
    size_variation: Annotated[Bytes, note("By how many bytes a slice may be larger or smaller; drawn for each.")] = 0
    delay: Annotated[
        Annotated[int, Meta(ge=0, le=MS_MAX)], note("Microseconds that each slice comes after the one before it.")
    ] = 0

    def flaws(self) -> Iterator[Flaw]:
        if self.size_variation >= self.average_size:
            said = f"is {self.size_variation}, not less than average_size, {self.average_size}"
            yield Flaw("size_variation", said, "a slice has at least one byte")

    def stage(self, grip: Grip) -> Stage:
        return _Slicing(grip, self)


class _Slicing(Holding):
    """The slice that is open: whose it is, where it ends, and from when on it may go."""

    def __init__(self, grip: Grip, kind: Slicer) -> None:
        super().__init__(grip)
        self._kind = kind
        self._message: Message | None = None
        self._end = 0
        self._from_ns = 0
        self._left_ns: int | None = None  # when the last byte of all went

    def push(self, item: Item, now_ns: int) -> list[Item]:
        if type(item) is not Chunk:
            return self.pass_on(item, now_ns)
        passed: list[Item] = []
        for part, strike in self.struck_parts(item, now_ns):
            passed += self.pass_on(part, now_ns) if strike is None else self._sliced(part, strike, now_ns)
        return passed

    def _sliced(self, part: Chunk, strike: Strike, now_ns: int) -> list[Item]:
        strike.applied()
        passed: list[Item] = []
        while True:
            if part.message is not self._message or part.offset >= self._end:
                self._open_slice(part, now_ns)
            size = self._end - part.offset
            piece = part._replace(data=part.data[:size], is_last=part.is_last and size >= len(part.data))
            passed += self._timed(piece, now_ns)
            if size >= len(part.data):
                return passed
            part = part._replace(data=part.data[size:], offset=self._end)

    def _open_slice(self, part: Chunk, now_ns: int) -> None:
        kind = self._kind
        low, high = kind.average_size - kind.size_variation, kind.average_size + kind.size_variation
        within = part.offset - part.message.offset
        size = low if low == high else self.grip.among(part.message.ordinal, f"size.{within}", low, high)
        self._message, self._end = part.message, part.offset + size
        self._from_ns = 0 if self._left_ns is None else self._left_ns + kind.delay * US_NS

    def _timed(self, piece: Chunk, now_ns: int) -> list[Item]:
        until_ns = max(now_ns, self._from_ns, self._latest_ns)
        self._left_ns = until_ns
        if until_ns <= now_ns and not self._waiting:
            return [piece]
        self.hold(piece, until_ns)
        return []

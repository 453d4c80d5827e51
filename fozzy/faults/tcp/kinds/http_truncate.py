"""`http_truncate`: a reply is cut short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import Bytes, Kind
from fozzy.faults.tcp.kinds.bodied import NO_BODY, Bodied
from fozzy.faults.tcp.message import Chunk, Cut, Item
from fozzy.faults.tcp.plan import Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

SHORT = "body_is_shorter"


class HttpTruncate(Kind, frozen=True, kw_only=True):
    """Of a reply's body so many bytes arrive, then the connection ends. A body that is no longer is not cut."""

    type: ClassVar[str] = "http_truncate"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"reply"})
    bytes: Annotated[Bytes, note("How many bytes of the body arrive, its framing not counted.")] = 0
    end: Annotated[Literal["fin", "rst"], note("How the client sees the connection end.")] = "fin"

    def stage(self, grip: Grip) -> Stage:
        return _Truncating(grip, self)


class _Truncating(Bodied):
    """A body of known length is cut where it is longer; of an unknown one it is cut as soon as so much is there."""

    def __init__(self, grip: Grip, kind: HttpTruncate) -> None:
        super().__init__(grip)
        self._kind = kind
        self._left = 0

    def head(self, chunk: Chunk, now_ns: int) -> list[Item]:
        assert self.strike is not None
        self._left = self._kind.bytes
        if self.body.how == "sized" and self.body.length <= self._left:
            self.reply = None
            self.strike.bypassed(SHORT if self.body.length else NO_BODY)
            return [chunk]
        return [chunk] if self._left else [chunk._replace(is_last=False), self._cut()]

    def part(self, chunk: Chunk, now_ns: int) -> list[Item]:
        kept = 0
        for data, is_content in self.payload(chunk.data):
            if is_content and len(data) >= self._left:
                kept += self._left
                return [chunk._replace(data=chunk.data[:kept], is_last=False), self._cut()]
            kept += len(data)
            self._left -= len(data) if is_content else 0
        if chunk.is_last and chunk.message is self.reply and self.strike is not None:
            self.strike.bypassed(SHORT)
        return [chunk]

    def _cut(self) -> Cut:
        assert self.strike is not None
        self.reply = None
        self.strike.applied(f"cut after {self._kind.bytes} bytes of the body")
        return Cut(self.grip.name, self._kind.end, self._kind.end)

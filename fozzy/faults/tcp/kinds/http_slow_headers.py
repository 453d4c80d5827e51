"""`http_slow_headers`: the head of a message comes piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fozzy.faults.http.plan import note
from fozzy.faults.tcp.kinds.base import MS_NS, Kind, Ms
from fozzy.faults.tcp.message import Chunk, Item
from fozzy.faults.tcp.plan import Protocol, Unit
from fozzy.faults.tcp.stage import Holding, Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip


class HttpSlowHeaders(Kind, frozen=True, kw_only=True):
    """A head comes line by line or byte by byte, each a time after the one before. `stream = "upstream"` is a slow client."""

    type: ClassVar[str] = "http_slow_headers"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    of: ClassVar[frozenset[str]] = frozenset({"request", "reply"})
    delay: Annotated[Ms, note("The milliseconds between two pieces.")] = 100
    piece: Annotated[Literal["line", "byte"], note("What comes at a time.")] = "line"

    def stage(self, grip: Grip) -> Stage:
        return _Dripping(grip, self)


class _Dripping(Holding):
    """The first piece comes at once."""

    def __init__(self, grip: Grip, kind: HttpSlowHeaders) -> None:
        super().__init__(grip)
        self._kind = kind

    def push(self, item: Item, now_ns: int) -> list[Item]:
        strike = self.strike_of(item)
        if type(item) is not Chunk or item.part != "head" or strike is None or item.message.of not in self._kind.of:
            return self.pass_on(item, now_ns)
        pieces = _pieces(item, self._kind.piece)
        step_ns = self._kind.delay * MS_NS
        strike.applied()
        strike.delay_ns = step_ns * (len(pieces) - 1)
        begun_ns = max(now_ns, self._latest_ns)
        for at, piece in enumerate(pieces):
            self.hold(piece, begun_ns + at * step_ns)
        return self.pull(now_ns)


def _pieces(head: Chunk, piece: Literal["line", "byte"]) -> list[Chunk]:
    """A head in its lines or bytes."""
    data = head.data
    parts = data.splitlines(keepends=True) if piece == "line" else [data[at : at + 1] for at in range(len(data))]
    found, offset = [], head.offset
    for part in parts:
        found.append(head._replace(data=part, offset=offset, is_last=False))
        offset += len(part)
    found[-1] = found[-1]._replace(is_last=head.is_last)
    return found

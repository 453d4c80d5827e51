"""`http_malformed`: the body of a reply is damaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fozzy.core.choice import CHANCES
from fozzy.faults.http.bodies import CUT_BYTES, damaged
from fozzy.faults.http.plan import note
from fozzy.faults.tcp.frames.chunks import chunk_line
from fozzy.faults.tcp.frames.heads import with_length
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.kinds.bodied import NO_BODY, Bodied
from fozzy.faults.tcp.message import Chunk, Item, Message
from fozzy.faults.tcp.plan import Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

SHORTER = ("invalid-json", "truncate")  # what comes after the damaged part is left out


class HttpMalformed(Kind, frozen=True, kw_only=True):
    """The body of a reply is damaged and its framing is right, so that it arrives whole and cannot be read.

    Of a long body the first 64 KiB are damaged. Streams of events are left alone (`sse_bad_json`).
    """

    type: ClassVar[str] = "http_malformed"
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection")
    protocols: ClassVar[tuple[Protocol, ...]] = ("http",)
    streams: ClassVar[tuple[Stream, ...]] = ("downstream",)
    of: ClassVar[frozenset[str]] = frozenset({"reply"})
    how: Annotated[
        Literal["invalid-json", "truncate", "bit-flip", "random-bytes"],
        note("What happens to it; the last two keep its length."),
    ] = "invalid-json"

    def wants(self, message: Message) -> bool:
        return message.of == "reply" and not (message.body is not None and message.body.is_stream)

    def stage(self, grip: Grip) -> Stage:
        return _Damaging(grip, self)


class _Damaging(Bodied):
    """Head and body are held until all of the part that is damaged is there."""

    def __init__(self, grip: Grip, kind: HttpMalformed) -> None:
        super().__init__(grip)
        self._how = kind.how
        self._held: list[Chunk] = []  # the head and what came of the body; nothing once it is damaged
        self._spans: list[tuple[bytes, bool]] = []  # of the body, and whether they are of its content
        self._size = 0  # of the content
        self._is_left_out = False  # what still comes of the body

    def head(self, chunk: Chunk, now_ns: int) -> list[Item]:
        if self.body.is_stream:  # of a struck connection
            self.reply = None
            return [chunk]
        self._held, self._spans, self._size = [chunk], [], 0
        self._is_left_out = False
        self.held = len(chunk.data)
        return self._damaged() if chunk.is_last else []

    def part(self, chunk: Chunk, now_ns: int) -> list[Item]:
        if not self._held:
            return [] if self._is_left_out else [chunk]
        self._held.append(chunk)
        self.held += len(chunk.data)
        spans = self.payload(chunk.data)
        self._spans += spans
        self._size += sum(len(data) for data, is_content in spans if is_content)
        return self._damaged() if chunk.is_last or self._size >= CUT_BYTES else []

    def gone(self) -> list[Item]:
        found, self._held, self.held = self._held, [], 0
        return list(found)

    def _damaged(self) -> list[Item]:
        """All that is damaged is there."""
        assert self.strike is not None
        assert self.reply is not None
        content = b"".join(data for data, is_content in self._spans if is_content)[:CUT_BYTES]
        if not content and self._how != "invalid-json":
            self.strike.bypassed(NO_BODY)
            return self.gone()
        base = self.grip.among(self.reply.ordinal, "place", 0, CHANCES - 1)
        damage = damaged(self._how, base, content)
        self.strike.applied(self._how)
        head, *rest = self.gone()
        assert type(head) is Chunk
        is_last = self._is_whole(rest, head)
        if self._how in SHORTER:
            return self._shorter(head, damage, is_last=is_last)
        body = head._replace(part="body", data=self._same(damage), offset=head.offset + len(head.data), is_last=is_last)
        return [head, body]

    def _is_whole(self, rest: list[Item], head: Chunk) -> bool:
        last = rest[-1] if rest else head
        return type(last) is Chunk and last.is_last

    def _shorter(self, head: Chunk, damage: bytes, *, is_last: bool) -> list[Item]:
        """The damage is all of the body; its framing says so."""
        self._is_left_out = True
        data, body = head.data, damage
        if self.body.how == "sized":
            data = with_length(data, len(damage))
        elif self.body.how == "chunked":
            body = (chunk_line(len(damage)) + damage + b"\r\n" if damage else b"") + b"0\r\n\r\n"
        is_last = is_last or self.body.how != "close"
        offset = head.offset + len(head.data)
        return [
            head._replace(data=data, is_last=False),
            head._replace(part="body", data=body, offset=offset, is_last=is_last),
        ]

    def _same(self, damage: bytes) -> bytes:
        """What came of the body with the damage in the place of as much of its content."""
        at, pieces = 0, []
        for data, is_content in self._spans:
            new = damage[at : at + len(data)] if is_content else b""
            at += len(new)
            pieces.append(new + data[len(new) :])
        return b"".join(pieces)

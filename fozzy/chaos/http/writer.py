"""Writes one answer to the client, with the framing that fits it and the client, and never more than is true.

Rule 1: an answer that ends too early is never made to look whole: no terminator, no keep-alive, the connection ends.
Rule 2: what is handed over is with the system when the call returns; nothing is held back.
"""

from __future__ import annotations

from typing import NamedTuple

from fozzy.chaos.http.ends import End
from fozzy.chaos.http.heads import rows_of
from fozzy.chaos.http.refusals import ClientGone
from fozzy.chaos.http.turn import Turn
from fozzy.core.exchange import Headers

AT_ONCE_BYTES = 16 * 1024  # the system takes so much whole or not at all, in the beginning
LAST_CHUNK = b"0\r\n\r\n"


class Shown(NamedTuple):
    """The head of an answer as the client gets it: `rows` are its headers, those of framing and of the hop left out."""

    status: int
    reason: str
    rows: str
    length: int | None  # of the body; none where it is not known
    says_length: bool  # one of the rows does
    has_body: bool


class Writer:
    """One answer on its way to a client. `keeps`: the connection is of use after it."""

    has_begun = False
    ends_with_connection = False  # the end of the connection is the only end the answer has
    _is_chunked = False
    _is_out = False  # something was sent
    _counts = True  # whether there is a body
    _head = b""

    def __init__(self, end: End, turn: Turn, keeps: bool) -> None:
        self._end = end
        self._turn = turn
        self.keeps = keeps

    async def send_whole(self, shown: Shown, body: bytes, trailers: Headers | None = None) -> None:
        """Head and body at once; without a length in chunks, where the client knows them. *Errors*: `ClientGone`."""
        if shown.length is None and self._turn.head.version == "1.0":
            shown = shown._replace(length=len(body))
        data = self._composed(shown)
        if self._counts:
            data += _in_chunks(body, trailers or []) if self._is_chunked else body
        self.has_begun = True
        await self._put(data)
        if self._counts:
            self._count(body)

    def begin(self, shown: Shown) -> None:
        """The head of an answer whose body follows. It goes with the first piece, or with `flush`."""
        self._head = self._composed(shown)

    async def flush(self) -> None:
        """Send the head, if it was not. *Errors*: `ClientGone`."""
        if self._head:
            await self._send(b"")

    async def write(self, piece: bytes) -> None:
        """More of the body. *Errors*: `ClientGone`."""
        if not self._counts:
            return await self.flush()
        await self._send(b"%x\r\n%b\r\n" % (len(piece), piece) if self._is_chunked else piece)
        return self._count(piece)  # only now: what could not be sent tells whether a stream was left before its end

    def _count(self, piece: bytes) -> None:
        turn = self._turn
        turn.sent_bytes += len(piece)
        if turn.sent_hash is not None:
            turn.sent_hash.update(piece)

    async def end(self, trailers: Headers) -> None:
        """The body has ended as it should. *Errors*: `ClientGone`."""
        if not self._is_chunked:
            await self.flush()
        else:
            await self._send(_in_chunks(b"", trailers))

    async def interim(self, status: int, reason: str, headers: Headers) -> None:
        """An answer before the answer, which clients of HTTP/1.0 do not know. *Errors*: `ClientGone`."""
        if self._turn.head.version == "1.0" or status == 100:  # 100 we have said ourselves
            return
        await self._put(f"HTTP/1.1 {status} {reason}\r\n{rows_of(headers)}\r\n".encode("latin-1"))

    async def send_switch(self, reason: str, rows: str) -> None:
        """The head of an answer after which the connection is no HTTP. *Errors*: `ClientGone`."""
        self._turn.sent_status = 101
        self.keeps = False
        await self._send(f"HTTP/1.1 101 {reason}\r\n{rows}\r\n".encode("latin-1"))

    def _composed(self, shown: Shown) -> bytes:
        status, reason, rows, length, says_length, has_body = shown
        head = self._turn.head
        if not has_body or head.method == "HEAD":
            self._counts = False
            if has_body and length is not None and not says_length:
                rows += f"Content-Length: {length}\r\n"
        elif length is None:
            if head.version == "1.1":
                self._is_chunked = True
                rows += "Transfer-Encoding: chunked\r\n"
            else:
                self.keeps = False
                self.ends_with_connection = True
        elif not says_length:
            rows += f"Content-Length: {length}\r\n"
        if self.keeps and not self._turn.is_body_whole:
            self.keeps = False  # the rest of the request stands where the next one would
        if not self.keeps:
            rows += "Connection: close\r\n"
        elif head.version == "1.0":
            rows += "Connection: keep-alive\r\n"
        self._turn.sent_status = status
        return f"HTTP/1.1 {status} {reason}\r\n{rows}\r\n".encode("latin-1", "replace")

    async def _send(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        self.has_begun = True
        await self._put(data)

    async def _put(self, data: bytes) -> None:
        try:
            await self._end.send(data)
        except OSError:
            if not self._is_out and len(data) <= AT_ONCE_BYTES:
                self._turn.sent_status = 0
            raise ClientGone from None
        self._is_out = True


def _in_chunks(body: bytes, trailers: Headers) -> bytes:
    """A body as one chunk, and the end of it."""
    end = f"0\r\n{rows_of(trailers)}\r\n".encode("latin-1") if trailers else LAST_CHUNK
    return b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end

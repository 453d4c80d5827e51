"""Writes one answer to the client, with the framing that fits it and the client, and never more than is true.

Rule 1: an answer that ends too early is never made to look whole: no terminator, no keep-alive, the connection ends.
Rule 2: what is handed over is with the system when the call returns; nothing is held back.
"""

from __future__ import annotations

from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.ends import End
from fozzy.chaos.http.heads import without_length
from fozzy.chaos.http.refusals import ClientGone
from fozzy.chaos.http.turn import Turn
from fozzy.core.exchange import Headers

LAST_CHUNK = b"0\r\n\r\n"


class Writer:
    """One answer on its way to a client. `ends_connection`: the connection is of no use after it."""

    _is_chunked = False
    _counts = True  # whether there is a body
    _head = b""
    has_begun = False
    ends_with_connection = False  # the end of the connection is the only end the answer has

    def __init__(self, end: End, turn: Turn, keeps: bool) -> None:
        self._end = end
        self._turn = turn
        self.keeps = keeps

    async def send_whole(self, answer: Answer, body: bytes, more: list[str]) -> None:
        """Head and body at once, `more` headers among them. *Errors*: `ClientGone`."""
        in_chunks = answer.chunked and self._turn.head.version == "1.1"  # as it came, so that trailers have a place
        data = self._composed(answer, None if in_chunks else len(body), more)
        if self._counts:
            data += _chunked(body, answer.trailers) if in_chunks else body
        self.has_begun = True
        await self._put(data)
        if self._counts:
            self._count(body)

    def begin(self, answer: Answer, more: list[str]) -> None:
        """The head of an answer whose body follows. It goes with the first piece, or with `flush`."""
        self._head = self._composed(answer, answer.length, more)

    async def flush(self) -> None:
        """Send the head, if it was not. *Errors*: `ClientGone`."""
        if self._head:
            await self._send(b"")

    async def write(self, piece: bytes) -> None:
        """More of the body. *Errors*: `ClientGone`."""
        if not self._counts:
            return await self.flush()
        await self._send(b"%x\r\n%b\r\n" % (len(piece), piece) if self._is_chunked else piece)
        return self._count(piece)

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
            await self._send(_chunked(b"", trailers))

    async def interim(self, status: int, reason: str, headers: Headers) -> None:
        """An answer before the answer, which clients of HTTP/1.0 do not know. *Errors*: `ClientGone`."""
        if self._turn.head.version == "1.0" or status == 100:  # 100 we have said ourselves
            return
        rows = "".join(f"{name}: {value}\r\n" for name, value in headers)
        await self._put(f"HTTP/1.1 {status} {reason}\r\n{rows}\r\n".encode("latin-1"))

    async def send_switch(self, answer: Answer, more: list[str]) -> None:
        """The head of an answer after which the connection is no HTTP. *Errors*: `ClientGone`."""
        self._turn.sent_status = answer.status
        self.keeps = False
        head = f"HTTP/1.1 101 {answer.reason}\r\n{''.join(answer.rows)}{''.join(more)}\r\n"
        await self._send(head.encode("latin-1"))

    def _composed(self, answer: Answer, length: int | None, more: list[str]) -> bytes:
        head, rows = self._turn.head, answer.rows
        if head.method == "HEAD" or not answer.has_body:
            self._counts = False
            if answer.has_body and length is not None and not answer.says_length:
                rows = [*rows, f"Content-Length: {length}\r\n"]
        elif length is None:
            rows = without_length(rows)
            if head.version == "1.1":
                self._is_chunked = True
                rows = [*rows, "Transfer-Encoding: chunked\r\n"]
            else:
                self.keeps = False
                self.ends_with_connection = True
        elif length != answer.length or not answer.says_length:
            rows = [*without_length(rows), f"Content-Length: {length}\r\n"]
        if self.keeps and not self._turn.is_body_whole:
            self.keeps = False  # the rest of the request stands where the next one would
        if not self.keeps:
            more = [*more, "Connection: close\r\n"]
        elif head.version == "1.0":
            more = [*more, "Connection: keep-alive\r\n"]
        self._turn.sent_status = answer.status
        text = f"HTTP/1.1 {answer.status} {answer.reason}\r\n{''.join(rows)}{''.join(more)}\r\n"
        return text.encode("latin-1", "replace")

    async def _send(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        self.has_begun = True
        await self._put(data)

    async def _put(self, data: bytes) -> None:
        try:
            await self._end.send(data)
        except OSError:
            raise ClientGone from None


def _chunked(body: bytes, trailers: Headers) -> bytes:
    """A body as one chunk, and the end of it."""
    rows = "".join(f"{name}: {value}\r\n" for name, value in trailers)
    end = f"0\r\n{rows}\r\n".encode("latin-1") if rows else LAST_CHUNK
    return b"%x\r\n%b\r\n%b" % (len(body), body, end) if body else end

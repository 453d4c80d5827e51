"""A connection to upstream: requests out, one answer after the other in, however its bytes are sliced."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httptools

from fozzy.chaos.http.answers import Answer
from fozzy.chaos.http.ends import End
from fozzy.chaos.http.heads import Facts, Known, Raw, trailer_rows
from fozzy.chaos.http.refusals import Refusal, UpstreamFailed
from fozzy.chaos.http.wire import Wire
from fozzy.core.exchange import Headers

Interim = Callable[[int, str, Headers], Awaitable[None]]

CHUNK_BYTES_MAX = 1 << 20
BLOCK_BYTES = 65536  # stands for a chunk where a body has none
KNOWN = Known(is_request=False)
_HAS_NO_BODY = frozenset((101, 204, 304))


class Line:
    """One connection. `expect` an answer, then read its `head`; the answer reads on by itself. *Closes*: `close`."""

    def __init__(self, end: End, wire: Wire) -> None:
        self.end = end
        self._wire = wire
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._raw = Raw()  # what the parser fills
        self._answer = self._raw  # the one that is expected; what comes behind it goes elsewhere
        self._interim: list[tuple[int, str, Headers]] = []
        self._fed = 0  # bytes since something was complete
        self._chunk = bytearray()  # what has come of a chunk that is given whole
        self.by_chunk = False
        self._is_head_only = False
        self._has_extra = False  # something came that nobody asked for
        self.broken: UpstreamFailed | None = None
        self.is_reset = False
        self.has_begun = False  # a byte of the answer has come
        self.tunnelled = b""  # what came behind a switch of protocols

    def expect(self, method: str, *, by_chunk: bool = False) -> None:
        """The next answer is to a request of this method. With `by_chunk` its pieces are the chunks of its coding.

        A body without chunks is in blocks then. *Limits*: of a chunk over `CHUNK_BYTES_MAX`, so many bytes at a time.
        """
        if self._is_head_only or self._parser is None:  # the last one still waits for a body that never comes
            self._parser = httptools.HttpResponseParser(self)
        self._raw = self._answer = Raw()
        self._is_head_only = method == "HEAD"
        self.by_chunk = by_chunk
        self.has_begun = False

    async def head(self, interim: Interim) -> UpstreamAnswer:
        """The answer, with its head. Interim answers are told as they come. *Errors*: `UpstreamFailed`."""
        raw = self._answer
        while not raw.has_head:
            if self.broken is not None:
                raise self.broken
            if not await self.more():
                raise UpstreamFailed("upstream_closed", "upstream ended the connection without an answer")
            while self._interim:
                await interim(*self._interim.pop(0))
            raw = self._answer
            if not raw.has_head:
                self._check_size(raw)
        if raw.is_large or len(raw.head) > self._wire.headers_max:
            self._check_size(raw)
        try:
            facts = KNOWN.of(raw.head)
        except Refusal as refusal:
            raise UpstreamFailed("upstream_bad_answer", f"upstream's answer is not understood: {refusal}") from None
        has_body = not self._is_head_only and raw.status not in _HAS_NO_BODY
        if not has_body:
            raw.is_done = True
            self._has_extra = self._has_extra or bool(raw.pieces)
        return UpstreamAnswer(self, raw, facts, has_body)

    def is_free(self) -> bool:
        """Whether another request may go over the connection, as far as the last answer tells."""
        raw = self._answer
        return raw.keeps and raw.is_done and not self._has_extra and self.broken is None and not self.tunnelled

    def close(self) -> None:
        """End the connection."""
        self._parser = None  # it holds us, and we hold it
        self.end.close()

    async def more(self) -> bool:
        """Read once and parse it; nothing more comes otherwise. What goes wrong is in `broken`."""
        try:
            data = await self.end.recv()
        except OSError as error:
            where = "upstream_short" if self._answer.has_head else "upstream_closed"
            self.broken = UpstreamFailed(where, f"upstream reset the connection: {error.strerror or error}")
            self.is_reset = True
            return True
        if not data or self._parser is None:
            return False
        self.has_begun = True
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.tunnelled = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self.broken = UpstreamFailed("upstream_bad_answer", f"upstream's answer is not HTTP/1.1: {error}")
        if self._fed > self._wire.header_bytes_max and self._answer.has_head and not self._answer.is_done:
            self.broken = UpstreamFailed("upstream_bad_answer", "the trailers or a chunk's head are too long")
        return True

    def take(self, raw: Raw) -> bytes:
        """What has come of a body."""
        if self.by_chunk:
            return raw.pieces.pop(0)
        pieces, raw.pieces = raw.pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def cut_blocks(self, size: int) -> None:
        """Give what there is of a chunk in blocks of a size; the rest stays."""
        while len(self._chunk) >= size:
            self._answer.pieces.append(bytes(self._chunk[:size]))
            del self._chunk[:size]

    def end_chunk(self) -> bool:
        """Give what there is of a chunk. Whether there was something."""
        if not self._chunk:
            return False
        self._answer.pieces.append(bytes(self._chunk))
        self._chunk.clear()
        return True

    # What the parser calls, by these names.

    def on_message_begin(self) -> None:
        if self._raw.is_done:
            self._has_extra = True
            self._raw = Raw()

    def on_status(self, data: bytes) -> None:
        self._raw.reason += data

    def on_header(self, name: bytes, value: bytes) -> None:
        raw = self._raw
        (raw.trailers if raw.has_head else raw.head).append((name, value))

    def on_headers_complete(self) -> None:
        raw, parser = self._raw, self._parser
        if parser is None:
            return
        raw.status = parser.get_status_code()
        raw.version = parser.get_http_version()
        raw.keeps = parser.should_keep_alive()
        raw.has_head = raw.status >= 200 or raw.status == 101
        raw.is_large = self._fed > self._wire.header_bytes_max and raw.head_bytes() > self._wire.header_bytes_max
        self._fed = 0

    def on_body(self, data: bytes) -> None:
        self._fed = 0
        if not self.by_chunk:
            self._raw.pieces.append(data)
            return
        if self._has_extra:
            return
        self._chunk += data
        if len(self._chunk) > CHUNK_BYTES_MAX:
            self.cut_blocks(CHUNK_BYTES_MAX)

    def on_chunk_complete(self) -> None:
        if self.by_chunk:
            self.end_chunk()

    def on_message_complete(self) -> None:
        raw = self._raw
        self._fed = 0
        if raw.has_head:
            raw.is_done = True
        elif raw is self._answer:
            self._interim.append((raw.status, raw.reason.decode("latin-1"), Facts(raw.head, False).headers))
            self._raw = self._answer = Raw()

    def _check_size(self, raw: Raw) -> None:
        wire = self._wire
        if raw.is_large or (not raw.has_head and self._fed > wire.header_bytes_max):
            raise UpstreamFailed(
                "upstream_bad_answer", f"the answer's head has more than {wire.header_bytes_max} bytes"
            )
        if len(raw.head) > wire.headers_max:
            raise UpstreamFailed("upstream_bad_answer", f"the answer has more than {wire.headers_max} headers")


class UpstreamAnswer(Answer):
    """An answer from upstream, whose body comes over its line."""

    def __init__(self, line: Line, raw: Raw, facts: Facts, has_body: bool) -> None:
        self._line = line
        self._raw = raw
        self.status = raw.status
        self.reason = raw.reason.decode("latin-1")
        self.version = raw.version
        self.headers = facts.headers
        self.passed = facts.passed
        self.text = facts.text
        self.length = facts.length
        self.says_length = facts.length is not None
        self.chunked = facts.chunked
        self.has_body = has_body
        if raw.is_done:
            self.ended = "whole"
            if has_body and not line.by_chunk:
                self.whole = line.take(raw) if raw.pieces else b""

    async def piece(self) -> bytes:
        raw, line = self._raw, self._line
        if self.whole is not None:
            data, self.whole = self.whole, None
            return data
        if not self.has_body:
            return b""
        while not raw.pieces:
            if line.by_chunk and not self.chunked:
                line.cut_blocks(BLOCK_BYTES)
            if raw.pieces or (raw.is_done and line.end_chunk()):
                break
            if raw.is_done:
                self.ended = self.ended or "whole"
                return b""
            if line.broken is not None or not await line.more():
                self._stop()
        return line.take(raw)

    @property
    def tunnelled(self) -> bytes:
        """What came behind a switch of protocols."""
        return self._line.tunnelled

    @property
    def trailers(self) -> Headers:
        return trailer_rows(self._raw.trailers) if self._raw.trailers else []

    def _stop(self) -> None:
        """Nothing more comes. What there is of a chunk is still given. *Errors*: `UpstreamFailed`."""
        line = self._line
        if line.end_chunk():
            return
        if line.broken is not None:
            self.ended = "rst" if line.is_reset else "short"
            raise line.broken
        if self.length is None and not self.chunked:
            self._raw.is_done, self.ended = True, "fin"
            return
        self.ended = "short"
        raise UpstreamFailed("upstream_short", "upstream ended the connection in the middle of its answer")

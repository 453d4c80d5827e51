"""Answers: what an answer is wherever it comes from, and upstream's answers out of a stream of bytes.

An `Answer` has a head and gives its body piece by piece, as it comes. Effects wrap one in another; the relay sends it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import httptools

from fozzy.chaos.http.ends import End
from fozzy.chaos.http.heads import Facts, Raw, trailer_rows
from fozzy.chaos.http.refusals import Refusal, UpstreamFailed
from fozzy.chaos.http.wire import Wire
from fozzy.core.exchange import Headers

Ended = Literal["whole", "short", "fin", "rst"]
Interim = Callable[[int, str, Headers], Awaitable[None]]

CHUNK_BYTES_MAX = 1 << 20
_HAS_NO_BODY = frozenset((204, 304))


class Answer:
    """An answer as it comes. `rows` are the headers that go on, each with its end of line.

    `length` is of the body, none where it is not known; `has_body` tells that there can be none.
    `whole`: the body, where all of it is there and it need not be asked for piece by piece.
    """

    status = 200
    reason = "OK"
    version = "1.1"
    headers: Headers
    rows: list[str]
    length: int | None = None
    says_length = False  # a header tells it
    chunked = False
    has_body = True
    whole: bytes | None = None
    ended: Ended | None = None  # once the body has; none while it comes, or when nobody read it to its end

    async def piece(self) -> bytes:
        """More of the body, nothing at its end. *Errors*: `UpstreamFailed` when it ends too early, `CutOff`."""
        raise NotImplementedError

    @property
    def trailers(self) -> Headers:
        """Once the body has ended."""
        return []

    def content_type(self) -> str:
        """The media type, in small letters and without parameters."""
        return self.header("content-type").partition(";")[0].strip().lower()

    def header(self, name: str) -> str:
        """A header's value, nothing where there is none; `name` is in small letters."""
        return next((value for each, value in self.headers if each.lower() == name), "")


class UpstreamAnswer(Answer):
    """Reads one answer from a connection to upstream.

    `is_clean`: another request may go over the connection. With `by_chunk` a piece is one chunk of the chunked coding,
    however it was sliced on its way. *Limits*: of a chunk over `CHUNK_BYTES_MAX`, so many bytes at a time.
    """

    def __init__(self, end: End, wire: Wire, method: str, *, by_chunk: bool = False) -> None:
        self._by_chunk = by_chunk
        self._end = end
        self._wire = wire
        self._is_head_only = method == "HEAD"
        self._parser = httptools.HttpResponseParser(self)
        self._raw = Raw()
        self._interim: list[tuple[int, str, Headers]] = []
        self._fed = 0
        self._chunk: list[bytes] = []  # what has come of a chunk that is given whole
        self._chunk_bytes = 0
        self._broken: UpstreamFailed | None = None
        self._has_extra = False
        self._ends_with_connection = False
        self.has_begun = False  # a byte has come
        self.tunnelled = b""  # what came behind a switch of protocols

    async def head(self, interim: Interim) -> None:
        """Read up to the end of the head. Interim answers are told as they come. *Errors*: `UpstreamFailed`."""
        raw = self._raw
        while not raw.has_head:
            if self._broken is not None:
                raise self._broken
            if not await self._more():
                raise UpstreamFailed("upstream_closed", "upstream ended the connection without an answer")
            while self._interim:
                await interim(*self._interim.pop(0))
            raw = self._raw
            if not raw.has_head:
                self._check_size(raw)
        self._understand(raw)

    async def piece(self) -> bytes:
        raw = self._raw
        if self.whole is not None:
            data, self.whole = self.whole, None
            raw.pieces.clear()
            return data
        if not self.has_body:
            return b""
        while not raw.pieces:
            if raw.is_done:
                self.ended = self.ended or "whole"
                return b""
            if self._broken is not None or not await self._more():
                self._stop(raw)
        if self._by_chunk:
            return raw.pieces.pop(0)
        pieces, raw.pieces = raw.pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def trailers(self) -> Headers:
        return trailer_rows(self._raw.trailers) if self._raw.trailers else []

    @property
    def is_clean(self) -> bool:
        """Whether another request may go over the connection."""
        raw = self._raw
        return raw.keeps and raw.is_done and not self._has_extra and self._broken is None and not self.tunnelled

    # What the parser calls, by these names.

    def on_message_begin(self) -> None:
        self._has_extra = self._raw.is_done

    def on_status(self, data: bytes) -> None:
        self._raw.reason += data

    def on_header(self, name: bytes, value: bytes) -> None:
        raw = self._raw
        if not raw.is_done:
            (raw.trailers if raw.has_head else raw.head).append((name, value))

    def on_headers_complete(self) -> None:
        raw, parser = self._raw, self._parser
        if raw.is_done:
            return
        raw.status = parser.get_status_code()
        raw.version = parser.get_http_version()
        raw.keeps = parser.should_keep_alive()
        raw.has_head = raw.status >= 200 or raw.status == 101
        raw.is_large = self._fed > self._wire.header_bytes_max and raw.head_bytes() > self._wire.header_bytes_max
        self._fed = 0

    def on_body(self, data: bytes) -> None:
        if self._is_head_only or self._raw.is_done:
            self._has_extra = True
        else:
            self._add(data)
        self._fed = 0

    def on_chunk_complete(self) -> None:
        self._end_chunk()

    def on_message_complete(self) -> None:
        raw = self._raw
        self._fed = 0
        if raw.has_head:
            raw.is_done = True
        else:
            self._interim.append((raw.status, raw.reason.decode("latin-1"), Facts(raw.head, False).headers))
            self._raw = Raw()

    def _stop(self, raw: Raw) -> None:
        """Nothing more comes. What there is of a chunk is still given. *Errors*: `UpstreamFailed`."""
        if self._chunk:
            self._end_chunk()
        elif self._broken is not None:
            self.ended = self.ended or "short"
            raise self._broken
        elif self._ends_with_connection:
            raw.is_done, self.ended = True, "fin"
        else:
            self.ended = "short"
            raise UpstreamFailed("upstream_short", "upstream ended the connection in the middle of its answer")

    def _understand(self, raw: Raw) -> None:
        self._check_size(raw)
        try:
            facts = Facts(raw.head, False)
        except Refusal as refusal:
            raise UpstreamFailed("upstream_bad_answer", f"upstream's answer is not understood: {refusal}") from None
        self.status, self.reason, self.version = raw.status, raw.reason.decode("latin-1"), raw.version
        self.headers, self.rows, self.chunked = facts.headers, facts.rows, facts.chunked
        self.says_length = facts.length is not None
        if self._is_head_only or raw.status in _HAS_NO_BODY or raw.status == 101:
            self.has_body = False
            self.length, raw.is_done, self.ended = facts.length, True, "whole"
            self._has_extra = self._has_extra or facts.chunked and self._is_head_only  # what may follow is not known
            return
        self.length = facts.length
        self._ends_with_connection = facts.length is None and not facts.chunked
        self._by_chunk = self._by_chunk and facts.chunked
        if not self._by_chunk:
            self._end_chunk()
            if raw.is_done:
                self.whole, self.ended = b"".join(raw.pieces), "whole"

    def _add(self, data: bytes) -> None:
        if not self._by_chunk:
            self._raw.pieces.append(data)
            return
        self._chunk.append(data)
        self._chunk_bytes += len(data)
        if self._chunk_bytes > CHUNK_BYTES_MAX:
            self._end_chunk()

    def _end_chunk(self) -> None:
        if self._chunk:
            self._raw.pieces.append(b"".join(self._chunk))
            self._chunk, self._chunk_bytes = [], 0

    def _check_size(self, raw: Raw) -> None:
        wire = self._wire
        if raw.is_large or self._fed > wire.header_bytes_max:
            raise UpstreamFailed(
                "upstream_bad_answer", f"the answer's head has more than {wire.header_bytes_max} bytes"
            )
        if len(raw.head) > wire.headers_max:
            raise UpstreamFailed("upstream_bad_answer", f"the answer has more than {wire.headers_max} headers")

    async def _more(self) -> bool:
        """Read once and parse it; nothing more comes otherwise."""
        try:
            data = await self._end.recv()
        except OSError as error:
            self.ended = "rst"
            where = "upstream_short" if self._raw.has_head else "upstream_closed"
            self._broken = UpstreamFailed(where, f"upstream reset the connection: {error.strerror or error}")
            return True
        if not data:
            return False
        self.has_begun = True
        self._feed(data)
        return True

    def _feed(self, data: bytes) -> None:
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.tunnelled = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self._broken = UpstreamFailed("upstream_bad_answer", f"upstream's answer is not HTTP/1.1: {error}")

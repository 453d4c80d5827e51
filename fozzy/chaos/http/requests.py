"""Requests out of a stream of bytes: heads, bodies and trailers in order, however the bytes are sliced.

The parser is llhttp, in its strict form. It is fed one read at a time, and nothing is read while something it found has
not been taken; so what a connection holds is bounded by one read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import httptools
import trio

from fozzy.chaos.http.ends import READ_BYTES, End
from fozzy.chaos.http.heads import Head, Known, Raw, trailer_rows
from fozzy.chaos.http.refusals import ClientGone, Refusal
from fozzy.chaos.http.wire import Wire
from fozzy.core.exchange import Headers

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
KNOWN = Known(is_request=True)
AHEAD_BYTES_MAX = READ_BYTES  # read while we wait for the client to leave, and not yet looked at


class RequestReader:
    """Reads one connection. Ask for `head`, then for `piece` until it is empty, then for the next head."""

    def __init__(self, end: End, wire: Wire) -> None:
        self._end = end
        self._wire = wire
        self._headers_max = wire.headers_max
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[Raw] = deque()  # the first is the one that is read, the last the one that comes
        self._last = Raw()  # the one that comes
        self._taken: Raw | None = None
        self._ahead = bytearray()
        self._fed = 0  # bytes since something was complete
        self._broken: Refusal | None = None
        self._told_to_go_on = True
        self.has_ended = False  # the client has ended its half
        self.tunnelled = b""  # what came behind a request to upgrade
        self.when_begun: Callable[[], None] | None = None  # a head has begun, and is not whole yet

    async def head(self) -> Head | None:
        """The next request, none when the client ended the connection between two.

        *Errors*: `Refusal`, after which nothing can be read; `ClientGone`.
        """
        queue = self._queue
        if self._taken is not None:
            assert self._taken.is_done, "a request is read to its end before the next"
            queue.popleft()
            self._taken = None
        while not queue or not queue[0].has_head:
            if self._broken is not None:
                raise self._broken
            if not await self._more():
                if queue:
                    raise ClientGone
                return None
            if queue and not queue[0].has_head:
                self._check_size(queue[0])
                if self.when_begun is not None:
                    self.when_begun()
        self._taken = raw = queue[0]
        if raw.is_large or len(raw.head) > self._headers_max:
            self._check_size(raw)
        head = Head(raw, KNOWN)
        self._told_to_go_on = not head.expects_continue
        return head

    def body(self) -> bytes | None:
        """All of the body that was not taken yet, where all of it has come; `piece` then says that it is over."""
        raw = self._taken
        if raw is None or not raw.is_done:
            return None
        pieces = raw.pieces
        if not pieces:
            return b""
        raw.pieces = []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def piece(self) -> bytes:
        """More of the body, nothing at its end. *Errors*: `Refusal`, `ClientGone`, after which nothing can be read."""
        raw = self._taken
        assert raw is not None
        while not raw.pieces:
            if raw.is_done:
                return b""
            if self._broken is not None:
                raise self._broken
            if not self._told_to_go_on:
                self._told_to_go_on = True
                await self._tell_to_go_on()
            if not await self._more():
                raise ClientGone
        pieces, raw.pieces = raw.pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def is_whole(self) -> bool:
        """Whether all of the request has come; `piece` then does not wait."""
        return self._taken is None or self._taken.is_done

    @property
    def has_next(self) -> bool:
        """Whether more has come than this request."""
        return len(self._queue) > 1

    @property
    def trailers(self) -> Headers:
        """Those of the request, once its body has ended."""
        return trailer_rows(self._taken.trailers) if self._taken is not None and self._taken.trailers else []

    def begun(self) -> tuple[str, str, Headers]:
        """Method, target and headers of a request that was not read to its end, as far as they are known."""
        raw = self._queue[0] if self._queue else self._last
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw.head]
        return raw.method, raw.target.decode("latin-1"), headers

    async def left(self) -> None:
        """Wait until the client ends its half of the connection, or all. What it sends meanwhile is kept, up to a bound.

        Behind that bound an end is not seen: then this waits for ever.
        """
        while not self.has_ended:
            if len(self._ahead) >= AHEAD_BYTES_MAX:
                await trio.sleep_forever()
            try:
                data = await self._end.recv()
            except OSError:
                data = b""
            self._ahead += data
            self.has_ended = not data

    def stop_parsing(self) -> bytes:
        """What follows an upgraded request, none of which is HTTP."""
        data, self._ahead = self.tunnelled + bytes(self._ahead), bytearray()
        self.tunnelled = b""
        return data

    def resume_parsing(self) -> None:
        """The upgrade was refused: what follows it is HTTP after all."""
        data, self.tunnelled = self.tunnelled, b""
        self._parser = httptools.HttpRequestParser(self)
        self._feed(data)

    # What the parser calls, by these names.

    def on_message_begin(self) -> None:
        self._last = raw = Raw()
        self._queue.append(raw)

    def on_url(self, data: bytes) -> None:
        self._last.target += data

    def on_header(self, name: bytes, value: bytes) -> None:
        raw = self._last
        (raw.trailers if raw.has_head else raw.head).append((name, value))

    def on_headers_complete(self) -> None:
        raw, parser = self._last, self._parser
        raw.method = parser.get_method().decode()
        raw.version = parser.get_http_version()
        raw.keeps = parser.should_keep_alive()
        raw.upgrades = parser.should_upgrade()
        raw.has_head = True
        raw.is_large = self._fed > self._wire.header_bytes_max and raw.head_bytes() > self._wire.header_bytes_max
        self._fed = 0

    def on_body(self, data: bytes) -> None:
        self._last.pieces.append(data)
        self._fed = 0

    def on_message_complete(self) -> None:
        self._last.is_done = True
        self._fed = 0

    async def _more(self) -> bool:
        """Read once and parse it; nothing more comes otherwise."""
        if self._ahead:
            data, self._ahead = bytes(self._ahead), bytearray()
        elif self.has_ended:
            return False
        else:
            try:
                data = await self._end.recv()
            except OSError:
                raise ClientGone from None
            if not data:
                self.has_ended = True
                return False
        self._feed(data)
        return True

    def _feed(self, data: bytes) -> None:
        self._fed += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.tunnelled = data[upgrade.args[0] :]
        except httptools.HttpParserInvalidMethodError:
            self._broken = Refusal(501, "method_unknown", "the request's method is not known")
        except httptools.HttpParserError as error:
            self._broken = Refusal(400, "bad_request", f"the request is not HTTP/1.1: {error}")
        if self._fed > self._wire.header_bytes_max and self._last.has_head and not self._last.is_done:
            self._broken = Refusal(400, "bad_request", "the trailers or a chunk's head are too long")

    def _check_size(self, raw: Raw) -> None:
        wire = self._wire
        if raw.is_large or self._fed > wire.header_bytes_max and not raw.has_head:
            raise Refusal(431, "headers_too_large", f"the request's head has more than {wire.header_bytes_max} bytes")
        if len(raw.head) > wire.headers_max:
            raise Refusal(431, "headers_too_many", f"the request has more than {wire.headers_max} headers")

    async def _tell_to_go_on(self) -> None:
        try:
            await self._end.send(CONTINUE)
        except OSError:
            raise ClientGone from None

"""An exchange without its secrets: by name in headers, queries and bodies, then by value, as everywhere.

Rule 1: what holds no secret stays as it is, byte for byte; a body that lost one is marked in `notes`.
Rule 2: `bytes`, `digest` and `key` stay those of the true request; the sizes of `chunks` become those of the kept body.
Rule 3: bytes that are not UTF-8 are looked into all the same, and so is what gzip or deflate packed.
Most exchanges hold no secret but in headers, so those are taken first, and the rest only when something may be there.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from fozzy.core.blob import EMPTY, Blob
from fozzy.core.exchange import Answered, Asked, Exchange, Headers
from fozzy.core.redact import REDACTED, Redactor
from fozzy.core.resized import resized

UNPACKED_BYTES_MAX = 64 << 20  # of what packs more, no more is looked into
NAMES_MAX = 4096  # of headers; clients make them up
DONE_MAX = 256  # lists of headers that are remembered
REQUEST_MARK = "secrets were taken out of the request's body"
ANSWER_MARK = "secrets were taken out of the answer's body"
OPAQUE_MARK = "not looked into for secrets: "  # and the encoding

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # what zlib calls them; the last is told by its first bytes
Message = TypeVar("Message", Asked, Answered)


class _Body(NamedTuple):
    """A body as text. `packed` is its content coding where that was undone, `opaque` where that could not be."""

    text: str
    packed: str = ""
    opaque: str = ""


class ExchangeCleaner:
    """Takes secrets out of exchanges, and learns them on the way."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._names = _Names(redactor.is_secret)
        self._done: dict[tuple[tuple[str, str], ...], Headers | None] = {}  # none: they stay as they are
        self._learned = 0

    def clean(self, exchange: Exchange) -> Exchange:
        """The exchange without its secrets; the same object where there is none."""
        if self.redactor.learned != self._learned:
            self._done.clear()  # what was harmless may hold what is known now
            self._learned = self.redactor.learned
        request, answer = exchange.request, exchange.answer
        body, answer_body = _body(request), _NONE if answer is None else _body(answer)
        pieces = [request.method, request.target, body.text, answer_body.text, *_words(exchange)]
        headers = self._headers(request.headers, pieces)
        answer_headers = [] if answer is None else self._headers(answer.headers, pieces)
        if body.opaque or answer_body.opaque:
            exchange = _noted(exchange, OPAQUE_MARK + (body.opaque or answer_body.opaque))
        is_new = self.redactor.learned != self._learned  # then it may stand where it was not looked for
        if is_new or _has_trailers(exchange) or not self.redactor.is_harmless("\n".join(pieces)):
            return self._thoroughly(exchange, body, answer_body)
        if headers is not request.headers:
            exchange = replace(exchange, request=replace(request, headers=headers))
        if answer is not None and answer_headers is not answer.headers:
            exchange = replace(exchange, answer=replace(answer, headers=answer_headers))
        return exchange

    def _headers(self, headers: Headers, pieces: list[str]) -> Headers:
        """The headers without what stands under secret names, which is learned. What may hold more goes into `pieces`.

        The same headers come again and again, so those that are done with are remembered.
        """
        key = tuple(headers)
        if key in self._done:
            return self._done[key] or headers
        secret, values = self._names, self.redactor.values
        rest: list[str] = []
        for name, value in headers:
            if not secret[name]:
                rest += (name, value)
            elif value not in values and value != REDACTED:
                self.redactor.learn({"0": [(name, value)]})
        clean = [(name, REDACTED if secret[name] else value) for name, value in headers]
        if not self.redactor.is_harmless("\n".join(rest)):
            pieces += rest
        elif len(self._done) < DONE_MAX:
            self._done[key] = None if clean == headers else clean
        else:
            self._done.clear()
        return headers if clean == headers else clean

    def _thoroughly(self, exchange: Exchange, body: _Body, answer_body: _Body) -> Exchange:
        request, answer = exchange.request, exchange.answer
        # Numbers as keys: no name in a configuration can be one of them.
        tree: dict[str, Any] = {
            "0": _tree(request, body),
            "1": {} if answer is None else _tree(answer, answer_body),
            "2": request.target,
            "3": request.method,
            "4": {str(index): note for index, note in enumerate(exchange.notes)},
            "5": {name: getattr(exchange, field) for name, field in _FIELDS},
        }
        clean = self.redactor.clean(tree)
        asked = replace(_message(request, clean["0"], body), target=clean["2"], method=clean["3"])
        answered = None if answer is None else _message(answer, clean["1"], answer_body)
        said = {field: clean["5"][name] for name, field in _FIELDS}
        notes = list(clean["4"].values())
        done = replace(exchange, request=asked, answer=answered, notes=notes, **said)
        if asked.body != request.body:
            done = _noted(done, REQUEST_MARK)
        return _noted(done, ANSWER_MARK) if answer and answered and answer.body != answered.body else done


class _Names(dict[str, bool]):
    """Which names are secret, for a loop over headers. *Limits*: what is remembered."""

    def __init__(self, is_secret: Callable[[str], bool]) -> None:
        self._is_secret = is_secret

    def __missing__(self, name: str) -> bool:
        found = self._is_secret(name)
        if len(self) < NAMES_MAX:
            self[name] = found
        return found


_NONE = _Body("")
_FIELDS = (("0", "reason"), ("1", "test"), ("2", "client"), ("3", "not_recorded"))


def _words(exchange: Exchange) -> tuple[str, ...]:
    return exchange.reason, exchange.test, exchange.client, exchange.not_recorded, *exchange.notes


def _has_trailers(exchange: Exchange) -> bool:
    return bool(exchange.request.trailers) or (exchange.answer is not None and bool(exchange.answer.trailers))


def _noted(exchange: Exchange, mark: str) -> Exchange:
    return exchange if mark in exchange.notes else replace(exchange, notes=[*exchange.notes, mark])


def _body(message: Asked | Answered) -> _Body:
    blob = message.body
    if not blob.base64:
        return _Body(blob.text)
    data = blob.data()
    coding = next((value.strip().lower() for name, value in message.headers if _is_coding(name)), "")
    if coding in _WINDOWS:
        unpacked = _unpacked(data, coding)
        if unpacked is not None:
            return _Body(_read(unpacked), packed=coding)
    return _Body(_read(data), opaque=coding if coding != "identity" else "")


def _is_coding(name: str) -> bool:
    return len(name) == 16 and name.lower() == "content-encoding"


def _read(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _unpacked(data: bytes, coding: str) -> bytes | None:
    """What was packed, also of a body that is cut; none when it is not packed like that."""
    pieces, left = [], UNPACKED_BYTES_MAX
    try:
        while data and left > 0:
            unpacking = zlib.decompressobj(_WINDOWS[coding])
            pieces.append(unpacking.decompress(data, left))
            left -= len(pieces[-1])
            data = unpacking.unused_data
    except zlib.error:
        return b"".join(pieces) or None
    return b"".join(pieces)


def _packed(data: bytes, coding: str) -> bytes:
    packing = zlib.compressobj(wbits=15 if coding == "deflate" else 31)
    return packing.compress(data) + packing.flush()


def _tree(message: Asked | Answered, body: _Body) -> dict[str, Any]:
    tree: dict[str, Any] = {"0": message.headers, "1": message.trailers, "2": body.text}
    return tree if isinstance(message, Asked) else {**tree, "3": message.reason}


def _message(message: Message, clean: dict[str, Any], body: _Body) -> Message:
    """A message with what was cleaned. A body that nothing was taken from stays as it was packed."""
    headers = [(name, value) for name, value in clean["0"]]
    trailers = [(name, value) for name, value in clean["1"]]
    message = replace(message, headers=headers, trailers=trailers)
    if isinstance(message, Answered):
        message = replace(message, reason=clean["3"])
    if clean["2"] == body.text:
        return message
    data = clean["2"].encode("utf-8", "surrogateescape")
    before, after = message.body.data(), _packed(data, body.packed) if body.packed else data
    message = replace(message, body=Blob.of(after) if after else EMPTY)
    if isinstance(message, Answered):
        message = replace(message, chunks=resized(message.chunks, before, after))
    return message

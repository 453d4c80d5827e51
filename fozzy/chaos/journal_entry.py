"""An entry of the journal: an exchange as it is kept there, and as it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from fozzy import wall
from fozzy.chaos.journal_filter import took_ns
from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered, Asked, Ending, Exchange, Headers, Roll, Source
from fozzy.core.redact import Redactor
from fozzy.faults.http.match import path_of

SHOWN_CHARS_MAX = 4096  # of a body, and of anything else that a client makes up
KEPT_BYTES_MAX = 2 * SHOWN_CHARS_MAX  # so that a secret that begins in what is shown is seen whole
CHUNKS_MAX = 64  # times of reads
VALUES_MAX = 20_000  # secret values that are remembered; then those of the entries that are left are learned again


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Headers and the beginning of a body. `bytes` is the body's true size."""

    headers: Headers = []
    body: str | None = None  # none: not asked for
    bytes: int = 0
    is_cut: bool = False


class RollShown(msgspec.Struct, frozen=True, kw_only=True):
    """One draw: of what, with which probability, which value in [0, 2^53) came, whether it hit, who set it."""

    draw: str
    probability: float
    value: int
    hit: bool
    origin: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Times are nanoseconds since the start of the run; `time` is the wall's, when it ended."""

    entry: str  # its `number`; `r1`, `r2`, … for requests that were refused before they were decided, which have none
    number: int  # the order in which requests were decided; changes of the plan count too; 0 for what was not decided
    time: str
    arrived_ns: int
    ended_ns: int
    took_ns: int
    method: str
    path: str
    target: str
    route: str | None = None  # its place in the plan
    route_name: str | None = None
    test: str = ""
    client: str = ""
    source: Source
    status: int  # what the client got; 0 is no answer
    upstream_status: int | None = None
    planned: str | None = None
    applied: str | None = None
    reason: str = ""
    delay_ns: int = 0  # planned
    waited_ns: int = 0  # measured
    rolls: list[RollShown] = []
    request: Shown
    answer: Shown | None = None  # what upstream or a route truly said
    sent_bytes: int = 0
    ended: Ending = "whole"
    key: str = ""
    occurrence: int = 1
    load: int = 0
    not_recorded: str = ""
    notes: list[str] = []


def bounded(exchange: Exchange) -> Exchange:
    """The same exchange without the rest of long bodies and lists, so that a journal stays small."""
    request, answer = exchange.request, exchange.answer
    if _is_long(request.body):
        request = msgspec.structs.replace(request, body=_beginning(request.body))
    if answer is not None and (_is_long(answer.body) or len(answer.chunks) > CHUNKS_MAX):
        answer = msgspec.structs.replace(answer, body=_beginning(answer.body), chunks=answer.chunks[:CHUNKS_MAX])
    if request is exchange.request and answer is exchange.answer:
        return exchange
    return msgspec.structs.replace(exchange, request=request, answer=answer)


def _is_long(body: Blob) -> bool:
    return len(body.text) > KEPT_BYTES_MAX or len(body.base64) > KEPT_BYTES_MAX


def _beginning(body: Blob) -> Blob:
    """*Limits*: base64 is cut at a multiple of four characters, which are whole bytes."""
    return Blob(text=body.text[:KEPT_BYTES_MAX], base64=body.base64[:KEPT_BYTES_MAX]) if _is_long(body) else body


def body_chars(exchange: Exchange) -> int:
    """How much text an exchange's bodies are, as they are kept."""
    bodies = [exchange.request.body, *([exchange.answer.body] if exchange.answer is not None else [])]
    return sum(len(body.text) + len(body.base64) for body in bodies)


class Viewer:
    """Shows exchanges without secrets. *Limits*: `VALUES_MAX` values learned; those of headers and targets at once."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._redactor = Redactor(self._names)
        self._learned = 0  # the number of the last entry whose headers were looked at

    def learn(self, kept: Iterable[tuple[int, Exchange]]) -> None:
        """Learn the secrets in the headers and targets of what is kept under these numbers."""
        if len(self._redactor.values) > VALUES_MAX:
            self.forget()
        is_secret = self._redactor.is_secret
        found: list[Any] = []
        last = self._learned
        for number, exchange in kept:
            if number <= self._learned:
                continue
            request, answer, last = exchange.request, exchange.answer, number
            found += [pair for pair in request.headers if is_secret(pair[0])]
            found += [pair for pair in answer.headers if is_secret(pair[0])] if answer is not None else []
            if "=" in request.target:
                found.append(request.target)
        self._learned = last
        if found:
            self._redactor.learn(found)

    def bare(self, exchange: Exchange) -> Exchange:
        """An exchange as what was asked and decided, and no more."""
        request = exchange.request
        target = self._redactor.clean(request.target)
        asked = Asked(request.method, target, digest=request.digest)
        return msgspec.structs.replace(exchange, request=asked, answer=None)

    def entry(self, word: str, at_s: float, exchange: Exchange, bodies: bool = True) -> Entry:
        """An exchange as it is shown."""
        request, answer, sent = exchange.request, exchange.answer, exchange.sent
        target = _cut(self._redactor.clean(request.target))
        return Entry(
            entry=word,
            number=exchange.number,
            time=wall.iso(at_s),
            arrived_ns=exchange.arrived,
            ended_ns=exchange.t,
            took_ns=took_ns(exchange),
            method=request.method,
            path=path_of(target),
            target=target,
            route=exchange.at or None,
            route_name=exchange.route or None,
            test=exchange.test,
            client=exchange.client,
            source=exchange.source,
            status=sent.status if sent is not None else 0,
            upstream_status=answer.status if answer is not None and exchange.source == "proxy" else None,
            planned=exchange.planned or None,
            applied=exchange.applied or None,
            reason=exchange.reason,
            delay_ns=exchange.delay_ns,
            waited_ns=exchange.waited_ns,
            rolls=[_roll(roll) for roll in exchange.rolls],
            request=self._shown(request, bodies),
            answer=self._shown(answer, bodies) if answer is not None else None,
            sent_bytes=sent.bytes if sent is not None else 0,
            ended=sent.ended if sent is not None else "client_gone",
            key=exchange.key,
            occurrence=exchange.occurrence,
            load=exchange.load,
            not_recorded=exchange.not_recorded,
            notes=self._redactor.clean(exchange.notes),
        )

    def _shown(self, said: Asked | Answered, bodies: bool) -> Shown:
        cleaned = [(_cut(name), _cut(value)) for name, value in self._redactor.clean(said.headers)]
        if not bodies:
            return Shown(headers=cleaned, bytes=said.bytes)
        text = self._redactor.clean(said.body.shown())
        is_cut = len(text) > SHOWN_CHARS_MAX or said.bytes > KEPT_BYTES_MAX
        return Shown(headers=cleaned, body=text[:SHOWN_CHARS_MAX], bytes=said.bytes, is_cut=is_cut)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[:SHOWN_CHARS_MAX]}…"


def _roll(roll: Roll) -> RollShown:
    return RollShown(draw=roll.draw, probability=roll.probability, value=roll.value, hit=roll.hit, origin=roll.origin)

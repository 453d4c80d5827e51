"""Calls from the records of HTTP proxies, which are whole exchanges.

Rule 1: clients are told apart by their address, and each is a connection.
Rule 2: what upstream answered is known byte for byte, what the client got by its size and how it ended.
"""

from __future__ import annotations

from collections.abc import Iterable

from fozzy.core.exchange import Answered, Exchange, retry_after_s
from fozzy.insight.verdict.model import Call, Fate
from fozzy.insight.verdict.statements import IDEMPOTENCY, is_harmless
from fozzy.insight.verdict.wires import UNHEARD


def calls_of(exchanges: Iterable[Exchange], at: str) -> list[Call]:
    """Of one proxy."""
    clients: dict[str, int] = {}
    return [_call(each, at, clients.setdefault(each.client, len(clients) + 1)) for each in exchanges]


def _call(exchange: Exchange, at: str, connection: int) -> Call:
    request, answer, sent = exchange.request, exchange.answer, exchange.sent
    about = f"{request.method} {request.target.partition('?')[0]}"
    fate = _fate(exchange)
    said = "" if sent is None or not sent.status else str(sent.status)
    is_kept = answer is not None and answer.status < 400
    headers = {name.lower(): value for name, value in request.headers}
    return Call(
        at=at,
        protocol="http",
        connection=connection,
        number=exchange.number,
        about=about,
        key=f"{request.method} {request.target} {request.digest}",
        began_ns=exchange.arrived,
        ended_ns=exchange.t,
        fate=fate,
        said=said,
        retry_after_ns=_retry_after_ns(exchange) if fate == "error" else None,
        reached=answer is not None,
        kept=is_kept,
        in_doubt=is_kept and fate in UNHEARD,
        harmless=is_harmless("http", about) or IDEMPOTENCY in headers,
        ended=sent.ended if sent is not None and sent.ended in ("fin", "rst") else "",
        framing=_framing(answer),
        events=answer is not None and _header(answer, "content-type").startswith("text/event-stream"),
        faults=[f"{at}/{exchange.applied}"] if exchange.applied else [],
        connected_ns=exchange.arrived,
    )


def _fate(exchange: Exchange) -> Fate:
    sent, answer = exchange.sent, exchange.answer
    if sent is None or (not sent.status and sent.ended != "client_gone"):
        return "lost"
    if sent.ended == "client_gone":
        return "silent"
    ends_so = answer is not None and answer.ended == "fin" and sent.bytes >= answer.bytes
    if sent.ended in ("fin", "rst") and not ends_so:
        return "truncated"
    return "error" if sent.status >= 400 else "answered"


def _framing(answer: Answered | None) -> str:
    if answer is None:
        return ""
    if answer.chunked:
        return "chunked"
    return "sized" if _header(answer, "content-length") else "close"


def _retry_after_ns(exchange: Exchange) -> int | None:
    """What the client was asked to wait: by an answer that a fault made, else by upstream's own, whatever its status became."""
    asked_s = None if exchange.sent is None else exchange.sent.retry_after_s
    if asked_s is None and exchange.answer is not None:
        asked_s = retry_after_s(exchange.answer.headers)
    return None if asked_s is None else asked_s * 10**9


def _header(answer: Answered, name: str) -> str:
    return next((value for each, value in answer.headers if each.lower() == name), "")

"""An exchange as a span: OpenTelemetry's words for HTTP, and ours for faults and delays. Pure.

The form is OTLP's JSON: ids in hexadecimal, whole numbers of 64 bits as texts, kinds and codes as numbers.
Names: HTTP semantic conventions 1.23 and later; what is ours begins with `fozzy.`.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from fozzy.chaos.labels import METHODS
from fozzy.chaos.traceparent import Context
from fozzy.core.exchange import Exchange, Headers, Roll
from fozzy.core.redact import REDACTED, Redactor
from fozzy.version import VERSION

SERVER = 2  # the kind of a span
ERROR = 2  # the code of a status
TEXT_CHARS_MAX = 1024  # of one attribute; the trace has the whole

Attribute = dict[str, Any]


class Kept(NamedTuple):
    """What a span needs of an exchange. Its bodies are not kept: a queue of them would be large."""

    method: str
    target: str
    version: str
    request_bytes: int
    trace: Headers  # the `traceparent` headers
    agent: str
    arrived: int
    ended: int
    status: int
    sent_bytes: int
    ending: str
    at: str
    number: int
    key: str
    occurrence: int
    source: str
    rolls: list[Roll]
    planned: str
    applied: str
    reason: str
    delay_ns: int
    waited_ns: int
    test: str
    client: str


def keep(exchange: Exchange) -> Kept:
    """What of an exchange goes into the queue."""
    asked, sent = exchange.request, exchange.sent
    trace, agent = [], ""
    for pair in asked.headers:
        name = pair[0].lower()
        if name == "traceparent":
            trace.append(pair)
        elif name == "user-agent":
            agent = pair[1]
    return Kept(
        asked.method, asked.target, asked.version, asked.bytes, trace, agent, exchange.arrived, exchange.t,
        sent.status if sent else 0, sent.bytes if sent else 0, sent.ended if sent else "",
        exchange.at, exchange.number, exchange.key, exchange.occurrence, exchange.source, exchange.rolls,
        exchange.planned, exchange.applied, exchange.reason, exchange.delay_ns, exchange.waited_ns,
        exchange.test, exchange.client,
    )  # fmt: skip


def span_of(kept: Kept, context: Context, route: str, epoch_ns: int) -> dict[str, Any]:
    """The span of an exchange. `route` is its label, empty for none; `epoch_ns` is when the proxy's clock was 0."""
    method = kept.method if kept.method in METHODS else "HTTP"
    span: dict[str, Any] = {
        "traceId": context.trace,
        "spanId": context.span,
        "flags": context.flags & 0xFF,
        "name": f"{method} {route}" if route else method,
        "kind": SERVER,
        "startTimeUnixNano": str(epoch_ns + kept.arrived),
        "endTimeUnixNano": str(epoch_ns + kept.ended),
        "attributes": [*_http(kept, route), *_chaos(kept)],
    }
    if context.parent:
        span["parentSpanId"] = context.parent
    error = _error(kept)
    if error:
        span["attributes"].append(text("error.type", error))
        span["status"] = {"code": ERROR}
    return span


def request_of(spans: list[dict[str, Any]], seed: int, service: str) -> dict[str, Any]:
    """What is posted: the spans of one batch, and who sends them."""
    about = [
        text("service.name", service),
        text("service.version", VERSION),
        text("telemetry.sdk.name", "fozzy"),
        text("telemetry.sdk.language", "python"),
        text("telemetry.sdk.version", VERSION),
        number("fozzy.seed", seed),
    ]
    scope = {"scope": {"name": "fozzy.chaos", "version": VERSION}, "spans": spans}
    return {"resourceSpans": [{"resource": {"attributes": about}, "scopeSpans": [scope]}]}


def text(key: str, value: str) -> Attribute:
    """A text attribute. *Limits*: `TEXT_CHARS_MAX`, the rest is cut."""
    return {"key": key, "value": {"stringValue": value[:TEXT_CHARS_MAX]}}


def number(key: str, value: int) -> Attribute:
    """A whole number."""
    return {"key": key, "value": {"intValue": str(value)}}


def milliseconds(key: str, ns: int) -> Attribute:
    """A duration in milliseconds."""
    return {"key": key, "value": {"doubleValue": ns / 1e6}}


def shown_query(query: str, redactor: Redactor) -> str:
    """A query without what stands under secret names."""
    parts = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        parts.append(f"{name}={REDACTED}" if equals and value and redactor.is_secret(unquote_plus(name)) else part)
    return "&".join(parts)


_REDACTOR = Redactor()


def _http(kept: Kept, route: str) -> list[Attribute]:
    path, _, query = kept.target.partition("?")
    known = kept.method in METHODS
    found = [
        text("http.request.method", kept.method if known else "_OTHER"),
        text("url.path", path),
        text("url.scheme", "http"),
        text("network.protocol.version", kept.version),
        number("http.request.body.size", kept.request_bytes),
        number("http.response.body.size", kept.sent_bytes),
    ]
    if not known:
        found.append(text("http.request.method_original", kept.method))
    if query:
        found.append(text("url.query", shown_query(query, _REDACTOR)))
    if kept.status:
        found.append(number("http.response.status_code", kept.status))
    said = (("http.route", route), ("client.address", kept.client), ("user_agent.original", kept.agent))
    return [*found, *(text(key, value) for key, value in said if value)]


def _chaos(kept: Kept) -> list[Attribute]:
    found = [text("fozzy.chaos.source", kept.source), number("fozzy.chaos.number", kept.number)]
    said = {
        "place": kept.at,
        "key": kept.key,
        "test": kept.test,
        "planned": kept.planned,
        "applied": kept.applied,
        "reason": kept.reason,
        "ending": "" if kept.ending == "whole" else kept.ending,
    }
    found += [text(f"fozzy.chaos.{name}", value) for name, value in said.items() if value]
    if kept.key:
        found.append(number("fozzy.chaos.occurrence", kept.occurrence))
    if kept.delay_ns:
        found.append(milliseconds("fozzy.chaos.delay_ms", kept.delay_ns))
    if kept.delay_ns or kept.waited_ns:
        found.append(milliseconds("fozzy.chaos.waited_ms", kept.waited_ns))
    if kept.rolls:
        values = [{"stringValue": _roll(roll)} for roll in kept.rolls]
        found.append({"key": "fozzy.chaos.rolls", "value": {"arrayValue": {"values": values}}})
    return found


def _roll(roll: Roll) -> str:
    """A roll in one line: `drop hit p=0.5 v=123 server`."""
    return f"{roll.draw} {'hit' if roll.hit else 'miss'} p={roll.probability:g} v={roll.value} {roll.origin}"


def _error(kept: Kept) -> str:
    """What kind of error the exchange was to its client, empty for none; a 4xx is the client's own."""
    if kept.status >= 500:
        return str(kept.status)
    return kept.ending if kept.ending in ("fin", "rst", "refused") or (kept.status == 0 and kept.ending) else ""

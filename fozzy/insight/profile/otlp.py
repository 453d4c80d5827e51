"""A run as OpenTelemetry spans: an `ExportTraceServiceRequest` in the JSON form of OTLP.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: names in camelCase, ids in hexadecimal, 64-bit numbers
as text, enumerations as numbers. Times are those of the clock that is asked for, counted from when the run began.
Functions are left out: they are counted together and have no times of their own.
"""

from __future__ import annotations

import calendar
from typing import Any

import msgspec
from blake3 import blake3

from fozzy.insight.profile.load import Profile
from fozzy.insight.profile.spans import Span, plain_fields
from fozzy.insight.profile.top import By
from fozzy.report.text import safe
from fozzy.version import VERSION

INTERNAL, CLIENT = 1, 3  # SpanKind
OK, ERROR = 1, 2  # StatusCode


def otlp(profile: Profile, by: By) -> bytes:
    """The request. Ids follow from the trace's seal, so that the same run has the same ids."""
    began_ns = _epoch_ns(profile.started_at)
    trace_id = blake3(f"trace {profile.seal} {profile.run_id}".encode()).hexdigest(length=16)
    spans: list[dict[str, Any]] = []
    waiting: list[tuple[Span, str]] = [(profile.root, "")]
    while waiting:
        span, above = waiting.pop()
        if span.kind == "function":
            continue
        own = blake3(f"{trace_id} {len(spans)}".encode()).hexdigest(length=8)
        spans.append({"traceId": trace_id, "spanId": own, "parentSpanId": above, **_told(span, by, began_ns)})
        waiting += [(each, own) for each in reversed(span.inside)]
    resource: dict[str, Any] = {
        "service.name": "fozzy",
        "fozzy.run_id": profile.run_id,
        "fozzy.scenario": profile.header.scenario.path,
    }
    resource |= {"fozzy.seed": profile.header.seed, "fozzy.clock": by}
    scope = {"scope": {"name": "fozzy", "version": VERSION}, "spans": spans}
    document = {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope]}]}
    return msgspec.json.encode(document) + b"\n"


def _told(span: Span, by: By, began_ns: int) -> dict[str, Any]:
    start_ns, took_ns = (span.real_start_ns, span.real_ns) if by == "real" else (span.start_ns, span.virtual_ns)
    fields = {f"fozzy.{name}": value for name, value in plain_fields(span).items() if value}
    fields |= {"fozzy.virtual_ns": span.virtual_ns}
    return {
        "name": safe(span.label),
        "kind": CLIENT if span.kind == "ask" else INTERNAL,
        "startTimeUnixNano": str(began_ns + start_ns),
        "endTimeUnixNano": str(began_ns + start_ns + took_ns),
        "attributes": _attributes(fields),
        "status": {"code": ERROR if span.failed else OK},
    }


def _attributes(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in fields.items()]


def _value(value: Any) -> dict[str, str]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": safe(str(value))}


def _epoch_ns(started_at: str) -> int:
    """`2026-05-01T10:00:00.123Z` since the epoch; 0 for a run that does not say when it began."""
    try:
        parts = [int(part) for part in started_at[:-5].replace("T", "-").replace(":", "-").split("-")]
        return calendar.timegm((*parts, 0, 0, 0)) * 10**9 + int(started_at[-4:-1]) * 10**6
    except (ValueError, TypeError):
        return 0

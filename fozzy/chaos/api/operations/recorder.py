"""MockForge's search of recorded requests, over the journal: its names, its paging, newest first."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, Operation
from fozzy.chaos.journal import PAGE_MAX, Query
from fozzy.chaos.journal_entry import Entry, Shown
from fozzy.chaos.journal_filter import trace_of
from fozzy.core.exchange import Headers

MS = 10**6
Milliseconds = Annotated[int, Meta(ge=0, le=86_400_000)]


class Search(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MockForge's filter. A path may hold `*`. There are no tags, so none can be asked for."""

    protocol: Literal["http", "Http", "HTTP"] | None = None
    method: Annotated[str, Meta(max_length=64)] | None = None
    path: Annotated[str, Meta(max_length=4096)] | None = None
    status_code: Annotated[int, Meta(ge=0, le=599)] | None = None
    trace_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")] | None = None
    min_duration_ms: Milliseconds | None = None
    max_duration_ms: Milliseconds | None = None
    tags: list[str] | None = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX)] = 100
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request, in MockForge's form: headers are JSON in a text."""

    id: str
    protocol: str
    timestamp: str
    method: str
    path: str
    query_params: str | None
    headers: str
    body: str | None
    body_encoding: str
    client_ip: str | None
    trace_id: str | None
    duration_ms: int
    status_code: int
    tags: str | None = None


class RecordedResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What the client got, in MockForge's form; the body is upstream's, whatever a fault made of it."""

    request_id: str
    status_code: int
    headers: str
    body: str | None
    body_encoding: str
    size_bytes: int
    timestamp: str


class RecordedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """Both."""

    request: RecordedRequest
    response: RecordedResponse | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What fits. `total` is of all pages."""

    total: int
    offset: int
    limit: int
    exchanges: list[RecordedExchange]


def search(controls: Controls, asked: Asked) -> Found:
    """Requests that fit."""
    said: Search = asked.body
    if said.tags:
        raise Rejected(400, "chaos.mockforge", "tags cannot be asked for: requests have none", field="tags")
    query = Query(
        status=None if said.status_code is None else str(said.status_code),
        method=said.method,
        path=said.path,
        trace=said.trace_id,
        took_min=None if said.min_duration_ms is None else f"{said.min_duration_ms}ms",
        took_max=None if said.max_duration_ms is None else f"{said.max_duration_ms}ms",
        limit=said.limit,
    )
    page = controls.journal.page(query, said.offset)
    exchanges = [_exchange(entry) for entry in page.entries]
    return Found(total=page.total, offset=said.offset, limit=said.limit, exchanges=exchanges)


def _exchange(entry: Entry) -> RecordedExchange:
    return RecordedExchange(request=_request(entry), response=_response(entry) if entry.status else None)


def _request(entry: Entry) -> RecordedRequest:
    return RecordedRequest(
        id=entry.entry,
        protocol="http",
        timestamp=entry.time,
        method=entry.method,
        path=entry.path,
        query_params=entry.target.partition("?")[2] or None,
        headers=_headers(entry.request.headers),
        body=entry.request.body or None,
        body_encoding="utf8",
        client_ip=entry.client or None,
        trace_id=trace_of(entry.request.headers) or None,
        duration_ms=entry.took_ns // MS,
        status_code=entry.status,
    )


def _response(entry: Entry) -> RecordedResponse:
    answer = entry.answer or Shown()
    return RecordedResponse(
        request_id=entry.entry,
        status_code=entry.status,
        headers=_headers(answer.headers),
        body=answer.body or None,
        body_encoding="utf8",
        size_bytes=entry.sent_bytes,
        timestamp=entry.time,
    )


def _headers(headers: Headers) -> str:
    return msgspec.json.encode({name.lower(): value for name, value in headers}).decode()


OPERATIONS = [
    Operation(
        method="POST",
        path="/api/recorder/search",
        name="mockforge_search",
        does="Find recorded requests, newest first.",
        run=search,
        takes=Search,
        gives=Found,
        example={"status_code": 500},
    )
]

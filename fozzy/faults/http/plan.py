"""A plan: what a chaos file says, what the control API takes and gives. The same types for both.

Rule 1: nothing is clamped and nothing guessed; what is out of range is refused, with the place (`compile`).
Rule 2: a number where a fault stands is its probability: `drop = 0.5`. A fault without any part of `When` strikes always.
Rule 3: of several sections the nearest that says a field wins, field by field: header, route, test scope, server.
To add a fault: its struct here, a field in `Faults`, its file of behaviour in `faults/http/kinds`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from fozzy.core.duration import PATTERN as DURATION
from fozzy.wall import SEED_BITS

Share = Annotated[float, Meta(ge=0, le=1, description="A probability, 0 to 1.")]
Duration = Annotated[str, Meta(pattern=f"^{DURATION}$", description='A whole number and a unit, such as "250ms".')]
Ordinal = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
Code = Annotated[int, Meta(ge=200, le=599, description="The status of a final answer, 200 to 599.")]
CodeOrNone = Annotated[int, Meta(ge=0, le=599, description="The status of a final answer, 200 to 599, or 0 for none.")]
Rate = Annotated[
    str, Meta(pattern=r"^[0-9]{1,9}/(ms|s|m|h)$", description='So many in a unit of time, such as "50/s".')
]
BytesRate = Annotated[
    str,
    Meta(pattern=r"^[0-9]{1,12}(B|KB|MB|GB)/s$", description='Bytes per second, such as "100KB/s"; 1 KB is 1,000 B.'),
]


def note(meaning: str) -> Meta:
    """What a field means, for schemas and reference pages."""
    return Meta(description=meaning)


class Spelled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all that a plan says."""


class Ramp(Spelled, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A probability that changes evenly, from the start of its plan, over a time or a number of matching requests."""

    from_: Annotated[Share, note("The probability at the beginning.")] = 0.0
    to: Annotated[Share, note("The probability at the end, and from then on.")] = 1.0
    over: Annotated[Duration | Ordinal, note("How long it takes, or over how many matching requests.")]


class Burst(Spelled, frozen=True, kw_only=True):
    """So many matching requests in a row, at the beginning of every so many."""

    count: Annotated[Ordinal, note("How many are struck.")]
    every: Annotated[Ordinal, note("Out of how many.")]


class Match(Spelled, frozen=True, kw_only=True):
    """Which requests. All that is said must hold; texts may hold `*`. Without any: every request."""

    method: Annotated[str | None, note("The method, as `POST`.")] = None
    path: Annotated[str | None, note("The path without the query; `*` is any text, slashes too.")] = None
    query: Annotated[dict[str, str], note("Parameters of the query, decoded.")] = {}
    headers: Annotated[dict[str, str], note("Headers; names in any case.")] = {}
    body: Annotated[dict[str, Any], note("JSONPaths into a JSON body, each with the value it must find.")] = {}
    client: Annotated[str | None, note("An address or a network, as `10.0.0.0/8`.")] = None
    body_bytes_min: Annotated[Count | None, note("The body has at least so many bytes.")] = None
    body_bytes_max: Annotated[Count | None, note("The body has at most so many bytes.")] = None
    chunked: Annotated[bool | None, note("Whether the body comes in chunks.")] = None
    test: Annotated[str | None, note("The request's test id, from `X-Test-Id`.")] = None


class When(Spelled, frozen=True, kw_only=True):
    """When a fault strikes. Ordinals count its matching requests, from 1. All parts that are given must agree."""

    probability: Annotated[Share | None, note("How likely it strikes; certain unless given.")] = None
    first: Annotated[Ordinal | None, note("Only the first so many.")] = None
    every: Annotated[Ordinal | None, note("Only every so many: 3 is the third, the sixth, and so on.")] = None
    pattern: Annotated[
        Annotated[str, Meta(pattern=r"^[F.]{1,4096}$")] | None,
        note("One character for each request: `F` is struck, `.` is not; after the last none is."),
    ] = None
    burst: Annotated[Burst | None, note("So many in a row of every so many.")] = None
    ramp: Annotated[Ramp | None, note("A probability that changes.")] = None
    between: Annotated[
        tuple[Duration, Duration] | None, note("Only in this span of time since the start of the plan that says it.")
    ] = None
    times: Annotated[Ordinal | None, note("It strikes no more often than this.")] = None
    match: Annotated[Match | None, note("Only these requests; only they are counted.")] = None


class Fault(When, frozen=True, kw_only=True):
    """When a fault strikes; `after` so many matching requests. (The `after` of a timeout is how long it holds.)"""

    after: Annotated[Count | None, note("Not the first so many.")] = None


class Latency(Fault, frozen=True, kw_only=True, rename={"one_of": "list"}):
    """A delay before anything else happens. Exactly one of the five distributions."""

    fixed: Annotated[Duration | None, note("Always the same delay.")] = None
    uniform: Annotated[tuple[Duration, Duration] | None, note("Evenly between two durations.")] = None
    normal: Annotated[tuple[Duration, Duration] | None, note("Mean and deviation; never below 0.")] = None
    exponential: Annotated[Duration | None, note("The mean; at most twenty times as long.")] = None
    one_of: Annotated[list[Duration] | None, note("One of these.")] = None
    jitter: Annotated[Share | None, note("Evenly within so much of the delay, both ways: 0.1 is ±10 %.")] = None


class Drop(Fault, frozen=True, kw_only=True):
    """500 with the error code `chaos_drop`; upstream is not contacted."""


class Malformed(Fault, frozen=True, kw_only=True):
    """The body is damaged. The content type stays, the status is 200. Of a stream one drawn event is damaged."""

    how: Annotated[
        Literal["invalid-json", "truncate", "bit-flip", "random-bytes"], note("What is done to the body.")
    ] = "invalid-json"
    streams: Annotated[
        Literal["corrupt", "bypass"],
        note("Of an SSE or NDJSON stream: damage one event, or leave it alone and count it as bypassed."),
    ] = "corrupt"


class RateLimited(Fault, frozen=True, kw_only=True):
    """429 with the error code `chaos_ratelimit`, by chance and not by a count."""

    retry_after: Annotated[Duration, note("What `Retry-After` says, in whole seconds, rounded up.")] = "1s"


class Disconnect(Fault, frozen=True, kw_only=True):
    """The connection ends. What was relayed up to the cut is flushed first. Of several limits the first reached wins."""

    how: Annotated[Literal["fin", "rst"], note("`fin` ends it in order, `rst` resets it.")] = "fin"
    at: Annotated[
        Literal["accept", "before-response", "after-headers", "in-body"] | None,
        note("Where; `before-response`, or `in-body` where one of the limits is given."),
    ] = None
    after_bytes: Annotated[Count | None, note("After so many bytes of the body.")] = None
    after_chunks: Annotated[Count | None, note("After so many pieces of the body, as upstream sent them.")] = None
    after_time: Annotated[Duration | None, note("So long after the answer's head.")] = None


class Weighted(Spelled, frozen=True, kw_only=True):
    """A status and its weight."""

    code: Annotated[Code, note("The status.")]
    weight: Annotated[Ordinal, note("How often it is drawn, compared with the others.")] = 1


class Status(Fault, frozen=True, kw_only=True):
    """An answer in upstream's place: one of `codes`, drawn, or the next of `sequence` (0: none, the request passes)."""

    codes: Annotated[list[Code | Weighted], note("One of these is drawn; an item may have a weight.")] = []
    sequence: Annotated[
        list[CodeOrNone], note("One after the other, 0 lets a request pass; after the last one all pass.")
    ] = []
    body: Annotated[str | None, note("The body; `{status}`, `{method}` and `{path}` are replaced.")] = None
    headers: Annotated[dict[str, str], note("Headers of the answer.")] = {}


class StatusOverride(Fault, frozen=True, kw_only=True):
    """Upstream is asked and its answer recorded; the client gets this status with upstream's body, or with `body`."""

    status: Annotated[Code, note("The status the client gets.")]
    body: Annotated[str | None, note("The body the client gets; upstream's unless given.")] = None


class Timeout(When, frozen=True, kw_only=True):
    """Hold for `after`, then 504; upstream is not contacted. With `hang` until the client leaves."""

    after: Annotated[Duration, note("How long the request is held.")] = "30s"
    hang: Annotated[bool, note("Hold it until the client leaves.")] = False


class ConnectionError(Fault, frozen=True, kw_only=True):
    """The connection is reset before a byte of an answer; upstream is not contacted."""


class Partial(Fault, frozen=True, kw_only=True):
    """The body is cut at a drawn place and the connection ended, so that the client gets a definite short read."""

    how: Annotated[Literal["fin", "rst"], note("`fin` ends the connection in order, `rst` resets it.")] = "fin"


class DropEvent(Fault, frozen=True, kw_only=True):
    """Of an SSE or NDJSON stream one event is left out: the one numbered `event`, else one drawn of the first `among`."""

    event: Annotated[Ordinal | None, note("The number of the event, from 1; drawn unless given.")] = None
    among: Annotated[Ordinal, note("One of the first so many is drawn.")] = 4


class CorruptEvent(Fault, frozen=True, kw_only=True):
    """Of an SSE or NDJSON stream one event's data is damaged; the rest arrive."""

    event: Annotated[Ordinal | None, note("The number of the event, from 1; drawn unless given.")] = None
    among: Annotated[Ordinal, note("One of the first so many is drawn.")] = 4


class CutStream(Fault, frozen=True, kw_only=True):
    """A stream ends after so many events."""

    after_events: Annotated[Count, note("How many events arrive.")] = 1
    how: Annotated[Literal["fin", "rst"], note("`fin` ends the connection in order, `rst` resets it.")] = "fin"


class Stall(Fault, frozen=True, kw_only=True, rename={"for_": "for"}):
    """A stream pauses after so many events, or a body after its first byte, `for` so long; else until the client leaves."""

    after_events: Annotated[Count, note("How many events arrive before the pause.")] = 1
    for_: Annotated[Duration | None, note("How long it lasts; until the client leaves unless given.")] = None


class Loss(Fault, frozen=True, kw_only=True, rename={"as_": "as"}):
    """A request is lost: answered with 408, reset, or never."""

    as_: Annotated[Literal["408", "reset", "hang"], note("What the client sees of it.")] = "reset"


class Faults(Spelled, frozen=True, kw_only=True):
    """The faults by name, in the order they are tried; a number is a probability."""

    drop: Annotated[Share | Drop | None, note("500 in place of an answer.")] = None
    malformed: Annotated[Share | Malformed | None, note("A damaged body.")] = None
    rate_limit: Annotated[Share | RateLimited | None, note("429 by chance.")] = None
    disconnect: Annotated[Share | Disconnect | None, note("A connection that ends.")] = None
    status: Annotated[Status | None, note("A status in place of an answer.")] = None
    timeout: Annotated[Share | Timeout | None, note("504 after a while, or nothing.")] = None
    connection_error: Annotated[Share | ConnectionError | None, note("A reset before an answer.")] = None
    partial: Annotated[Share | Partial | None, note("A body that ends too early.")] = None
    status_override: Annotated[StatusOverride | None, note("Upstream's answer with another status.")] = None
    drop_event: Annotated[Share | DropEvent | None, note("An event that is missing.")] = None
    corrupt_event: Annotated[Share | CorruptEvent | None, note("An event that is damaged.")] = None
    cut_stream: Annotated[Share | CutStream | None, note("A stream that ends too early.")] = None
    stall: Annotated[Share | Stall | None, note("A stream that pauses.")] = None


class Bucket(Spelled, frozen=True, kw_only=True):
    """A token bucket: `rate` refills it, `burst` is its size."""

    rate: Annotated[Rate, note("How fast it fills again.")]
    burst: Annotated[Ordinal, note("How many it holds, and so how many pass at once.")] = 1


class Bandwidth(Spelled, frozen=True, kw_only=True):
    """Bytes per second, shared by all of one scope, each direction for itself."""

    up: Annotated[BytesRate | None, note("What clients send.")] = None
    down: Annotated[BytesRate | None, note("What they get.")] = None
    per: Annotated[Literal["global", "client", "route"], note("Who shares it: all, one client, or one route.")] = (
        "global"
    )


class Limits(Spelled, frozen=True, kw_only=True, rename={"global_": "global"}):
    """What is measured and not drawn (`loss` apart): rates, bandwidth, connections."""

    global_: Annotated[Bucket | None, note("Requests of everybody together.")] = None
    client: Annotated[Bucket | None, note("Requests of each client.")] = None
    route: Annotated[Bucket | None, note("Requests of each route; where none matches, of each path.")] = None
    bandwidth: Annotated[
        BytesRate | Bandwidth | None, note("Bytes per second; a plain rate is for each direction.")
    ] = None
    loss: Annotated[Share | Loss | None, note("Requests that are lost, by chance.")] = None
    concurrency: Annotated[Ordinal | None, note("Requests in flight; more get 503.")] = None
    max_connections: Annotated[Ordinal | None, note("Open connections; more get 503 and the end.")] = None
    idle_timeout: Annotated[Duration | None, note("How long a connection may be without a request.")] = None
    connection_timeout: Annotated[Duration | None, note("How long a connection may last in all.")] = None


class Section(Spelled, frozen=True, kw_only=True):
    """What may go wrong: of the server, a scenario or a test scope."""

    mode: Annotated[
        Literal["cascade", "exclusive"] | None,
        note("How faults combine: `cascade` tries one after the other, `exclusive` draws once for all of them."),
    ] = None
    latency: Annotated[Latency | None, note("How long a request waits first.")] = None
    faults: Annotated[Faults, note("What goes wrong.")] = Faults()
    limits: Annotated[Limits, note("What is measured.")] = Limits()


class Scenario(Section, frozen=True, kw_only=True, rename={"for_": "for"}):
    """A section with a name, that can be started and stopped."""

    about: Annotated[str, note("A sentence for lists.")] = ""
    for_: Annotated[Duration | None, note("How long it is active; until it is stopped unless given.")] = None


class Scope(Section, frozen=True, kw_only=True):
    """What goes wrong for the requests of one test: instead of the server's section, or merged over it."""

    merge: Annotated[bool, note("Merge it over the server's section, field by field; else it stands in its place.")] = (
        False
    )


class Answer(Spelled, frozen=True, kw_only=True):
    """An answer of the plan's own. One of `json`, `text`, `base64`, `events` (SSE) and `lines` (NDJSON), or no body."""

    status: Annotated[Code, note("The status.")] = 200
    headers: Annotated[dict[str, str], note("Its headers; the content type follows from the body unless given.")] = {}
    json: Annotated[Any, note("A body of any value as JSON.")] = msgspec.UNSET
    text: Annotated[str | None, note("A body of text.")] = None
    base64: Annotated[str | None, note("A body of any bytes, as base64.")] = None
    events: Annotated[
        list[Any] | None, note("The events of an SSE stream; a text is sent as it is, anything else as JSON.")
    ] = None
    lines: Annotated[
        list[Any] | None, note("The lines of an NDJSON stream; a text is sent as it is, anything else as JSON.")
    ] = None
    pace: Annotated[Duration | None, note("How long to wait between two events or lines.")] = None
    delay: Annotated[Duration | None, note("How long to wait before the answer.")] = None


class Route(Match, frozen=True, kw_only=True):
    """Requests that match go to `upstream`, or get `answer`, or the n-th of `answers`, the last one from then on."""

    name: Annotated[str, note("What it is called in lists.")] = ""
    upstream: Annotated[str | None, note("Where its requests go, as `http://127.0.0.1:9000`.")] = None
    answer: Annotated[Answer | None, note("What its requests get; upstream is not asked.")] = None
    answers: Annotated[
        list[Answer], note("What they get one after the other, for each test; the last one from then on.")
    ] = []
    latency: Annotated[Latency | None, note("How long its requests wait first.")] = None
    faults: Annotated[Faults, note("What goes wrong with them.")] = Faults()
    limits: Annotated[Limits, note("What is measured of them.")] = Limits()


class Entry(Spelled, frozen=True, kw_only=True):
    """When a scenario starts by itself: at a time since the start, after so many requests, every so often."""

    start: Annotated[str, note("The name of the scenario.")]
    at: Annotated[Duration | None, note("At this time since the start.")] = None
    after_requests: Annotated[Ordinal | None, note("After so many requests of the run.")] = None
    every: Annotated[
        Duration | None, note("Again and again, with this period; begins at `at`, else after one period.")
    ] = None
    stack: Annotated[bool, note("On top of what is active, and not in its place.")] = False


class Plan(Section, frozen=True, kw_only=True):
    """A whole chaos file."""

    noun: ClassVar[str] = "a chaos file"
    schema_: Annotated[str | None, note("Where editors find the schema of this file.")] = msgspec.field(
        name="$schema", default=None
    )
    seed: Annotated[
        Annotated[int, Meta(ge=0, lt=1 << SEED_BITS)] | None,
        note("What all draws follow from; chosen and printed unless given."),
    ] = None
    enabled: Annotated[bool, note("Whether chaos is on at the start.")] = True
    upstream: Annotated[str | None, note("Where requests go that no route sends elsewhere.")] = None
    routes: Annotated[list[Route], note("Requests that are treated apart; the first that matches counts.")] = []
    tests: Annotated[dict[str, Scope], note("Scopes by test id, for the requests that say it in `X-Test-Id`.")] = {}
    scenarios: Annotated[dict[str, Scenario], note("Scenarios by name.")] = {}
    schedule: Annotated[list[Entry], note("Scenarios that start by themselves.")] = []
    client_header: Annotated[
        str | None,
        note("The header that says whom a request is from, where a proxy before this one may be trusted to say it."),
    ] = None
    evidence_headers: Annotated[bool, note("Answers say in `x-fozzy-chaos` what was done to them.")] = False
    latency_max: Annotated[Duration, note("A longer delay is refused.")] = "30s"
    key_bytes: Annotated[
        Count, note("So many bytes of a body count for a request's key; 0: no body is waited for.")
    ] = 65536

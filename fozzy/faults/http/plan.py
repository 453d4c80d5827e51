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
Code = Annotated[int, Meta(ge=100, le=599, description="An HTTP status, 100 to 599.")]
Rate = Annotated[
    str, Meta(pattern=r"^[0-9]{1,9}/(ms|s|m|h)$", description='So many in a unit of time, such as "50/s".')
]
BytesRate = Annotated[
    str,
    Meta(pattern=r"^[0-9]{1,12}(B|KB|MB|GB)/s$", description='Bytes per second, such as "100KB/s"; 1 KB is 1,000 B.'),
]


class Spelled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all that a plan says."""


class Ramp(Spelled, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A probability that changes evenly, from the start of its plan, over a time or a number of matching requests."""

    from_: Share = 0.0
    to: Share = 1.0
    over: Duration | Ordinal


class Burst(Spelled, frozen=True, kw_only=True):
    """So many matching requests in a row, at the beginning of every so many."""

    count: Ordinal
    every: Ordinal


class Match(Spelled, frozen=True, kw_only=True):
    """Which requests. All that is said must hold; texts may hold `*`. Without any: every request."""

    method: str | None = None
    path: str | None = None  # without the query; `*` matches any text, slashes too
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}  # a JSONPath and the value it must find
    client: str | None = None  # an address or a network, as 10.0.0.0/8
    body_bytes_min: Count | None = None
    body_bytes_max: Count | None = None
    chunked: bool | None = None
    test: str | None = None


class When(Spelled, frozen=True, kw_only=True):
    """When a fault strikes. Ordinals count its matching requests, from 1. All parts that are given must agree."""

    probability: Share | None = None
    first: Ordinal | None = None
    every: Ordinal | None = None
    pattern: Annotated[str, Meta(pattern=r"^[F.]{1,4096}$")] | None = None
    burst: Burst | None = None
    ramp: Ramp | None = None
    between: tuple[Duration, Duration] | None = None  # since the start of the plan that says it
    times: Ordinal | None = None
    match: Match | None = None


class Fault(When, frozen=True, kw_only=True):
    """When a fault strikes; `after` so many matching requests. (The `after` of a timeout is how long it holds.)"""

    after: Count | None = None


class Latency(Fault, frozen=True, kw_only=True, rename={"one_of": "list"}):
    """A delay before anything else happens. Exactly one of the five distributions."""

    fixed: Duration | None = None
    uniform: tuple[Duration, Duration] | None = None
    normal: tuple[Duration, Duration] | None = None  # mean and deviation; never below 0
    exponential: Duration | None = None  # mean; at most 20 means
    one_of: list[Duration] | None = None
    jitter: Share | None = None  # evenly within so much of the delay, both ways


class Drop(Fault, frozen=True, kw_only=True):
    """500 with the error code `chaos_drop`; upstream is not contacted."""


class Malformed(Fault, frozen=True, kw_only=True):
    """The body is damaged. The content type stays, the status is 200. Of a stream one drawn event is damaged."""

    how: Literal["invalid-json", "truncate", "bit-flip", "random-bytes"] = "invalid-json"
    streams: Literal["corrupt", "bypass"] = "corrupt"


class RateLimited(Fault, frozen=True, kw_only=True):
    """429 with the error code `chaos_ratelimit`, by chance and not by a count."""

    retry_after: Duration = "1s"


class Disconnect(Fault, frozen=True, kw_only=True):
    """The connection ends. What was relayed up to the cut is flushed first. Of several limits the first reached wins."""

    how: Literal["fin", "rst"] = "fin"
    at: Literal["accept", "before-response", "after-headers", "in-body"] | None = None  # in-body where a limit is given
    after_bytes: Count | None = None
    after_chunks: Count | None = None
    after_time: Duration | None = None  # since the answer's head


class Weighted(Spelled, frozen=True, kw_only=True):
    """A status and its weight."""

    code: Code
    weight: Ordinal = 1


class Status(Fault, frozen=True, kw_only=True):
    """An answer in upstream's place: one of `codes`, drawn, or the next of `sequence` (0: none, the request passes)."""

    codes: list[Code | Weighted] = []
    sequence: list[Literal[0] | Code] = []
    body: str | None = None  # `{status}`, `{method}` and `{path}` are replaced
    headers: dict[str, str] = {}


class StatusOverride(Fault, frozen=True, kw_only=True):
    """Upstream is asked and its answer recorded; the client gets this status with upstream's body, or with `body`."""

    status: Code
    body: str | None = None


class Timeout(When, frozen=True, kw_only=True):
    """Hold for `after`, then 504; upstream is not contacted. With `hang` until the client leaves."""

    after: Duration = "30s"
    hang: bool = False


class ConnectionError(Fault, frozen=True, kw_only=True):
    """The connection is reset before a byte of an answer; upstream is not contacted."""


class Partial(Fault, frozen=True, kw_only=True):
    """The body is cut at a drawn place and the connection ended, so that the client gets a definite short read."""

    how: Literal["fin", "rst"] = "fin"


class DropEvent(Fault, frozen=True, kw_only=True):
    """Of an SSE or NDJSON stream one event is left out: the one numbered `event`, else one drawn of the first `among`."""

    event: Ordinal | None = None
    among: Ordinal = 4


class CorruptEvent(Fault, frozen=True, kw_only=True):
    """Of an SSE or NDJSON stream one event's data is damaged; the rest arrive."""

    event: Ordinal | None = None
    among: Ordinal = 4


class CutStream(Fault, frozen=True, kw_only=True):
    """A stream ends after so many events."""

    after_events: Count = 1
    how: Literal["fin", "rst"] = "fin"


class Stall(Fault, frozen=True, kw_only=True, rename={"for_": "for"}):
    """A stream pauses after so many events, or a body after its first piece, `for` so long; else until the client leaves."""

    after_events: Count = 1
    for_: Duration | None = None


class Loss(Fault, frozen=True, kw_only=True, rename={"as_": "as"}):
    """A request is lost: answered with 408, reset, or never."""

    as_: Literal["408", "reset", "hang"] = "reset"


class Faults(Spelled, frozen=True, kw_only=True):
    """The faults by name, in the order they are tried; a number is a probability."""

    drop: Share | Drop | None = None
    malformed: Share | Malformed | None = None
    rate_limit: Share | RateLimited | None = None
    disconnect: Share | Disconnect | None = None
    status: Status | None = None
    timeout: Share | Timeout | None = None
    connection_error: Share | ConnectionError | None = None
    partial: Share | Partial | None = None
    status_override: StatusOverride | None = None
    drop_event: Share | DropEvent | None = None
    corrupt_event: Share | CorruptEvent | None = None
    cut_stream: Share | CutStream | None = None
    stall: Share | Stall | None = None


class Bucket(Spelled, frozen=True, kw_only=True):
    """A token bucket: `rate` refills it, `burst` is its size."""

    rate: Rate
    burst: Ordinal = 1


class Bandwidth(Spelled, frozen=True, kw_only=True):
    """Bytes per second, shared by all of one scope, each direction for itself."""

    up: BytesRate | None = None
    down: BytesRate | None = None
    per: Literal["global", "client", "route"] = "global"


class Limits(Spelled, frozen=True, kw_only=True, rename={"global_": "global"}):
    """What is measured and not drawn (`loss` apart): rates, bandwidth, connections."""

    global_: Bucket | None = None
    client: Bucket | None = None
    route: Bucket | None = None
    bandwidth: BytesRate | Bandwidth | None = None
    loss: Share | Loss | None = None
    concurrency: Ordinal | None = None  # requests in flight; more get 503
    max_connections: Ordinal | None = None  # open connections; more get 503 and the end
    idle_timeout: Duration | None = None  # of a connection without a request
    connection_timeout: Duration | None = None  # of a connection in all


class Section(Spelled, frozen=True, kw_only=True):
    """What may go wrong: of the server, a scenario or a test scope."""

    mode: Literal["cascade", "exclusive"] | None = None
    latency: Latency | None = None
    faults: Faults = Faults()
    limits: Limits = Limits()


class Scenario(Section, frozen=True, kw_only=True, rename={"for_": "for"}):
    """A section with a name, that can be started and stopped."""

    about: str = ""
    for_: Duration | None = None


class Scope(Section, frozen=True, kw_only=True):
    """What goes wrong for the requests of one test: instead of the server's section, or merged over it."""

    merge: bool = False


class Answer(Spelled, frozen=True, kw_only=True):
    """An answer of the plan's own. One of `json`, `text`, `base64`, `events` (SSE) and `lines` (NDJSON), or no body."""

    status: Code = 200
    headers: dict[str, str] = {}
    json: Any = msgspec.UNSET
    text: str | None = None
    base64: str | None = None
    events: list[Any] | None = None  # a text is sent as it is, anything else as JSON
    lines: list[Any] | None = None
    pace: Duration | None = None  # between two events or lines
    delay: Duration | None = None


class Route(Match, frozen=True, kw_only=True):
    """Requests that match go to `upstream`, or get `answer`, or the n-th of `answers`, the last one from then on."""

    name: str = ""
    upstream: str | None = None
    answer: Answer | None = None
    answers: list[Answer] = []
    latency: Latency | None = None
    faults: Faults = Faults()
    limits: Limits = Limits()


class Entry(Spelled, frozen=True, kw_only=True):
    """When a scenario starts by itself: at a time since the start, after so many requests, every so often."""

    start: str
    at: Duration | None = None
    after_requests: Ordinal | None = None
    every: Duration | None = None
    stack: bool = False


class Plan(Section, frozen=True, kw_only=True):
    """A whole chaos file."""

    noun: ClassVar[str] = "a chaos file"
    seed: Annotated[int, Meta(ge=0, lt=1 << SEED_BITS)] | None = None
    enabled: bool = True
    upstream: str | None = None
    routes: list[Route] = []
    tests: dict[str, Scope] = {}
    scenarios: dict[str, Scenario] = {}
    schedule: list[Entry] = []
    client_header: str | None = None  # whom a request is from, where a proxy before us may be trusted to say it
    evidence_headers: bool = False  # answers say what was done to them: x-fozzy-chaos
    latency_max: Duration = "30s"  # a longer delay is refused
    key_bytes: Count = 65536  # of a body count for a request's key; 0: no body is waited for

"""What goes into the engine and what comes out: a request as seen, and a decision whose action a door applies.

A door does what `action` says, then tells the engine what became of it (`Engine.applied`, `Engine.bypassed`).
Before upstream is asked: Answer, Hold, Close at `accept` or `before-response`. With upstream's answer: the others.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from fozzy.core.exchange import Headers, Roll, Source, retry_after_s
from fozzy.faults.http.plan import Route

Door = Literal["accept", "before-response", "after-headers", "in-body"]


class Known(NamedTuple):
    """What is known of a recorded request though its secrets, or its body, are gone: it is not made again of the rest."""

    key: str
    digest: str
    occurrence: int = 0  # 0: count again


class Seen(NamedTuple):
    """A request as a door sees it. `body` is what has come of it, at most the plan's `key_bytes`."""

    method: str
    target: str  # path and query as sent
    headers: Headers
    body: bytes
    body_bytes: int | None  # of the whole body; none where it is not known yet
    chunked: bool = False
    client: str = ""
    test: str = ""
    known: Known | None = None


class Give(NamedTuple):
    """Answer in upstream's place; it is not asked."""

    status: int
    headers: Headers
    body: bytes


class Hold(NamedTuple):
    """Wait, then `then`; without one wait until the client leaves. Upstream is not asked."""

    wait_ns: int | None
    then: Give | None


class Close(NamedTuple):
    """End the connection. Of the limits the first that is reached counts; at `in-body` one is given."""

    how: Literal["fin", "rst"]
    at: Door
    after_bytes: int | None = None
    after_chunks: int | None = None
    after_ns: int | None = None  # since the answer's head


class Cut(NamedTuple):
    """End the body before its end, at `draw` of its length; of a stream of events within its first 256 bytes."""

    how: Literal["fin", "rst"]
    draw: int  # in [0, 2^53)


class Damage(NamedTuple):
    """Damage the body (`faults/http/bodies.damaged`); of a stream the event numbered `event`."""

    how: Literal["invalid-json", "truncate", "bit-flip", "random-bytes"]
    base: int  # where further draws start
    event: int
    streams: Literal["corrupt", "bypass"]


class Override(NamedTuple):
    """Another status, with upstream's body or this one."""

    status: int
    body: bytes | None


class LoseEvent(NamedTuple):
    """Leave the event of this number out, from 1."""

    event: int


class SpoilEvent(NamedTuple):
    """Damage the data of the event of this number, from 1."""

    event: int
    base: int


class EndStream(NamedTuple):
    """End a stream after so many events."""

    after_events: int
    how: Literal["fin", "rst"]


class Pause(NamedTuple):
    """Pause a stream after so many events; without a time until the client leaves."""

    after_events: int
    for_ns: int | None


Action = Give | Hold | Close | Cut | Damage | Override | LoseEvent | SpoilEvent | EndStream | Pause


def patience_s(action: Action | None) -> int | None:
    """The seconds that the answer of an action asks its client to wait."""
    give = action.then if isinstance(action, Hold) else action
    return retry_after_s(give.headers) if isinstance(give, Give) else None


class Pace(NamedTuple):
    """A bucket of bytes that a body goes through: ask it how long to wait for each slice (`Engine.pace`)."""

    scope: str  # `global`, `client 127.0.0.1`, `route routes[0]`
    direction: Literal["up", "down"]
    bytes_per_s: int


class Decision(NamedTuple):
    """What happens to one request."""

    number: int  # the order of decisions, from 1; changes of the plan count too
    arrived_ns: int
    key: str  # 16 hexadecimal digits
    occurrence: int
    test: str
    digest: str  # of the canonical body
    route: Route | None
    place: str  # of the route, `routes[0]`
    slot: int  # which of the route's answers, from 0
    source: Source
    rolls: tuple[Roll, ...]
    delay_ns: int
    planned: str  # the fault's name; empty for none
    action: Action | None
    up: Pace | None
    down: Pace | None
    refused: str  # an error of the request's own chaos headers, in strict: answer 400
    notes: tuple[str, ...]  # what was ignored, and why
    origin: str = ""  # who declares what is planned, as in rolls

"""One request through a proxy as it is kept: what was asked, truly answered, decided, and sent.

Rule 1: `answer` is what upstream said, byte for byte, whatever a fault did to what the client got.
Rule 2: `planned` is what the rolls decided and `applied` what really happened; where they differ `reason` says why.
Rule 3: what a decision depends on besides its plan is here (`number`, `arrived`, `load`, `client`), so it can be made again.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from fozzy.core.blob import EMPTY, Blob

RETRY_AFTER_DIGITS_MAX = 10
Headers = list[tuple[str, str]]  # in order, spelled as they came, latin-1
Ending = Literal["whole", "fin", "rst", "client_gone", "refused"]  # how the client's answer ended
Source = Literal["fixture", "proxy", "internal"]


class Roll(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One draw: of what, with which probability, which value in [0, 2^53) came, whether it hit, who set the probability."""

    draw: str
    probability: float
    value: int
    hit: bool
    origin: str  # `server`, `scenario slow_backend`, `test t1`, `routes[0]`, `header`


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A request as it came. `bytes` is the true size of the body, `digest` the blake3 of its canonical form."""

    method: str
    target: str
    headers: Headers = []
    body: Blob = EMPTY
    bytes: int = 0
    digest: str = ""
    version: str = "1.1"
    chunked: bool = False
    trailers: Headers = []


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """What upstream, or a route of the plan, answered. `chunks` are (nanoseconds since the head, bytes) of each read."""

    status: int
    reason: str = ""
    headers: Headers = []
    body: Blob = EMPTY
    bytes: int = 0
    chunks: list[tuple[int, int]] = []
    chunked: bool = False
    trailers: Headers = []
    version: str = "1.1"
    head_ns: int = 0  # from the request's last byte to the answer's head
    ended: Literal["whole", "short", "fin", "rst"] = "whole"  # `fin`: the end of the connection was the end of the body


class Sent(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the client got: `status` 0 means no byte of an answer. `digest` is of the body, where a fault was applied
    and somebody records; `retry_after_s` is what an answer made by a fault asked for."""

    status: int
    bytes: int = 0  # of the body
    ended: Ending = "whole"
    digest: str = ""
    retry_after_s: int | None = None


class Exchange(msgspec.Struct, frozen=True, omit_defaults=True, tag="exchange", tag_field="kind"):
    """One request, from its arrival to the last byte of its answer. Times are nanoseconds of the proxy's clock."""

    t: int  # when it ended
    at: str  # the route's place in the plan, `routes[0]`; empty for none
    number: int  # the order in which requests were decided, from 1; changes of the plan count too
    arrived: int  # when it was decided
    key: str
    occurrence: int  # how often this key came, from 1
    source: Source
    request: Asked
    answer: Answered | None = None
    sent: Sent | None = None
    rolls: list[Roll] = []
    planned: str = ""
    applied: str = ""
    reason: str = ""
    delay_ns: int = 0  # planned
    waited_ns: int = 0  # measured
    test: str = ""
    client: str = ""
    load: int = 0  # requests in flight when it was decided
    slot: int = 0  # which of the route's answers
    not_recorded: str = ""  # why a body is missing here
    notes: list[str] = []
    route: str = ""  # the name of the route, where it has one


def retry_after_s(headers: Headers) -> int | None:
    """The seconds that `Retry-After` asks a client to wait; a date is measured from the answer's own (RFC 9110, 10.2.3)."""
    said = {name.lower(): value.strip() for name, value in headers if name.lower() in ("retry-after", "date")}
    asked = said.get("retry-after", "")
    if asked.isascii() and asked.isdigit():
        return int(asked) if len(asked) <= RETRY_AFTER_DIGITS_MAX else None
    if not asked or "date" not in said:
        return None
    from email.utils import parsedate_to_datetime  # seldom needed, and dear to import

    try:
        later, now = parsedate_to_datetime(asked), parsedate_to_datetime(said["date"])
        return max(0, round((later - now).total_seconds()))
    except (TypeError, ValueError, OverflowError):
        return None

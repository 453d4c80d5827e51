"""What went over a TCP proxy, as it is kept: each connection, each message, what was decided and what became of it.

Rule 1: bytes are not kept, their number and a digest are: of what was sent, whatever a toxic did to it.
Rule 2: what a decision depends on besides its plan is here (`number`, `arrived`, ordinals, `about`), so it can be made again.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from fozzy.core.exchange import Roll

Stream = Literal["upstream", "downstream"]
Of = Literal["turn", "request", "reply", "push", "event", "opaque"]
Ended = Literal["", "fin", "rst"]


class Struck(msgspec.Struct, frozen=True, omit_defaults=True):
    """A toxic that was decided: whether it was applied, and if not why not. `said` is what was drawn for it."""

    toxic: str
    type: str
    applied: bool = False
    reason: str = ""
    delay_ns: int = 0
    said: str = ""


class Counted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The bytes of a stream that a toxic counted: offsets from one to before another, how many of them it struck, a
    digest of which; and whether it struck the end."""

    toxic: str
    runs: list[tuple[int, int]] = []
    struck: int = 0
    digest: str = ""
    ended: bool = False


class Flowed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One stream of a connection: what its sender sent, what its receiver got, and how each side saw it end."""

    bytes: int = 0
    sent: int = 0
    messages: int = 0
    ended: Ended = ""  # by its sender
    given: Ended = ""  # to its receiver
    ended_at: int = 0  # when its sender ended it


class Framed(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the body of an HTTP message was framed; `length` where that is known, `events` where it is a stream of them."""

    how: Literal["none", "sized", "chunked", "close"]
    length: int = 0
    events: bool = False


class Connected(msgspec.Struct, frozen=True, omit_defaults=True, tag="connection", tag_field="kind"):
    """One connection, from its arrival to its end. Times are nanoseconds of the proxy's clock."""

    t: int  # when it ended
    at: str  # the proxy
    number: int  # the order in which connections, messages and changes were decided, from 1
    arrived: int
    connection: int  # the proxy's connections, from 1
    client: str = ""
    rolls: list[Roll] = []
    struck: list[Struck] = []  # by the connection, or by a byte of it
    counted: list[Counted] = []  # by toxics that count bytes, each of them
    upstream: Flowed = Flowed()
    downstream: Flowed = Flowed()
    by: str = ""  # who ended it: `client`, `server`, a toxic, `down`, `unreachable`, `stopped`, `bug`
    notes: list[str] = []


class Spoken(msgspec.Struct, frozen=True, omit_defaults=True, tag="message", tag_field="kind"):
    """One message of one stream."""

    t: int  # when it was over
    at: str  # the proxy
    number: int
    arrived: int
    connection: int
    stream: Stream
    message: int  # of the stream's messages, from 1
    of: Of
    offset: int
    bytes: int = 0
    about: str = ""
    answers: int = 0  # the upstream message that it answers
    state: str = ""  # of the connection where it began, in words of the protocol
    said: str = (
        ""  # of a reply: a status, `429 retry_after=7`, or an error's code, `40001`; of a request `idempotency-key`
    )
    body: Framed | None = None
    digest: str = ""
    whole: bool = True  # its end was seen
    rolls: list[Roll] = []
    struck: list[Struck] = []
    spared: list[str] = []  # toxics that counted it and did not strike it
    delay_ns: int = 0  # planned, of all toxics

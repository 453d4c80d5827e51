"""A verdict: what a client did, as its proxies saw it. Every other module here makes it, judges it or shows it.

Rule 1: it says what went over the wire and when, never what a client says of itself. Times are the proxies' nanoseconds.
Rule 2: a call is one request, or an attempt to connect of which no request came. Requests that only set a connection up
are no calls.
Rule 3: what cannot be told is left out, never guessed: `fate` is `open` while neither a reply nor an end was seen.
"""

from __future__ import annotations

from typing import Literal

from fozzy.core.outcome import Camel

VERSION = 1
CONNECT = "connect"  # what an attempt is about of which no request came

Fate = Literal["answered", "error", "truncated", "lost", "silent", "open"]
State = Literal["closed", "open", "half_open"]
FATES: dict[Fate, str] = {
    "answered": "answered",
    "error": "answered with an error",
    "truncated": "cut short",
    "lost": "ended without a reply",
    "silent": "given up by the client",
    "open": "still waiting",
}


class Call(Camel, frozen=True, kw_only=True):
    """One request and what its client got. `ended_ns` is when the client knew: the reply was there, or the end was."""

    at: str  # the proxy
    protocol: str
    connection: int
    number: int  # the order in which proxies decided
    about: str
    key: str = ""  # two calls of one key ask for the same
    began_ns: int
    ended_ns: int
    fate: Fate
    said: str = ""  # the reply's status or the code of its error
    retry_after_ns: int | None = None
    reached: bool = False  # the server got all of it
    kept: bool = False  # the server may have carried it out for good: no error, no rollback
    in_doubt: bool = False  # and its client does not know
    harmless: bool = False  # to carry it out again changes nothing: a read, or it says so itself
    ended: str = ""  # how the connection ended for the client: `fin`, `rst`
    framing: str = ""  # of the reply's body
    events: bool = False  # the body is a stream of them
    faults: list[str] = []  # that struck it, as `redis/drop_reply_downstream`
    setup: bool = False
    connected_ns: int = 0  # when its connection came, of the first call of one


class Operation(Camel, frozen=True, kw_only=True):
    """What a client wanted once: its attempts, and the pauses between the end of one and the beginning of the next."""

    at: str
    about: str
    attempts: list[Call]
    pauses_ns: list[int] = []

    @property
    def is_done(self) -> bool:
        """Whether its last attempt was answered."""
        return self.attempts[-1].fate == "answered"


class Doubt(Camel, frozen=True, kw_only=True):
    """The server got `first`, its client never heard what came of it, and sent it `again`: it may be there twice."""

    first: Call
    again: Call


class Wait(Camel, frozen=True, kw_only=True):
    """A reply asked for `asked_ns` of patience; the next call to the same came `waited_ns` later, or never."""

    call: Call
    asked_ns: int
    next: Call | None = None
    waited_ns: int = 0

    @property
    def is_honoured(self) -> bool:
        """Whether nothing came too early."""
        return self.next is None or self.waited_ns >= self.asked_ns


class Change(Camel, frozen=True, kw_only=True):
    """A breaker changed its state; `causes` are the faults that led to it, `after` what proxies had decided by then."""

    breaker: str
    state: State
    before: State
    t: int
    causes: list[str] = []
    why: str = ""
    after: dict[str, int] = {}
    at: str = ""  # the proxy it guards; all where there is none
    calls: list[Call] = []  # that were made while this state was open


class Recovery(Camel, frozen=True, kw_only=True):
    """A fault was over at `over_ns`; `call` is the first after it that was answered, none where there is none."""

    at: str
    fault: str
    over_ns: int
    call: Call | None = None
    failed: int = 0  # calls after it that failed, before one was answered

    @property
    def took_ns(self) -> int:
        """How long it took; 0 where it never came."""
        return 0 if self.call is None else self.call.ended_ns - self.over_ns


class Cut(Camel, frozen=True, kw_only=True):
    """A reply was cut short. `accepted`: its client could not see that, and never asked again. `resumed`: it did ask."""

    call: Call
    accepted: bool
    resumed: Call | None = None


class Leak(Camel, frozen=True, kw_only=True):
    """A connection that its client left open."""

    at: str
    connection: int
    opened_ns: int
    idle_since_ns: int
    requests: int


class Fired(Camel, frozen=True, kw_only=True):
    """A fault that was declared or came to pass, and how often."""

    at: str
    fault: str  # its name
    type: str
    times: int


class Client(Camel, frozen=True, kw_only=True):
    """What one proxy saw of its client."""

    at: str
    protocol: str
    connections: int
    calls: list[Call] = []
    setup: list[Call] = []
    operations: list[Operation] = []  # in the order in which they began
    doubts: list[Doubt] = []
    waits: list[Wait] = []
    cuts: list[Cut] = []
    recoveries: list[Recovery] = []
    leaks: list[Leak] = []


class Verdict(Camel, frozen=True, kw_only=True):
    """All of it."""

    version: int = VERSION
    now_ns: int = 0
    clients: list[Client] = []
    breakers: list[Change] = []
    fired: list[Fired] = []

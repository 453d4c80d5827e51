"""What flows through a lane: pieces of messages, the ends of streams, and cuts made by toxics.

Rule 1: a chunk belongs to one message; bytes keep the order of their stream, whatever holds them up.
Rule 2: what strikes a message is decided when it begins, for all toxics at once, so no toxic moves what another decides.
Rule 3: a strike is `planned` until the stage that carries it out says `applied`, or somebody says why not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from blake3 import blake3

from fozzy.core.exchange import Roll
from fozzy.faults.tcp.plan import Stream

if TYPE_CHECKING:
    from fozzy.faults.tcp.armed import Armed

How = Literal["fin", "rst"]
Of = Literal["turn", "request", "reply", "push", "event", "opaque"]
Part = Literal["", "head", "body", "event", "frame", "commit", "end"]

NEVER_NS = 1 << 62
DIGEST_BYTES = 8


class Strike:
    """A toxic that was decided for a message, a connection or bytes of it, and what became of it."""

    __slots__ = ("delay_ns", "is_applied", "is_open", "owner", "reason", "said", "toxic", "type", "where")

    def __init__(self, toxic: str, type_: str, owner: Armed | None = None) -> None:
        self.toxic = toxic
        self.type = type_
        self.owner = owner  # whose numbers it counts in
        self.is_applied = False
        self.is_open = False  # more may be done, and said, to the same message
        self.reason = ""  # why it was not applied
        self.delay_ns = 0  # that it added, as planned
        self.where = ""  # which bytes it struck, where they are counted
        self.said = ""  # what exactly it did, where that was drawn: `cut at byte 17`

    def applied(self, said: str = "") -> None:
        """It was carried out."""
        if not self.is_applied and self.owner is not None:
            self.owner.applied += 1
            if self.owner.then is not None:
                self.owner.then()
        self.is_applied = True
        self.reason = ""
        self.said = said or self.said

    def bypassed(self, reason: str) -> None:
        """It could not be; what was already carried out stays so."""
        if not self.is_applied:
            self.reason = self.reason or reason

    def begun(self) -> None:
        """What it takes has come; whether it is carried out shows later."""
        self.is_open = False
        self.reason = ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more comes of it."""
        return not self.is_open and (self.is_applied or bool(self.reason))

    def settle(self) -> None:
        """It is told: what was not carried out by now never will be."""
        self.is_open = False
        self.bypassed("never_came")
        if not self.is_applied and self.owner is not None:
            self.owner.bypassed += 1
            self.owner.reasons[self.reason] = self.owner.reasons.get(self.reason, 0) + 1


class Body(NamedTuple):
    """How the body of an HTTP message is framed. `is_stream` where it is one of events that can be told apart."""

    how: Literal["none", "sized", "chunked", "close"]
    length: int = 0  # where it is `sized`; of an event in several chunks, how much comes before the first line in it
    is_stream: bool = False


class Message:
    """One message of one stream. `ordinal` counts the stream's messages from 1, `offset` is where it begins."""

    __slots__ = (
        "about", "arrived_ns", "body", "counting", "hasher", "is_ended", "is_owed", "number", "of", "offset",
        "ordinal", "request", "rolls", "said", "size", "spared", "state", "stream", "strikes",
    )  # fmt: skip

    def __init__(self, stream: Stream, of: Of, about: str, ordinal: int, offset: int) -> None:
        self.stream: Stream = stream
        self.of: Of = of
        self.about = about  # what `match` looks at: `INCR orders`, `GET /a`, a statement; of a reply its request's
        self.ordinal = ordinal
        self.offset = offset
        self.request: Message | None = None  # what a reply answers
        self.body: Body | None = None  # of a request or reply of HTTP, and of an event the one it is in
        self.state = ""  # where it stands, as its protocol says it: `multi`, `startup`, `commit`
        self.said = ""  # what a reply says of itself: its status, the code of its error
        self.size = 0
        self.is_ended = False
        self.is_owed = False  # the server has all of it; a reply that is due ends that
        self.number = 0  # the order in which it was decided
        self.arrived_ns = 0
        self.rolls: list[Roll] = []
        self.strikes: dict[str, Strike] = {}  # by the toxic's name
        self.spared: list[str] = []  # toxics that counted it and do not strike it
        self.counting: frozenset[str] | None = None  # toxics that count it, where a record says so and `about` cannot
        self.hasher: blake3 | None = None  # of its true bytes, where somebody records


class Chunk(NamedTuple):
    """Bytes of a message; `is_last` where it ends. `part` is the protocol's: a head, an event, a line between chunks."""

    message: Message
    data: bytes
    offset: int  # in the stream
    is_last: bool = False
    part: Part = ""


class Ending(NamedTuple):
    """The stream ends here, as its sender ended it."""

    how: How


class Cut(NamedTuple):
    """A toxic ends the connection: what the stream's receiver gets, and what its sender gets."""

    toxic: str
    to_receiver: How
    to_sender: How


Item = Chunk | Ending | Cut

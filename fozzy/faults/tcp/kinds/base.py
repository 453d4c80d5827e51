"""What all toxics share. A toxic is data that knows what it does: its attributes are fields, its stage is beside them.

To add one: a file here with a `Kind` (fields with limits and a sentence each, `flaws` for what contradicts) and its stage;
its class in `kinds/__init__`; a test file. Schema, reference page, API and command line follow from the struct.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from msgspec import Meta

from fozzy.faults.http.plan import Spelled
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import STREAMS, Protocol, Stream, Unit
from fozzy.faults.tcp.stage import Stage

if TYPE_CHECKING:
    from fozzy.faults.tcp.grip import Grip

MS_MAX = 10**12
BYTES_MAX = 1 << 53
Ms = Annotated[int, Meta(ge=0, le=MS_MAX)]
Bytes = Annotated[int, Meta(ge=0, le=BYTES_MAX)]
MS_NS = 10**6


class Flaw(NamedTuple):
    """An attribute that cannot be."""

    field: str
    said: str
    hint: str = ""


class Answer(NamedTuple):
    """The request is not sent on; the client gets these bytes in its turn. With `ends` the connection ends after them."""

    data: bytes
    ends: bool = False
    said: str = ""


class Instead(NamedTuple):
    """The server gets these bytes instead of the request, and answers them. With `reply` the client gets that instead."""

    data: bytes
    said: str = ""
    reply: bytes | None = None


class Kind(Spelled, frozen=True, kw_only=True):
    """One type of toxic; its fields are the attributes. `units` are what its schedule may count, the usual one first."""

    type: ClassVar[str] = ""
    units: ClassVar[tuple[Unit, ...]] = ("message", "connection", "byte")
    alone: ClassVar[Unit | None] = None  # what is struck without a schedule; the usual unit where it does not say
    streams: ClassVar[tuple[Stream, ...]] = STREAMS  # that it can be on
    protocols: ClassVar[tuple[Protocol, ...]] = ()  # one of these must be spoken; any where there is none
    is_of_requests: ClassVar[bool] = False  # it strikes requests and answers them, whatever `stream` says
    of: ClassVar[frozenset[str]] = frozenset({"turn", "request", "reply", "push", "event", "opaque"})
    is_of_listener: ClassVar[bool] = False  # it is about the listener and not about bytes

    def flaws(self) -> Iterator[Flaw]:
        """What contradicts itself, though each value is in its range."""
        return iter(())

    def wants(self, message: Message) -> bool:
        """Whether this is a message it could strike; only those are counted."""
        return message.of in self.of

    def usual(self, message: Message) -> bool:
        """Whether it strikes this message where no `match` says which ones."""
        return True

    def stage(self, grip: Grip) -> Stage | None:
        """What it does to a stream of one connection; none for those that answer requests, or are of the listener."""
        return None

    def delay_ns(self, grip: Grip, ordinal: int) -> int | None:
        """How much later a struck message of this ordinal arrives; none where more than the seed decides that."""
        return None

    def answer(self, request: Message, data: bytes, grip: Grip) -> Answer | Instead | None:
        """What becomes of a struck request, `data` being all of it; none where it cannot be answered so."""
        return None

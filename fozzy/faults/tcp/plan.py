"""A plan: which addresses stand before which, and what goes wrong between them. Toxiproxy's words, and schedules.

Rule 1: the same types in a chaos file, in the API's bodies and in a trace; a field of one name means one thing.
Rule 2: a toxic without a schedule strikes always; `toxicity` says on which connections it is there at all.
Rule 3: nothing is clamped and nothing guessed; what is out of range is refused, with its place (`check`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from fozzy.faults.http.plan import Count, Duration, Ordinal, Share, Spelled, note
from fozzy.wall import SEED_BITS

Stream = Literal["upstream", "downstream"]
Unit = Literal["connection", "message", "byte"]
Protocol = Literal["raw", "redis", "postgres", "http"]

STREAMS: tuple[Stream, Stream] = ("upstream", "downstream")
NAME_CHARS_MAX = 128
ADDRESS_CHARS_MAX = 300


class Schedule(Spelled, frozen=True, kw_only=True):
    """When a toxic strikes. Ordinals count from 1 what `on` says. All parts that are given must agree."""

    match: Annotated[
        str | None,
        note("Only messages that begin with these words, as `INCR orders`; `*` is any text. Case does not matter."),
    ] = None
    first: Annotated[Ordinal | None, note("Only the first so many.")] = None
    after: Annotated[Count | None, note("Not the first so many.")] = None
    every: Annotated[Ordinal | None, note("Only every so many: 3 is the third, the sixth, and so on.")] = None
    pattern: Annotated[
        Annotated[str, Meta(pattern=r"^[F.]{1,4096}$")] | None,
        note("One character for each: `F` is struck, `.` is not; after the last none is."),
    ] = None
    rate: Annotated[Share | None, note("How likely each is struck; drawn for each one.")] = None
    times: Annotated[Ordinal | None, note("It strikes no more often than this.")] = None
    window: Annotated[
        tuple[Duration, Duration] | None, note("Only in this span of time since the toxic came into force.")
    ] = None
    on: Annotated[Unit | None, note("What is counted: connections, messages, or the bytes of a stream.")] = None
    per: Annotated[
        Literal["proxy", "connection"], note("Whether messages are counted over all connections, or in each one.")
    ] = "proxy"


SCHEDULE_FIELDS = Schedule.__struct_fields__


class Toxic(Schedule, frozen=True, kw_only=True):
    """One thing that goes wrong on the connections of a proxy."""

    type: Annotated[str, note("What goes wrong, as `latency`.")]
    name: Annotated[
        Annotated[str, Meta(max_length=NAME_CHARS_MAX)], note("How it is called; `TYPE_STREAM` unless given.")
    ] = ""
    stream: Annotated[Stream, note("The direction: `upstream` is from the client to the server.")] = "downstream"
    toxicity: Annotated[Share, note("On how many of the connections it is there; drawn once for each.")] = 1.0
    attributes: Annotated[dict[str, Any], note("The numbers of its type.")] = {}

    @property
    def called(self) -> str:
        """Its name."""
        return self.name or f"{self.type}_{self.stream}"


class Proxy(Spelled, frozen=True, kw_only=True):
    """One address that stands before another."""

    name: Annotated[Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)], note("How it is called.")]
    listen: Annotated[
        Annotated[str, Meta(max_length=ADDRESS_CHARS_MAX)], note("Where clients connect, as `127.0.0.1:26379`.")
    ] = "127.0.0.1:0"
    upstream: Annotated[
        Annotated[str, Meta(min_length=1, max_length=ADDRESS_CHARS_MAX)],
        note("Where the server listens, as `127.0.0.1:6379`."),
    ]
    enabled: Annotated[bool, note("Whether it listens.")] = True
    protocol: Annotated[
        Protocol, note("What is spoken, so that messages can be told apart; of `raw` a message is one side's turn.")
    ] = "raw"
    toxics: Annotated[list[Toxic], note("What goes wrong, in the order in which bytes come to it.")] = []


class TcpPlan(Spelled, frozen=True, kw_only=True):
    """A whole chaos file for TCP: the proxies, and what goes wrong on each."""

    noun: ClassVar[str] = "a chaos file"
    schema_: Annotated[str | None, note("Where editors find the schema of this file.")] = msgspec.field(
        name="$schema", default=None
    )
    seed: Annotated[
        Annotated[int, Meta(ge=0, lt=1 << SEED_BITS)] | None, note("The seed; chosen and printed unless given.")
    ] = None
    proxies: Annotated[list[Proxy], note("The proxies, in order.")] = []


def proxy_of(plan: TcpPlan, name: str) -> Proxy | None:
    """The proxy of a name."""
    return next((each for each in plan.proxies if each.name == name), None)


def toxic_of(proxy: Proxy, name: str) -> Toxic | None:
    """The toxic of a name."""
    return next((each for each in proxy.toxics if each.called == name), None)


def plain(spelled: Spelled) -> Any:
    """As builtin types, for records."""
    return msgspec.to_builtins(spelled)

"""The journal of TCP: the last connections, messages and changes, to be looked at while they come. A listener.

Rule 1: it is bounded: so many entries; what makes room for others is counted.
Rule 2: an entry's place never comes again, so a page ends at a place and the next one begins there.
Rule 3: what is shown is without secrets, also those that were only known later.
Messages are told while somebody records; without that only those that a toxic struck.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from fozzy import wall
from fozzy.core.events import Event, Record
from fozzy.core.redact import Redactor
from fozzy.core.redact_records import RecordCleaner
from fozzy.core.wires import Connected, Spoken
from fozzy.faults.tcp.armed import pattern_of
from fozzy.faults.tcp.plan import Stream

SIZE = 1000
PAGE_MAX = 500
VALUES_MAX = 10_000  # secrets that are remembered

Told = Connected | Spoken | Event
Kind = Literal["connection", "message", "change"]
_KINDS: dict[type[Told], Kind] = {Connected: "connection", Spoken: "message", Event: "change"}

_Word = Annotated[str, Meta(max_length=256)]
_Number = Annotated[int, Meta(ge=0)]


class _Kept(NamedTuple):
    place: int
    at_s: float
    record: Told


class TcpEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What ended or was changed. `entry` is its place in the journal, `time` the wall's."""

    entry: int
    time: str
    record: Told


class TcpQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries. All that is said must hold."""

    kind: Annotated[Kind | None, Meta(description="Only connections, only messages, or only changes.")] = None
    proxy: Annotated[_Word | None, Meta(description="The proxy's name.")] = None
    connection: Annotated[_Number | None, Meta(description="The proxy's connection, counted from 1.")] = None
    stream: Annotated[Stream | None, Meta(description="The direction of messages.")] = None
    about: Annotated[_Word | None, Meta(description="What messages begin with, as `INCR orders`; `*` is any text.")] = (
        None
    )
    toxic: Annotated[
        _Word | None, Meta(description="The name of a toxic that was decided for it, or `any`, or `none`.")
    ] = None
    applied: Annotated[bool | None, Meta(description="Whether a toxic was applied to it.")] = None
    by: Annotated[_Word | None, Meta(description="Who ended the connection.")] = None
    order: Annotated[Literal["newest", "oldest"], Meta(description="Which come first.")] = "newest"
    cursor: Annotated[_Number | None, Meta(description="The `next` of the page before.")] = None
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Entries on a page, at most.")] = 100


class TcpPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some entries. `next` continues after the last of them; `total` are all that fit the query and are still kept."""

    entries: list[TcpEntry]
    total: int
    next: int | None = None
    last: int  # where the journal ends; a `cursor` of what comes later
    kept: int
    forgotten: int  # entries that made room for others, since the start or the last time it was emptied


class TcpJournal:
    """The last records. *Limits*: `size` entries; a record holds a few hundred bytes, a change the whole plan."""

    def __init__(self, size: int = SIZE, redact: tuple[str, ...] = (), now_s: Callable[[], float] = wall.now_s) -> None:
        self._kept: deque[_Kept] = deque(maxlen=size)
        self._place = self._cleared = self._learned = 0
        self._names = redact
        self._cleaner = self._fresh()
        self._now_s = now_s

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def forgotten(self) -> int:
        """How many entries made room for others."""
        return self._place - self._cleared - len(self._kept)

    def listen(self, record: Record) -> None:
        """Keep a record."""
        if isinstance(record, Told):
            self._place += 1
            self._kept.append(_Kept(self._place, self._now_s(), record))

    def clear(self) -> int:
        """Forget every entry; places go on. Returns how many there were."""
        gone = len(self._kept)
        self._kept.clear()
        self._cleared = self._place
        self._cleaner = self._fresh()
        return gone

    def records(self) -> list[Record]:
        """What is kept, oldest first, without secrets."""
        self._learn()
        return [self._cleaner.clean(each.record) for each in self._kept]

    def page(self, query: TcpQuery) -> TcpPage:
        """The entries that fit."""
        found = [kept for kept in self._in_order(query) if _fits(query, kept.record)]
        ahead = [kept for kept in found if _is_ahead(query, kept.place)]
        shown = ahead[: query.limit]
        return TcpPage(
            entries=self._shown(shown),
            total=len(found),
            next=_next(query, shown, len(ahead)),
            last=self._place,
            kept=len(self._kept),
            forgotten=self.forgotten,
        )

    def _fresh(self) -> RecordCleaner:
        return RecordCleaner(Redactor(self._names, VALUES_MAX, references=False))

    def _learn(self) -> None:
        """Learn what is secret in what was not looked at yet."""
        for kept in self._kept:
            if kept.place > self._learned:
                self._cleaner.clean(kept.record)
        self._learned = self._place

    def _in_order(self, query: TcpQuery) -> Iterator[_Kept]:
        return reversed(self._kept) if query.order == "newest" else iter(self._kept)

    def _shown(self, kept: list[_Kept]) -> list[TcpEntry]:
        self._learn()
        clean = self._cleaner.clean
        return [
            TcpEntry(entry=each.place, time=wall.iso(each.at_s), record=clean(each.record))  # type: ignore[arg-type]
            for each in kept
        ]


def _fits(query: TcpQuery, record: Told) -> bool:
    if query.kind is not None and _KINDS[type(record)] != query.kind:
        return False
    if isinstance(record, Event):
        asked = (query.proxy, query.connection, query.stream, query.about, query.toxic, query.applied, query.by)
        return all(each is None for each in asked)
    wanted = (query.proxy, record.at), (query.connection, record.connection)
    if any(said is not None and said != has for said, has in wanted):
        return False
    return _fits_struck(query, record) and _fits_sort(query, record)


def _fits_struck(query: TcpQuery, record: Connected | Spoken) -> bool:
    names = {each.toxic for each in record.struck}
    if query.applied is not None and query.applied != any(each.applied for each in record.struck):
        return False
    if query.toxic in ("any", "none"):
        return bool(names) == (query.toxic == "any")
    return query.toxic is None or query.toxic in names


def _fits_sort(query: TcpQuery, record: Connected | Spoken) -> bool:
    if isinstance(record, Connected):
        return query.stream is None and query.about is None and query.by in (None, record.by)
    if query.by is not None or query.stream not in (None, record.stream):
        return False
    return query.about is None or pattern_of(query.about).match(record.about) is not None


def _is_ahead(query: TcpQuery, place: int) -> bool:
    if query.cursor is None:
        return True
    return place < query.cursor if query.order == "newest" else place > query.cursor


def _next(query: TcpQuery, shown: list[_Kept], ahead: int) -> int | None:
    """Where the next page begins. From the oldest on there is always one: what comes later."""
    if query.order == "oldest":
        return shown[-1].place if shown else query.cursor or 0
    return shown[-1].place if ahead > len(shown) else None

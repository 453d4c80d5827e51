"""The journal: the last requests of a session, to be looked at while it runs. A listener of the session.

Rule 1: it is bounded: so many entries, of each so much. What does not fit is counted, never waited for.
Rule 2: an entry's place in the journal never comes again, so a page ends at a place and the next one begins there. What
an entry is called is the number of its exchange, as everywhere; those that have none, since they were refused before
anything was decided, are `r1`, `r2`, … in the order in which they ended.
Rule 3: what is shown is redacted first and shortened then, so that no half of a secret is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from fozzy import wall
from fozzy.chaos.journal_entry import Entry, Viewer, body_chars, bounded
from fozzy.chaos.journal_filter import Selection, filter_of
from fozzy.core.events import Record
from fozzy.core.exchange import Exchange, Source
from fozzy.faults.http.plan import Duration

SIZE = 1000
PAGE_MAX = 500
PAGE_CHARS_MAX = 256 * 1024  # of bodies on a page: to look for secrets in them takes a tenth of a second


_STATUSES = 'statuses and classes, as "500,503" or "5xx"; 0 is no answer.'
_OR = "`any` of them, or `none`."
_SINCE = "so long after the start of the run,"


class Kept(NamedTuple):
    """An exchange as the journal keeps it. `place` counts entries, `word` names it, `at_s` is wall time."""

    place: int
    word: str
    at_s: float
    exchange: Exchange


_Statuses = Annotated[str, Meta(pattern=r"^([0-9]{1,3}|[1-5]xx)(,([0-9]{1,3}|[1-5]xx)){0,31}$")]
_Word = Annotated[str, Meta(max_length=256)]
_Path = Annotated[str, Meta(max_length=4096)]
_Trace = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
_Number = Annotated[int, Meta(ge=0)]


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries. All that is said must hold."""

    status: Annotated[_Statuses | None, Meta(description=f"What the client got: {_STATUSES}")] = None
    method: Annotated[_Word | None, Meta(description="The method, in any case.")] = None
    path: Annotated[_Path | None, Meta(description="The path without the query; `*` is any text, slashes too.")] = None
    route: Annotated[
        _Word | None, Meta(description="The route's name, or its place in the plan, as `routes[0]`, or `none`.")
    ] = None
    action: Annotated[_Word | None, Meta(description=f"The fault that was planned or applied, {_OR}")] = None
    planned: Annotated[_Word | None, Meta(description=f"The fault that was planned, {_OR}")] = None
    applied: Annotated[_Word | None, Meta(description=f"The fault that was applied, {_OR}")] = None
    source: Annotated[Source | None, Meta(description="Where the answer came from.")] = None
    test: Annotated[_Word | None, Meta(description="The test id of the request; empty for none.")] = None
    trace: Annotated[_Trace | None, Meta(description="The trace id of the request's `traceparent`.")] = None
    since: Annotated[Duration | None, Meta(description=f"It ended {_SINCE} or later.")] = None
    until: Annotated[Duration | None, Meta(description=f"It ended {_SINCE} or earlier.")] = None
    took_min: Annotated[Duration | None, Meta(description="It took so long, or longer.")] = None
    took_max: Annotated[Duration | None, Meta(description="It took so long, or shorter.")] = None
    order: Annotated[Literal["newest", "oldest"], Meta(description="Which come first.")] = "newest"
    cursor: Annotated[_Number | None, Meta(description="The `next` of the page before; what lies beyond it comes.")] = (
        None
    )
    bodies: Annotated[bool, Meta(description="Whether bodies are shown. Long ones make a page shorter.")] = True
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Entries on a page, at most.")] = 100


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some entries. `next` continues after the last of them; `total` are all that fit the query and are still kept."""

    entries: list[Entry]
    total: int
    next: int | None = None
    last: int  # where the journal ends; a `cursor` of what comes later
    kept: int  # entries in the journal
    forgotten: int  # entries that made room for others, since the start or the last time it was emptied


class Journal:
    """The last exchanges. *Limits*: `size` entries, of each `journal_entry.KEPT_BYTES_MAX` of either body."""

    def __init__(self, size: int = SIZE, redact: tuple[str, ...] = (), now_s: Callable[[], float] = wall.now_s) -> None:
        self._kept: deque[Kept] = deque(maxlen=size)
        self._place = 0
        self._refused = 0
        self._cleared = 0  # entries that were there before it was emptied
        self._viewer = Viewer(redact)
        self._now_s = now_s

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def size(self) -> int:
        """How many entries fit."""
        return self._kept.maxlen or 0

    @property
    def forgotten(self) -> int:
        """How many entries made room for others."""
        return self._place - self._cleared - len(self._kept)

    def listen(self, record: Record) -> None:
        """Keep an exchange."""
        if type(record) is Exchange:
            self._place += 1
            self._kept.append(Kept(self._place, self._word(record), self._now_s(), bounded(record)))

    def clear(self) -> int:
        """Forget every entry; numbers go on. Returns how many there were."""
        gone = len(self._kept)
        self._kept.clear()
        self._cleared = self._place
        self._viewer.forget()
        return gone

    def exchanges(self) -> list[Exchange]:
        """What is kept, oldest first; of long bodies the beginning."""
        return [kept.exchange for kept in self._kept]

    def decided(self, limit: int) -> list[Exchange]:
        """The last so many, without secrets in their targets and without headers and bodies."""
        self._learn()
        return [self._viewer.bare(kept.exchange) for kept in islice(reversed(self._kept), limit)]

    def entry(self, word: str) -> Entry | None:
        """The entry of this name, none where it is not kept."""
        found = [kept for kept in self._kept if kept.word == word]
        return next(iter(self._shown(found, True)), None)

    def page(self, query: Query, skip: int = 0) -> Page:
        """The entries that fit, redacted and bounded; the first `skip` of them are left out."""
        fits = filter_of(_selection(query))
        found = [kept for kept in self._in_order(query) if fits(kept.exchange)]
        ahead = [kept for kept in found if _is_ahead(query, kept.place)][skip:]
        shown = _first(ahead, query)
        return Page(
            entries=self._shown(shown, query.bodies),
            total=len(found),
            next=_next(query, shown, len(ahead)),
            last=self._place,
            kept=len(self._kept),
            forgotten=self.forgotten,
        )

    def _word(self, exchange: Exchange) -> str:
        if exchange.number:
            return str(exchange.number)
        self._refused += 1
        return f"r{self._refused}"

    def _in_order(self, query: Query) -> Iterator[Kept]:
        return reversed(self._kept) if query.order == "newest" else iter(self._kept)

    def _learn(self) -> None:
        self._viewer.learn((each.place, each.exchange) for each in self._kept)

    def _shown(self, kept: list[Kept], bodies: bool) -> list[Entry]:
        self._learn()
        return [self._viewer.entry(each.word, each.at_s, each.exchange, bodies) for each in kept]


def _is_ahead(query: Query, place: int) -> bool:
    if query.cursor is None:
        return True
    return place < query.cursor if query.order == "newest" else place > query.cursor


def _first(kept: list[Kept], query: Query) -> list[Kept]:
    """The entries of one page: as many as are asked for, fewer where their bodies are long."""
    if not query.bodies:
        return kept[: query.limit]
    chars = 0
    for count, each in enumerate(kept[: query.limit]):
        chars += body_chars(each.exchange)
        if chars > PAGE_CHARS_MAX and count:
            return kept[:count]
    return kept[: query.limit]


def _next(query: Query, shown: list[Kept], ahead: int) -> int | None:
    """Where the next page begins. From the oldest on there is always one: what comes later."""
    if query.order == "oldest":
        return shown[-1].place if shown else query.cursor or 0
    return shown[-1].place if ahead > len(shown) else None


def _selection(query: Query) -> Selection:
    names = (field.name for field in msgspec.structs.fields(Selection))
    return Selection(**{name: getattr(query, name) for name in names})

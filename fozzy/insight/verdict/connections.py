"""The records of TCP, connection by connection: which reply answers which request, and how much of it arrived.

Rule 1: bytes arrive in order. What a connection got less than its messages have is missing from the last of them.
Rule 2: a client left when it ended its stream; whatever was due later it did not hear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fozzy.core.events import Record
from fozzy.core.wires import Connected, Spoken, Struck

ALTERING = frozenset({"http_malformed", "sse_drop_event", "sse_bad_json"})  # sizes say nothing then
OPEN = ("", "stopped")  # nobody ended it; or only the end of the proxy did


class Connection:
    """One of a proxy's connections."""

    def __init__(self, at: str, ordinal: int) -> None:
        self.at = at
        self.ordinal = ordinal
        self.record: Connected | None = None
        self.requests: list[Spoken] = []
        self.pushes: list[Spoken] = []  # of the client: nobody answers them
        self.replies: dict[int, Spoken] = {}  # by the request they answer
        self._given: list[Spoken] = []  # all that went to the client

    def add(self, message: Spoken) -> None:
        """One of its messages."""
        if message.stream == "upstream":
            (self.requests if message.of in ("request", "turn") else self.pushes).append(message)
            return
        self._given.append(message)
        if message.of in ("reply", "turn") and message.answers:
            self.replies[message.answers] = message

    @property
    def arrived_ns(self) -> int:
        """When it came; where that is not known, when its first message did."""
        if self.record is not None:
            return self.record.arrived
        return min((message.arrived for message in [*self.requests, *self._given]), default=0)

    @property
    def is_over(self) -> bool:
        """Whether somebody ended it."""
        return self.record is not None and self.record.by not in OPEN

    @property
    def left_by_client(self) -> bool:
        """Whether it was the client who ended it."""
        return self.record is not None and self.record.by == "client"

    @property
    def end_ns(self) -> int:
        """When its client was done with it, or heard its end."""
        assert self.record is not None
        return self.record.upstream.ended_at or self.record.t

    def has_left(self, before_ns: int) -> bool:
        """Whether the client had ended its stream by then, whoever ended the connection at last."""
        record = self.record
        return record is not None and (self.left_by_client or record.upstream.ended_at > 0) and self.end_ns < before_ns

    @property
    def heard(self) -> str:
        """How its client saw it end, where it did not end it itself."""
        return "" if self.record is None or self.left_by_client else self.record.downstream.given

    def missing(self) -> dict[int, int]:
        """How many bytes did not arrive of what answers which request."""
        record = self.record
        if record is None or any(struck.type in ALTERING and struck.applied for struck in self._struck()):
            return {}
        short = sum(message.bytes for message in self._given) - record.downstream.sent
        missing: dict[int, int] = {}
        for message in sorted(self._given, key=lambda each: -each.message):
            if short <= 0:
                break
            lost = min(short, message.bytes)
            short -= lost
            if message.answers:
                missing[message.answers] = missing.get(message.answers, 0) + lost
        return missing

    def size_of(self, request: Spoken) -> int:
        """How many bytes answer a request, its events among them."""
        return sum(message.bytes for message in self._given if message.answers == request.message)

    def sent_on(self, withheld: set[int]) -> set[int]:
        """The requests that the server got whole, but for those that were not sent on at all."""
        messages = sorted([*self.requests, *self.pushes], key=lambda each: each.message)
        if self.record is None or not self.is_over:
            return {each.message for each in messages if each.whole and each.message not in withheld}
        total, found = 0, set[int]()
        for message in messages:
            if message.message in withheld:
                continue
            total += message.bytes
            if message.whole and total <= self.record.upstream.sent:
                found.add(message.message)
        return found

    def faults(self) -> list[str]:
        """What struck the connection as such, and what ended it."""
        record = self.record
        if record is None:
            return []
        return [f"{self.at}/{struck.toxic}" for struck in record.struck if struck.applied]

    def _struck(self) -> Iterator[Struck]:
        for message in self._given:
            yield from message.struck


def connections(records: Iterable[Record], standing: Sequence[Connected] = ()) -> list[Connection]:
    """All that records tell of, in the order of proxies and arrival; `standing` are those that are still open."""
    found: dict[tuple[str, int], Connection] = {}
    for record in [*records, *standing]:
        if isinstance(record, Connected | Spoken):
            one = found.setdefault((record.at, record.connection), Connection(record.at, record.connection))
            if isinstance(record, Spoken):
                one.add(record)
            elif one.record is None or not one.is_over:
                one.record = record
    return [found[key] for key in sorted(found)]

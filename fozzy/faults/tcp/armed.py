"""A toxic in force: its attributes read, its schedule made into gates, and how often each part of it came to pass.

Ordinals follow the order in which messages and connections come; that order is in the records (`number`). What is drawn
is keyed by connection, stream and message instead, so nobody else moves it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from fozzy.core.duration import parse_ns
from fozzy.faults.tcp.frames.redis_command import spellings
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.kinds.base import Kind
from fozzy.faults.tcp.message import NEVER_NS, Message
from fozzy.faults.tcp.plan import SCHEDULE_FIELDS, Schedule, Toxic, Unit

Gate = Callable[[int], bool]  # of an ordinal
Then = Callable[[], None]


class Tally(msgspec.Struct, frozen=True):
    """What became of one declared toxic. `place` is `PROXY/TOXIC`."""

    place: str
    type: str
    connections: int  # it was there on
    matched: int  # messages, connections or bytes that were counted
    rolled: int
    hit: int
    applied: int
    bypassed: int
    proxy: str = ""
    reasons: dict[str, int] = {}  # how often it was bypassed for each


class Armed:
    """One toxic of one proxy, from `since_ns` on."""

    def __init__(self, proxy: str, toxic: Toxic, since_ns: int) -> None:
        self.proxy = proxy
        self.toxic = toxic
        self.name = toxic.called
        self.place = f"{proxy}/{self.name}"
        self.kind: Kind = msgspec.convert(toxic.attributes, KINDS[toxic.type])
        self.since_ns = since_ns
        self.unit = unit_of(type(self.kind), toxic)
        self.gates = gates(toxic)
        low, high = span_ns(toxic)
        self.from_ns, self.to_ns = since_ns + low, min(NEVER_NS, since_ns + high)
        self._words = None if toxic.match is None else pattern_of(toxic.match)
        self.is_begun = False  # by a message, where it lasts from there on
        self.is_shut = False  # it closed the port
        self.then: Then | None = None  # what else happens when it strikes, beside the bytes
        self.connections = self.matched = self.rolled = self.hit = self.applied = self.bypassed = 0
        self.reasons: dict[str, int] = {}

    def fits(self, message: Message) -> bool:
        """Whether this message is one that is counted."""
        if not self.kind.wants(message):
            return False
        if self._words is None:
            return self.kind.usual(message)
        return any(self._words.match(about) for about in spellings(message.about))

    def is_due(self, ordinal: int, now_ns: int) -> bool:
        """Whether all but the rate agree."""
        return not self.is_spent and self.is_within(now_ns) and all(gate(ordinal) for gate in self.gates)

    @property
    def is_spent(self) -> bool:
        """Whether it has struck as often as it may."""
        return self.toxic.times is not None and self.hit >= self.toxic.times

    def is_within(self, now_ns: int) -> bool:
        """Whether its span of time is now."""
        return self.from_ns <= now_ns < self.to_ns

    def shut(self) -> None:
        """It closes the port, which counts once."""
        if not self.is_shut:
            self.is_shut = True
            self.hit += 1
            self.applied += 1

    def tally(self) -> Tally:
        """How it stands."""
        return Tally(
            self.place, self.toxic.type, self.connections, self.matched, self.rolled, self.hit, self.applied,
            self.bypassed, self.proxy, dict(self.reasons),
        )  # fmt: skip


def unit_of(kind: type[Kind], toxic: Toxic) -> Unit:
    """What its schedule counts, where it does not say: whole connections without one, the bytes of a span of time."""
    if toxic.on is not None:
        return toxic.on
    said = [name for name in SCHEDULE_FIELDS if name != "per" and getattr(toxic, name) is not None]
    if kind.alone is not None and not said:
        return kind.alone
    if kind.alone is not None and said == ["window"] and "byte" in kind.units:
        return "byte"
    if toxic.match is not None and "message" in kind.units:
        return "message"
    return kind.units[0]


def gates(schedule: Schedule) -> list[Gate]:
    """What must agree of an ordinal, besides rate and match."""
    found: list[Gate] = []
    first, after, every, pattern = schedule.first, schedule.after, schedule.every, schedule.pattern
    if first is not None:
        found.append(lambda ordinal: ordinal <= first)
    if after is not None:
        found.append(lambda ordinal: ordinal > after)
    if every is not None:
        found.append(lambda ordinal: ordinal % every == 0)
    if pattern is not None:
        found.append(lambda ordinal: ordinal <= len(pattern) and pattern[ordinal - 1] == "F")
    return found


def span_ns(schedule: Schedule) -> tuple[int, int]:
    """Its span of time, in nanoseconds since it came into force."""
    if schedule.window is None:
        return 0, NEVER_NS
    low, high = (parse_ns(text) for text in schedule.window)
    return low, high


def pattern_of(match: str) -> re.Pattern[str]:
    """Words that a message begins with; `*` is any text. A word ends at a space, and as SQL has it at `(` or `;`.

    As `fnmatch` has it, what stands between two `*` is found where it comes first, once and for all: another place could
    only leave less for what follows. So a text is looked at in time that grows with its length, whoever wrote it.
    """
    first, *others = re.split(r"\*+", match.strip())
    text = re.escape(first) + "".join(f"(?>.*?{re.escape(between)})" for between in others[:-1])
    if others:
        text += ".*" + re.escape(others[-1])
    return re.compile(text + r"(?:[\s(;].*)?\Z", re.IGNORECASE | re.DOTALL)

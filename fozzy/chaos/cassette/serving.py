"""How a door asks a cassette for an answer. A door knows this and nothing else of cassettes.

Rule 1: `find` is asked once per request that is no error of its own, after the decision and before upstream.
Rule 2: of a miss the door sends `answer` and never asks upstream; in `auto` it asks upstream instead, and records.
Rule 3: with `as_recorded` the found `decision` is carried out, not the one that was made now.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

from fozzy.core.exchange import Answered, Exchange
from fozzy.faults.http.decision import Decision, Give, Seen


class Found(NamedTuple):
    """A recorded exchange that answers a request."""

    exchange: Exchange  # as recorded
    answer: Answered | None  # true; none only where `decision` answers by itself
    pace: float  # 0: all at once; 1: at the recorded times (`answer.chunks`); 2: twice as slow
    decision: Decision | None = None  # with `as_recorded`: what was decided then


class Miss(NamedTuple):
    """Nothing recorded answers a request."""

    answer: Give  # 503, and what the nearest recorded request is and what differs, as JSON
    reason: str  # the same in a line, for the record


class Serving(Protocol):
    """A cassette that answers."""

    mode: Literal["replay", "auto"]
    as_recorded: bool

    def find(self, decision: Decision, seen: Seen, body: bytes) -> Found | Miss:
        """What answers this request: the n-th time it is asked, what was recorded the n-th time. `body` is whole."""
        ...

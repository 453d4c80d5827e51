"""What a search runs and what comes of it.

A candidate is a script and a tape; a subject runs it and says whether it failed, how and where. Places in here are
those of the run as it was first recorded: a step keeps its path through every cut, so that "the same failure" has a
meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

import msgspec
from blake3 import blake3

from fozzy.core.events import Ask, Draw, Found
from fozzy.core.outcome import Status
from fozzy.core.sources import boring
from fozzy.search.script import Script, is_below

CAUSES = (
    "exception",
    "signal",
    "at",
    "comparison",
    "cause",
)  # what of a finding's details tells one reason from another


class Failure(NamedTuple):
    """Why a run failed; two runs failed for the same reason when these are equal."""

    kind: str
    title: str
    at: str
    field: str = ""
    cause: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """In words for people."""
        cause = f" ({' at '.join(self.cause)})" if self.cause else ""
        return f"{self.title}{cause} at {self.at}"


def failure_of(found: Sequence[Found], origin: str) -> Failure:
    """The failure of a run: its first finding that is no mere warning; `origin` is where that stood at first."""
    first = next(each for each in found if each.status != "pass")
    details = first.details if isinstance(first.details, dict) else {}
    cause = tuple(str(details[name]) for name in CAUSES if name in details)
    return Failure(first.finding, first.title, origin, first.field, cause)


class Tape(NamedTuple):
    """The choices of a run: its draws in order, and the answers it may have, each with the place it was made at."""

    draws: tuple[Draw, ...] = ()
    asks: tuple[Ask, ...] = ()

    def without(self, places: Collection[str], *, inside: bool = True) -> Tape:
        """The tape without what was chosen at some places, and below them unless `inside` is false."""
        if not places:
            return self
        made_at = {draw.at for draw in self.draws} | {ask.at for ask in self.asks}
        gone = {at: is_below(at, places) if inside else at in places for at in made_at}
        return Tape(
            tuple(draw for draw in self.draws if not gone[draw.at]), tuple(ask for ask in self.asks if not gone[ask.at])
        )

    @property
    def loud(self) -> list[int]:
        """The numbers of the draws that are not boring."""
        return [index for index, draw in enumerate(self.draws) if draw.value != boring(draw.low, draw.high)]

    def with_values(self, values: dict[int, int]) -> Tape:
        """The tape with other values for some draws, by their numbers."""
        draws = list(self.draws)
        for index, value in values.items():
            draws[index] = msgspec.structs.replace(draws[index], value=value)
        return self._replace(draws=tuple(draws))


class Candidate(NamedTuple):
    """Something to run."""

    script: Script
    tape: Tape

    def without(self, origins: Collection[str]) -> Candidate:
        """The candidate without some steps and all they chose. *Errors*: `Uncuttable`."""
        return Candidate(self.script.without(frozenset(origins)), self.tape.without(origins))

    @property
    def key(self) -> bytes:
        """The same for two candidates that are the same run."""
        draws = [(draw.label, draw.value) for draw in self.tape.draws]
        return blake3(self.script.written + msgspec.json.encode([draws, len(self.tape.asks)])).digest()


class Outcome(NamedTuple):
    """What came of running a candidate: a failure, or none and `said` tells what instead."""

    status: Status = "pass"
    failure: Failure | None = None
    said: str = "it passes"
    draws: tuple[Draw, ...] = ()
    message: str = ""


class Subject(Protocol):
    """Somebody who can run candidates."""

    def run(self, candidate: Candidate) -> Outcome:
        """Run it once, without touching anything that outlives the run."""
        ...

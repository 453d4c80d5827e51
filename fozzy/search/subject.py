"""What a search runs and what comes of it.

A candidate is a script and a tape; a subject runs it and says whether it failed, how and where. Places in here are
those of the run as it was first recorded: a step keeps its path through every cut, so that "the same failure" has a
meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

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
        joint = " at " if self.cause and ":" in self.cause[-1] else ", "
        cause = f" ({joint.join(self.cause)})" if self.cause else ""
        return f"{self.title}{cause} at {self.at}"


def failure_of(found: Sequence[Found], origin: str) -> Failure:
    """The failure of a run: its first finding that is no mere warning; `origin` is where that stood at first."""
    first = next(each for each in found if each.status != "pass")
    details = first.details if isinstance(first.details, dict) else {}
    cause = tuple(str(details[name]) for name in CAUSES if details.get(name) not in (None, ""))
    if origin.startswith("distributed"):
        cause += tuple(each for each in _seen_in(details) if each not in cause)
    return Failure(first.finding, first.title, origin, first.field, cause)


def _seen_in(details: Mapping[str, Any]) -> Iterator[str]:
    """Whether a cluster answered nothing at all; of values on nodes, whether all have one. With nothing left that wrote
    them an expectation fails too, and that is another failure."""
    if "actual" in details and not details["actual"] and details["actual"] is not False:
        yield "nothing"
    values = details.get("values")
    if isinstance(values, dict):
        missing = sum(value is None for value in values.values())
        yield "on all" if not missing else "on none" if missing == len(values) else "on some"


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

    def renamed(self, names: Mapping[str, str]) -> Tape:
        """The tape with what some nodes and clients drew under other names; one whose name is empty has gone."""
        return self._replace(draws=tuple(made for draw in self.draws if (made := _renamed(draw, names)) is not None))

    def with_values(self, values: dict[int, int]) -> Tape:
        """The tape with other values for some draws, by their numbers."""
        draws = list(self.draws)
        for index, value in values.items():
            draws[index] = msgspec.structs.replace(draws[index], value=value)
        return self._replace(draws=tuple(draws))


Windows = Mapping[str, tuple[int, int]]  # of a cluster's steps by origin: which draws were made while each ran


class Candidate(NamedTuple):
    """Something to run. `windows` are of the tape, and empty when it was changed."""

    script: Script
    tape: Tape
    windows: Windows = {}

    def without(self, origins: Collection[str]) -> Candidate:
        """The candidate without some steps and all they chose. *Errors*: `Uncuttable`."""
        return Candidate(self.script.without(frozenset(origins)), self.tape.without(origins))

    def outside(self, origins: Collection[str]) -> Tape:
        """The tape without all that was drawn while some steps ran, whoever drew it: what others send and receive
        meanwhile is drawn under their names, and the draws after it would move up to it."""
        gone: set[int] = set()
        for origin in origins:
            gone.update(range(*self.windows.get(origin, (0, 0))))
        draws = tuple(draw for index, draw in enumerate(self.tape.draws) if index not in gone)
        return Tape(draws, self.tape.asks).without(origins)

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
    windows: Windows = {}


class Subject(Protocol):
    """Somebody who can run candidates."""

    def run(self, candidate: Candidate) -> Outcome:
        """Run it once, without touching anything that outlives the run."""
        ...


_OF_NODES = (
    "net.latency.",
    "net.loss.",
    "net.duplicate.",
    "sched.arrive.",
    "sched.",
    "random.",
    "entropy.",
    "workload.",
)
_CLIENTS = "distributed.clients."


def _renamed(draw: Draw, names: Mapping[str, str]) -> Draw | None:
    prefix = next((each for each in _OF_NODES if draw.label.startswith(each)), None)
    if prefix is None:
        return draw
    who = draw.label[len(prefix) :].split(">")
    if not any(name in names for name in who):
        return draw
    now = [names.get(name, name) for name in who]
    if not all(now):
        return None
    client = draw.at.removeprefix(_CLIENTS)
    at = f"{_CLIENTS}{names[client]}" if names.get(client) and client != draw.at else draw.at
    return msgspec.structs.replace(draw, label=prefix + ">".join(now), at=at)

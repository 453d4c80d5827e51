"""What a test declared: each toxic it put in force, what became of it, and what of it was left out to shrink it.

Rule 1: a declaration is called `PROXY/TOXIC`; the second of a name in one test `PROXY/TOXIC#2`. So it has the same name
in every run, whatever else is left out.
Rule 2: what a shrinker leaves out was never declared: it can neither fire nor be missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from fozzy.faults.tcp.armed import Armed, Tally
from fozzy.faults.tcp.plan import Toxic
from fozzy.pytest_plugin.meeting import UNMET, Meeting
from fozzy.pytest_plugin.words import tally_said

if TYPE_CHECKING:
    from fozzy.chaos.tcp.handle import InForce

Cut = dict[str, dict[str, Any] | None]  # by declaration: fields in place of its own, or none where it is left out


class Declared:
    """One toxic that was put in force. `stays`: it is there as long as its proxy."""

    def __init__(self, place: str, proxy: str, armed: Armed, stays: bool) -> None:
        self.place = place
        self.proxy = proxy
        self.armed = armed
        self.stays = stays
        self.is_removed = False
        self.meeting: Meeting | None = None  # of one that closes the port, which no message shows

    @property
    def is_missed(self) -> bool:
        """Whether it was there, and nobody can have met it."""
        is_unseen = self.armed.is_shut and not self.armed.matched
        return is_unseen and self.meeting is not None and self.meeting.is_missed

    @property
    def said(self) -> str:
        """What became of it, in a line."""
        return f"{tally_said(self.tally)}: it closed the port, {UNMET}" if self.is_missed else tally_said(self.tally)

    @property
    def tally(self) -> Tally:
        """What became of it so far."""
        return self.armed.tally()


class LeftOut(NamedTuple):
    """A toxic that a shrinker left out."""

    proxy: str
    name: str


class Declarations:
    """All of one test."""

    def __init__(self, cut: Cut) -> None:
        self.all: list[Declared] = []
        self.made: list[InForce] = []  # for a block, whether it was entered or not
        self.given = cut
        self._seen: dict[str, int] = {}
        self._left_out: set[LeftOut] = set()

    def cut(self, proxy: str, toxic: Toxic) -> Toxic | None:
        """The toxic as it is to be; none where it is left out."""
        place = self._place(proxy, toxic.called)
        if place not in self.given:
            return toxic
        fields = self.given[place]
        return None if fields is None else msgspec.structs.replace(toxic, **fields)

    def left_out(self, proxy: str, toxic: Toxic) -> str:
        """It is left out; the name under which it is removed all the same."""
        self._count(proxy, toxic.called)
        name = f"{toxic.called} (left out)"
        self._left_out.add(LeftOut(proxy, name))
        return name

    def put(self, proxy: str, toxic: Toxic, armed: Armed, *, stays: bool) -> Declared:
        """It is in force."""
        declared = Declared(self._place(proxy, toxic.called), proxy, armed, stays)
        self.all.append(declared)
        self._count(proxy, toxic.called)
        return declared

    def undo(self, proxy: str, name: str) -> bool:
        """It is taken away; true where it never was there."""
        for each in self.all:
            if (each.proxy, each.armed.name) == (proxy, name):
                each.is_removed = True
                if each.meeting is not None:
                    each.meeting.ends()
        return self.is_left_out(proxy, name)

    def is_left_out(self, proxy: str, name: str) -> bool:
        """Whether it was never there, and is called so all the same."""
        return LeftOut(proxy, name) in self._left_out

    def behind(self) -> list[Declared]:
        """What was put in force and not taken away."""
        return [each for each in self.all if not each.is_removed and not each.stays]

    def never_came(self) -> list[Declared]:
        """What did not come to pass, or was met by nobody."""
        return [each for each in self.all if not each.tally.applied or each.is_missed]

    def _place(self, proxy: str, name: str) -> str:
        count = self._seen.get(f"{proxy}/{name}", 0) + 1
        return f"{proxy}/{name}" if count == 1 else f"{proxy}/{name}#{count}"

    def _count(self, proxy: str, name: str) -> None:
        self._seen[f"{proxy}/{name}"] = self._seen.get(f"{proxy}/{name}", 0) + 1

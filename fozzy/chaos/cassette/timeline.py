"""What a recording of HTTP holds in the order in which it was decided: requests and changes of the plan."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from fozzy.chaos.cassette.header import Begun, begun_again, begun_of
from fozzy.chaos.cassette.reel import Reel, Sitting
from fozzy.chaos.cassette.tape import SESSION
from fozzy.core.events import Event
from fozzy.core.exchange import Exchange
from fozzy.errors import UsageError, Where
from fozzy.trace.reader import Trace


class Timeline(Reel[Begun]):
    """A recording of one or several sessions, in one file or one for each test. *Closes*: use it in a `with` block."""

    def begin(self, trace: Trace, is_one: bool) -> Sitting[Begun]:
        return self._sitting(begun_of(trace.header(), trace.shown), trace, is_one)

    def again(self, event: Event, trace: Trace, is_one: bool) -> Sitting[Begun] | None:
        if event.name != SESSION:
            return None
        return self._sitting(begun_again(event.fields, trace.shown), trace, is_one)

    def exchanges(self) -> Iterator[Exchange]:
        """Every request that was decided, in that order."""
        for sitting in self.sittings:
            for moment in sitting.moments:
                if not moment.is_change:
                    record = self.record(moment)
                    assert isinstance(record, Exchange)
                    yield record

    def _sitting(self, begun: Begun, trace: Trace, is_one: bool) -> Sitting[Begun]:
        """A new session; of several files of one recording they all hold the same one."""
        if not self.sittings or is_one:
            self.sittings.append(Sitting(begun))
        elif begun.number:
            message = f"{trace.shown} was recorded in several sessions: with the other files it has no common order"
            hint = f"fozzy replay {trace.shown}   decides this file alone"
            raise UsageError("chaos.several_sessions", message, hint=hint, where=Where(trace.shown))
        elif msgspec.structs.replace(begun, test=None) != msgspec.structs.replace(self.sittings[0].begun, test=None):
            message = f"{trace.shown} is of another recording than the other files of its folder"
            raise UsageError(
                "chaos.other_recording", message, hint=f"fozzy replay {trace.shown}", where=Where(trace.shown)
            )
        return self.sittings[-1]

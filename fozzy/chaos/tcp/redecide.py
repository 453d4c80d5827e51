"""Decides recorded connections and messages again, offline, and compares: the same draws, the same strikes.

Rule 1: a fresh engine sees every connection, message and change in the order of their numbers, at the recorded times.
Which connections were open at a change is told by the order of the records. The first difference ends it.
Rule 2: no bytes are recorded, so none are compared: what is compared is what was decided, also for bytes by their offset.
Rule 3: where the text a message went by is gone, the record says which toxics counted it.
Rule 4: where records are missing (a killed proxy), a connection is taken to have come when it is first heard of, and a
difference is no drift, since what counts connections and messages cannot be told then. All the same is not SAME then.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.chaos.cassette.redecide import Difference, Redecided, StopAt
from fozzy.chaos.cassette.reel import Moment, Sitting
from fozzy.chaos.tcp.compared import connection_difference, message_difference, message_of
from fozzy.chaos.tcp.header import TcpBegun
from fozzy.chaos.tcp.timeline import TcpTimeline
from fozzy.core.brief import brief
from fozzy.core.events import Event
from fozzy.core.outcome import Verdict
from fozzy.core.summary import Divergence
from fozzy.core.wires import Connected, Spoken
from fozzy.errors import EvidenceError, InputError, UsageError, Where
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.link import Link
from fozzy.faults.tcp.message import Message
from fozzy.faults.tcp.plan import TcpPlan

NEVER = 1 << 62
UNHEARD_MAX = 1 << 16  # toxics on connections that no record is about; a proxy has fewer open, and each takes some KB


class Open:
    """A connection that is decided again. Without a record it was open when the recording was cut off."""

    def __init__(self, link: Link, record: Connected | None, moment: Moment | None) -> None:
        self.link = link
        self.record = record
        self.moment = moment
        self.asked: dict[int, Message] = {}  # messages of clients that may still be answered, by ordinal
        self.left = NEVER if record is None else record.upstream.messages + record.downstream.messages

    @property
    def told(self) -> int:
        """Which record tells its end."""
        return NEVER if self.moment is None else self.moment.n

    def request_of(self, spoken: Spoken) -> Message | None:
        """What a message answers. Replies come in order, so requests before it are done with."""
        if spoken.stream == "upstream" or not spoken.answers:
            return None
        for ordinal in [each for each in self.asked if each < spoken.answers]:
            del self.asked[ordinal]
        return self.asked.get(spoken.answers)


class Parted(Exception):
    """Something is decided otherwise now."""

    def __init__(self, n: int, cause: str, found: Difference) -> None:
        super().__init__(cause)
        self.n = n
        self.cause = cause
        self.found = found


class TcpRedeciding:
    """Goes through a recording. `plan` decides in place of the recorded one."""

    def __init__(self, timeline: TcpTimeline, plan: TcpPlan | None = None) -> None:
        self._timeline = timeline
        self._plan = plan
        self.connections = self.messages = 0
        self._changes = self._missing = self._unheard = self._now = 0
        self._open: dict[tuple[str, int], Open] = {}
        self._changing: list[int] = []  # which records are changes, the next one last

    def run(self, stop_at: StopAt | None = None) -> Redecided:
        """Decide all of it, or up to where `stop_at` says so, or up to the first difference."""
        try:
            for sitting in self._timeline.sittings:
                if self._sit(sitting, stop_at):
                    return self._ended("SAME")
        except Parted as parted:
            return self._parted(parted)
        if self._missing and not self._timeline.is_cut_off:
            cause = f"{_records(self._missing)} not in this recording; all others were decided as they were"
            return self._ended("INCOMPLETE", cause=cause)
        return self._ended("INCOMPLETE" if self._timeline.is_cut_off else "SAME")

    def _sit(self, sitting: Sitting[TcpBegun], stop_at: StopAt | None) -> bool:
        """Decide a session; true where it was asked to stop."""
        engine = self._engine(sitting.begun)
        self._changing = [moment.n for moment in reversed(sitting.moments) if moment.is_change]
        last = 0
        for moment in sitting.moments:
            record = self._timeline.record(moment)
            if stop_at is not None and stop_at(record):
                return True
            if moment.number <= last:
                raise self._damaged(
                    f"record #{moment.n} says that it was decided as number {moment.number}, as another"
                )
            self._missing += moment.number - last - 1
            last = moment.number
            if isinstance(record, Event):
                self._change(engine, moment, record)
            elif isinstance(record, Connected):
                self._connect(engine, moment, record)
            elif isinstance(record, Spoken):
                self._speak(engine, moment, record)
        self._close_all(NEVER)
        return False

    def _engine(self, begun: TcpBegun) -> Engine:
        try:
            return Engine(self._plan or begun.plan, begun.seed)
        except InputError as error:
            raise self._undecidable(error) from error

    def _change(self, engine: Engine, moment: Moment, event: Event) -> None:
        """Put in force what was put in force then."""
        if self._plan is not None:
            message = f"{self._timeline.shown}: its plan was changed while it was recorded"
            raise UsageError("chaos.changed_meanwhile", message, hint="without --scenario all is decided as it was")
        self._changing.pop()
        self._close_all(moment.n)
        self._changes += 1
        try:
            self._now = event.fields["arrived"]
            plan = msgspec.convert(event.fields["plan"], TcpPlan)
            self._bound(sum(len(proxy.toxics) for proxy in plan.proxies))
            engine.change(plan, self._now)
        except (InputError, msgspec.ValidationError, KeyError) as error:
            raise self._undecidable(error) from error

    def _connect(self, engine: Engine, moment: Moment, record: Connected) -> None:
        self.connections += 1
        self._now = record.arrived
        key = (record.at, record.connection)
        if key in self._open:  # the proxy was taken away and came again
            self._close(key)
        link = self._came(engine, moment, record)
        each = self._open[key] = Open(link, record, moment)
        if self._is_settled(each):
            self._compare(each)
            if not each.left:
                self._close(key)

    def _speak(self, engine: Engine, moment: Moment, record: Spoken) -> None:
        self.messages += 1
        self._now = record.arrived
        key = (record.at, record.connection)
        each = self._open.get(key)
        if each is None:  # its own record is not here
            each = self._open[key] = Open(self._came(engine, moment, record), None, None)
        message = message_of(record, each.request_of(record))
        for grip in each.link.grips:
            if grip.decides(message):
                grip.decide(message, record.arrived)
        found = message_difference(record, message, each.link.grips)
        if found is not None:
            raise Parted(moment.n, f"{_named(record)}: {found.what}", found)
        if record.stream == "upstream":
            each.asked[record.message] = message
        each.left -= 1
        if not each.left and self._is_settled(each):
            self._close(key)

    def _came(self, engine: Engine, moment: Moment, record: Connected | Spoken) -> Link:
        """A connection, after those before it that no record is about."""
        point = engine.points.get(record.at)
        if point is None:
            raise Parted(moment.n, f"{_named(record)}: its proxy", Difference("its proxy", record.at, "none"))
        unheard = record.connection - 1 - point.connections
        if unheard > self._missing or record.connection < 1:
            raise self._damaged(f"connection {record.connection} of {record.at} comes before others")
        if self._changing or any(armed.unit == "connection" for armed in point.armed):  # else nothing counts them
            self._unheard += max(0, unheard)
            self._bound(len(point.armed))
            for ordinal in range(point.connections + 1, record.connection):
                self._open[record.at, ordinal] = Open(engine.connect(record.at, "", record.arrived), None, None)
        reached, point.connections = point.connections, record.connection - 1
        link = engine.connect(record.at, "", record.arrived)
        point.connections = max(reached, record.connection)
        return link

    def _bound(self, toxics: int) -> None:
        """Numbers in a recording may say anything; what they say is missing must not fill the memory."""
        if self._unheard * max(1, toxics) > UNHEARD_MAX:
            raise self._damaged(f"{self._unheard:,} connections are missing, more than were open at once")

    def _is_settled(self, each: Open) -> bool:
        """Whether no change comes while it is open."""
        return each.record is not None and (not self._changing or self._changing[-1] > each.told)

    def _close_all(self, before: int) -> None:
        """Close what was told to be closed before a record."""
        for key in [key for key, each in self._open.items() if each.told < before or before == NEVER]:
            self._close(key)

    def _close(self, key: tuple[str, int]) -> None:
        each = self._open.pop(key)
        self._compare(each)
        each.link.engine.forget(each.link)

    def _compare(self, each: Open) -> None:
        if each.record is None or each.moment is None:
            return
        found = connection_difference(each.record, each.link)
        if found is not None:
            raise Parted(each.moment.n, f"{_named(each.record)}: {found.what}", found)

    def _damaged(self, said: str) -> EvidenceError:
        return EvidenceError("trace.damaged", f"{self._timeline.shown}: {said}", where=Where(self._timeline.shown))

    def _undecidable(self, error: Exception) -> EvidenceError:
        message = f"{self._timeline.shown} carries a plan that cannot be decided by: {error}"
        return EvidenceError("chaos.bad_plan", message, where=Where(self._timeline.shown))

    def _ended(self, verdict: Verdict, **said: Any) -> Redecided:
        passed = self.connections + self.messages
        divergence = Divergence(verdict=verdict, records=passed + self._changes, **said)
        return Redecided(divergence, passed, self._changes, self._missing, self._now)

    def _parted(self, parted: Parted) -> Redecided:
        verdict: Verdict = "DRIFT"
        cause = parted.cause
        if self._missing:
            verdict = "INCOMPLETE"
            missing = "one record" if self._missing == 1 else f"{self._missing:,} records"
            cause += f"; {missing} before it not in this recording may have counted"
        return self._ended(verdict, record=parted.n, recorded=parted.found.recorded, now=parted.found.now, cause=cause)


def _records(number: int) -> str:
    return "one record is" if number == 1 else f"{number:,} records are"


def _named(record: Connected | Spoken) -> str:
    where = f"connection {record.connection} of {record.at}"
    if isinstance(record, Connected):
        return where
    about = f" {brief(record.about)}" if record.about else ""
    return f"{record.stream} {record.of} {record.message}{about} on {where}"

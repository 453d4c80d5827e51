"""Decides recorded requests again, offline, and compares: the same rolls, the same faults, the same bytes.

Rule 1: a fresh engine sees every request and every change in the order of their numbers, at the recorded times and
loads. What it decides must be what was decided; the first difference ends it.
Rule 2: of a request that has lost its secrets, or its body, the recorded key stands for what is gone.
Rule 3: where requests are missing (a recording of one test, an answered one in `auto`), keys and draws hold all the
same; what counts requests (ordinals, limits, slots) cannot be told, so a difference is no drift then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from blake3 import blake3

from fozzy.chaos.cassette.foreseen import foreseen
from fozzy.chaos.cassette.header import Begun
from fozzy.chaos.cassette.reel import Moment, Sitting
from fozzy.chaos.cassette.timeline import Timeline
from fozzy.core.brief import brief
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange, Roll
from fozzy.core.outcome import Verdict
from fozzy.core.redact import REDACTED
from fozzy.core.redact_exchange import REQUEST_MARK
from fozzy.core.summary import Divergence
from fozzy.errors import EvidenceError, InputError, UsageError, Where
from fozzy.faults.http.canonical import DIGEST_BYTES, digest_of
from fozzy.faults.http.decision import Decision, Known, Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan
from fozzy.faults.http.state import State

StopAt = Callable[[Record], bool]  # asked before each request and each change
OnDecision = Callable[[Exchange, Decision], None]


class Difference(NamedTuple):
    """What is not as it was."""

    what: str
    recorded: str
    now: str


class Redecided(NamedTuple):
    """What deciding again came to."""

    divergence: Divergence
    requests: int
    changes: int
    missing: int  # requests that are not in the recording
    now_ns: int


class Redeciding:
    """Goes through a recording. `plan` decides in place of the recorded one."""

    def __init__(self, timeline: Timeline, plan: Plan | None = None) -> None:
        self._timeline = timeline
        self._plan = plan
        self._requests = self._changes = self._missing = self._now = 0

    def run(self, stop_at: StopAt | None = None, on_decision: OnDecision | None = None) -> Redecided:
        """Decide all of it, or up to where `stop_at` says so, or up to the first difference."""
        for sitting in self._timeline.sittings:
            ended = self._sit(sitting, stop_at, on_decision)
            if ended is not None:
                return ended
        return self._ended("INCOMPLETE" if self._timeline.is_cut_off else "SAME")

    def _sit(self, sitting: Sitting[Begun], stop_at: StopAt | None, on_decision: OnDecision | None) -> Redecided | None:
        begun = sitting.begun
        engine = self._engine(begun)
        last = begun.number
        for moment in sitting.moments:
            record = self._timeline.record(moment)
            if stop_at is not None and stop_at(record):
                return self._ended("SAME")
            self._missing += moment.number - last - 1
            last, engine.number = moment.number, moment.number - begun.number - 1
            if isinstance(record, Event):
                self._change(engine, record, begun)
                continue
            assert isinstance(record, Exchange)
            self._requests += 1
            self._now = record.arrived
            is_whole = not self._missing
            decision = engine.decide(seen_again(record, engine, is_whole), record.arrived - begun.arrived, record.load)
            found = difference(record, decision._replace(number=record.number))
            if found is not None:
                return self._parted(moment, record, found)
            if on_decision is not None:
                on_decision(record, decision)
        return None

    def _engine(self, begun: Begun) -> Engine:
        plan = self._plan or begun.plan
        try:
            return Engine(plan, begun.seed, strict=begun.strict, keyed=True, has_upstream=begun.has_upstream)
        except InputError as error:
            raise self._undecidable(error) from error

    def _change(self, engine: Engine, event: Event, begun: Begun) -> None:
        """Put in force what was put in force then."""
        if self._plan is not None:
            message = f"{self._timeline.shown}: its plan was changed while it was recorded"
            raise UsageError("chaos.changed_meanwhile", message, hint="without --scenario all is decided as it was")
        self._changes += 1
        try:
            engine.change(State.of(event.fields["state"]), event.fields["arrived"] - begun.arrived)
        except (InputError, msgspec.ValidationError, KeyError) as error:
            raise self._undecidable(error) from error

    def _undecidable(self, error: Exception) -> EvidenceError:
        message = f"{self._timeline.shown} carries a plan that cannot be decided by: {error}"
        return EvidenceError("chaos.bad_plan", message, where=Where(self._timeline.shown))

    def _ended(self, verdict: Verdict, **said: Any) -> Redecided:
        divergence = Divergence(verdict=verdict, records=self._requests + self._changes, **said)
        return Redecided(divergence, self._requests, self._changes, self._missing, self._now)

    def _parted(self, moment: Moment, exchange: Exchange, found: Difference) -> Redecided:
        request = exchange.request
        turn = f" (time {exchange.occurrence})" if exchange.occurrence > 1 else ""
        cause = f"request {exchange.number} {brief(request.method + ' ' + request.target)}{turn}: {found.what}"
        verdict: Verdict = "DRIFT"
        if self._missing:
            verdict = "INCOMPLETE"
            missing = "one request" if self._missing == 1 else f"{self._missing:,} requests"
            cause += f"; {missing} before it not in this recording may have counted"
        return self._ended(verdict, record=moment.n, recorded=found.recorded, now=found.now, cause=cause)


def decisions_again(timeline: Timeline) -> dict[int, Decision]:
    """What was decided for each recorded exchange, by its number, with actions that can be carried out again.

    A fault that did not happen then is left out. *Errors*: `EvidenceError` when something is decided otherwise now.
    """
    found: dict[int, Decision] = {}

    def keep(exchange: Exchange, decision: Decision) -> None:
        if decision.planned != exchange.applied:
            decision = decision._replace(planned="", action=None)
        found[exchange.number] = decision

    divergence = Redeciding(timeline).run(on_decision=keep).divergence
    if divergence.recorded is not None:
        message = f"{timeline.shown} cannot be served as it was recorded: {divergence.cause}"
        hint = f"fozzy replay {timeline.shown}   shows it; without --as-recorded the true answers are served"
        raise EvidenceError("chaos.decided_otherwise", message, hint=hint, where=Where(timeline.shown))
    return found


def seen_again(exchange: Exchange, engine: Engine, is_whole: bool) -> Seen:
    """A recorded request as a door saw it. `is_whole`: all requests before it are known."""
    request, body = exchange.request, exchange.request.body.data()
    key_bytes = engine.state.plan.key_bytes
    size: int | None = request.bytes
    if request.chunked and body and (request.bytes > key_bytes or digest_of(body) != request.digest):
        size = None  # the door had not seen its end
    is_missing = len(body) != request.bytes or (not body and bool(request.digest))
    is_gone = is_missing or REQUEST_MARK in exchange.notes or REDACTED in request.target
    known = None
    if exchange.key and (is_gone or not is_whole):
        known = Known(exchange.key, request.digest, 0 if is_whole else exchange.occurrence)
    return Seen(
        request.method,
        request.target,
        request.headers,
        body[:key_bytes],
        size,
        request.chunked,
        exchange.client,
        exchange.test,
        known,
    )


def difference(exchange: Exchange, decision: Decision) -> Difference | None:
    """The first thing that is decided otherwise than it was, none when all is the same."""
    for what, recorded, now in _sides(exchange, decision):
        if recorded != now:
            return Difference(what, str(recorded), str(now))
    rolls = roll_difference(exchange.rolls, decision.rolls)
    return rolls or _planned(exchange, decision) or _bytes(exchange, decision)


def _sides(exchange: Exchange, decision: Decision) -> Iterator[tuple[str, Any, Any]]:
    yield "its test", exchange.test, decision.test
    yield "its route", exchange.at or "none", decision.place or "none"
    yield "who answers", exchange.source, decision.source
    if exchange.key:
        yield "its body's digest", exchange.request.digest, decision.digest
        yield "its key", exchange.key, decision.key
        yield "how often it came", exchange.occurrence, decision.occurrence
    yield "which of the route's answers", exchange.slot, decision.slot


def roll_difference(recorded: Sequence[Roll], now: Sequence[Roll]) -> Difference | None:
    """The first draw that is another one."""
    for index in range(max(len(recorded), len(now))):
        ours = recorded[index] if index < len(recorded) else None
        theirs = now[index] if index < len(now) else None
        if ours != theirs:
            roll = ours or theirs
            assert roll is not None
            return Difference(f"its roll {roll.draw}", _roll(ours), _roll(theirs))
    return None


def _roll(roll: Roll | None) -> str:
    if roll is None:
        return "not rolled"
    return f"{roll.draw} {'hit' if roll.hit else 'missed'} at {roll.probability:g} with {roll.value}, by {roll.origin}"


def _planned(exchange: Exchange, decision: Decision) -> Difference | None:
    if exchange.planned != decision.planned:
        return Difference("its fault", exchange.planned or "none", decision.planned or "none")
    if exchange.delay_ns != decision.delay_ns:
        return Difference("its delay", f"{exchange.delay_ns} ns", f"{decision.delay_ns} ns")
    return None


def _bytes(exchange: Exchange, decision: Decision) -> Difference | None:
    """What the fault sends now, held against what it sent."""
    sent = exchange.sent
    if not decision.planned or exchange.applied != decision.planned or sent is None or sent.ended == "client_gone":
        return None
    wanted = foreseen(decision.action, exchange)
    if wanted is None:
        return None
    status, body = wanted
    digest = blake3(body).hexdigest(length=DIGEST_BYTES) if sent.digest else ""
    recorded, now = (sent.status, sent.bytes, sent.digest), (status, len(body), digest)
    if recorded == now:
        return None
    return Difference(f"what {exchange.applied} sends", _sent(*recorded), _sent(*now))


def _sent(status: int, size: int, digest: str) -> str:
    return f"{status}, {size} bytes{f' of digest {digest}' if digest else ''}"

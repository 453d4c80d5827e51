"""The engine: a plan, a request and a clock in, a decision with every roll out. It does no I/O and reads no clock.

Rule 1: every draw is keyed by the request itself (`keyed`), so no other request and no other fault moves it.
Rule 2: rates, ordinals and slots follow the order in which requests come; that order is in the records (`number`).
Rule 3: a change is compiled whole before it is in force; one that is refused changes nothing.
Rule 4: while chaos is off nothing is drawn and no body is read, unless somebody records (`keyed`).
"""

from __future__ import annotations

from typing import Any

from fozzy.core.exchange import Roll, Source
from fozzy.errors import InputError
from fozzy.faults.http import headers
from fozzy.faults.http.armed import Armed, Tally
from fozzy.faults.http.canonical import KEY_LENGTH, SCOPE, digest_of, identity, key_of
from fozzy.faults.http.compile import Compiled, Connections
from fozzy.faults.http.decision import Action, Decision, Pace, Seen
from fozzy.faults.http.dice import Dice
from fozzy.faults.http.explained import Effective, explained
from fozzy.faults.http.kinds.base import gives
from fozzy.faults.http.kinds.rate_limit import limited
from fozzy.faults.http.limits import Buckets, Paces, Short
from fozzy.faults.http.match import Facts
from fozzy.faults.http.plan import Plan
from fozzy.faults.http.program import Fields, Program
from fozzy.faults.http.rolling import delay_of, passed_over, struck
from fozzy.faults.http.state import State
from fozzy.faults.http.tables import Counts
from fozzy.faults.http.timetable import NEVER_NS, Timetable
from fozzy.faults.keyed import base_from, beginning
from fozzy.wall import SEED_BITS

LIMITED = "limit.rate"
CROWDED = "limit.concurrency"

Head = tuple[Any, ...]  # the first ten fields of a decision
Heard = tuple[str, Fields, tuple[str, ...]]  # a request's test, what its headers say, what is noted of them
Over = tuple[str, Action, str, str]  # a limit's name, action, note and origin
_made = Decision._make
_CROWD = gives(503, "chaos_concurrency", "too many requests are in flight")


class Engine:
    """Decides for one run. *Errors*: `InputError` with a code `chaos.*`. *Limits*: its tables are bounded (`tables`)."""

    def __init__(
        self, plan: Plan, seed: int, *, strict: bool = True, keyed: bool = False, has_upstream: bool = False
    ) -> None:
        self.seed = _sound(seed)
        self._begin = beginning(seed, (SCOPE,)) + KEY_LENGTH  # and then the key
        self.strict = strict
        self.keyed = keyed  # make keys also where nothing could be drawn: somebody records
        self.has_upstream = has_upstream  # whoever asks has somebody to ask besides the plan
        self.number = 0  # decisions and changes so far
        self.requests = 0
        self.occurrences: Counts[str] = Counts()
        self.slots: Counts[tuple[int, str]] = Counts()
        self.buckets = Buckets()
        self.paces = Paces()
        self.timetable = Timetable()
        self.is_idle = True
        self.due_ns = NEVER_NS
        self.program = Program(State.begun(plan), None, 0)
        self._follow(0)

    @property
    def state(self) -> State:
        """What is in force."""
        return self.program.state

    @property
    def connections(self) -> Connections:
        """What holds for connections; a door keeps it."""
        return self.program.connections

    def change(self, state: State, now_ns: int) -> int:
        """Put another state in force, all of it or nothing. Returns the change's number. *Errors*: `InputError`."""
        before = self.state
        self.program = Program(state, self.program, now_ns)
        if state.plan.routes != before.plan.routes or state.since_ns != before.since_ns:
            self.slots = Counts()
        self._follow(now_ns)
        self.number += 1
        return self.number

    def _follow(self, now_ns: int) -> None:
        self.is_idle = self.program.is_idle
        self.timetable.follow(self.state, self.requests, now_ns)
        self.due_ns = self.timetable.due_ns(self.state, self.requests)

    def due(self, now_ns: int) -> list[tuple[State, str]]:
        """What the schedule and the durations of scenarios have due by now, in order; each is told once."""
        changes = self.timetable.due(self.state, now_ns, self.requests)
        self.due_ns = self.timetable.due_ns(changes[-1][0] if changes else self.state, self.requests)
        return changes

    def decide(self, seen: Seen, now_ns: int, load: int) -> Decision:
        """What happens to a request that came at `now_ns`, while `load` others are in flight."""
        self.number = number = self.number + 1
        self.requests += 1
        if self.requests >= self.timetable.next_requests:
            self.due_ns = 0
        program = self.program
        said = headers.said(seen.headers, program.latency_max_ns)
        if said is headers.NOTHING:
            if self.is_idle and not (self.keyed or program.has_routes):
                source: Source = "proxy" if self.has_upstream else program.source
                head: Head = (number, now_ns, "", 0, seen.test, "", None, "", 0, source)
                return _made((*head, (), 0, "", None, None, None, "", (), ""))
            return self._routed(seen, now_ns, load, (seen.test, (), ()))
        test = seen.test or said.test
        notes, refused = self._heard(said)
        if refused:
            head = (number, now_ns, "", 0, test, "", None, "", 0, "internal")
            return _made((*head, (), 0, "", None, None, None, refused, (), ""))
        return self._routed(seen, now_ns, load, (test, said.fields if program.enabled else (), notes))

    def _routed(self, seen: Seen, now_ns: int, load: int, said: Heard) -> Decision:
        test, fields, notes = said
        program = self.program
        facts = Facts(seen, test, seen.client if program.client_header is None else program.client_of(seen))
        at = program.route_of(facts) if program.has_routes else None
        route, place, slot = None, "", 0
        source: Source = "proxy" if self.has_upstream else program.source
        if at is not None:
            route, place = program.placed(at)
            source = program.source_of(route, self.has_upstream)
            if len(route.answers) > 1:
                slot = min(self.slots.next((at, test)), len(route.answers)) - 1
        is_open = (fields or not self.is_idle) and source != "internal"
        if not is_open and not self.keyed:
            head: Head = (self.number, now_ns, "", 0, test, "", route, place, slot, source)
            return _made((*head, (), 0, "", None, None, None, "", notes, ""))
        if seen.known is None:
            digest = digest_of(seen.body, len(seen.body) == seen.body_bytes)
            key = key_of(identity(seen.method, seen.target, digest, test))
            occurrence = self.occurrences.next(key)
        else:
            key, digest, occurrence = seen.known
            occurrence = occurrence or self.occurrences.next(key)
        head = (self.number, now_ns, key, occurrence, test, digest, route, place, slot, source)
        if not is_open:
            return _made((*head, (), 0, "", None, None, None, "", notes, ""))
        return self._decided(head, (facts, at, fields, notes), load)

    def _heard(self, said: headers.Said) -> tuple[tuple[str, ...], str]:
        """What is noted of a request's headers, and why it is refused."""
        if not self.program.enabled:
            return (("ignored: chaos is off",) if said.fields or said.wrong else ()), ""
        if said.wrong and self.strict:
            return (), "; ".join(said.wrong)
        return tuple(f"ignored: {wrong}" for wrong in said.wrong), ""

    def _decided(self, head: Head, asked: tuple[Facts, int | None, Fields, tuple[str, ...]], load: int) -> Decision:
        facts, at, fields, notes = asked
        now_ns: int = head[1]
        try:
            section = self.program.section(facts.test, at, fields)
        except InputError as error:  # the probabilities of headers add up to too much
            if self.strict:
                return _made((*head, (), 0, "", None, None, None, error.message, notes, ""))
            section, notes = self.program.section(facts.test, at), (*notes, f"ignored: {error.message}")
        limit = self._limit(section, facts, now_ns, load) if section.is_limited else None
        if limit is not None:
            passed_over(section, facts, now_ns)
            return _limited(head, notes, limit)
        base = base_from(self._begin + head[2].encode(), head[3])  # of key and occurrence
        rolls: list[Roll] = []
        delay_ns = delay_of(section, facts, base, now_ns, rolls) if section.latency is not None else 0
        hit = struck(section, facts, base, now_ns, rolls) if section.faults else None
        planned, origin, action = _strike(hit, facts, base, rolls)
        up, down = (None, None) if section.paces is None else section.paces(facts)
        return _made((*head, tuple(rolls), delay_ns, planned, action, up, down, "", notes, origin))

    def _limit(self, section: Compiled, facts: Facts, now_ns: int, load: int) -> Over | None:
        """The limit that a request is over: name, action, note and who set it. Who is not let in pays no bucket."""
        if section.concurrency is not None and load >= section.concurrency:
            note = f"{load} requests are in flight and {section.concurrency} may be"
            return CROWDED, _CROWD, note, section.limits["concurrency"].origin
        short = self.buckets.charge(section.owed(facts), now_ns)
        if short is None:
            return None
        return LIMITED, limited(short.wait_ns), _empty(short), short.limit.origin

    def applied(self, decision: Decision) -> None:
        """What was planned was done."""
        count = self.program.pool.counts.get((decision.origin, decision.planned))
        if count is not None:
            count.applied += 1

    def bypassed(self, decision: Decision, reason: str) -> None:
        """What was planned could not be done; the reason is in the record."""
        assert reason, "a bypass has its reason"
        count = self.program.pool.counts.get((decision.origin, decision.planned))
        if count is not None:
            count.bypassed += 1

    def pace(self, pace: Pace, size: int, now_ns: int) -> int:
        """Nanoseconds until `size` bytes may have gone; they are charged. Best in slices of `limits.slice_bytes`."""
        return self.paces.take(pace, size, now_ns)

    def tallies(self) -> list[Tally]:
        """What became of every fault that is or was declared, in the order in which they were declared."""
        return self.program.tallies()

    def effective(self, test: str = "", route: int | None = None) -> Effective:
        """What holds for the requests of a test scope and a route, each field with who said it."""
        return explained(self.state, self.program.layers(test, route))


def _sound(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 1 << SEED_BITS:
        raise InputError(
            "chaos.bad_value", f"seed is {seed!r}: expected a whole number from 0 to {(1 << SEED_BITS) - 1}"
        )
    return seed


def _limited(head: Head, notes: tuple[str, ...], limit: Over) -> Decision:
    planned, action, note, origin = limit
    return _made((*head, (), 0, planned, action, None, None, "", (*notes, note), origin))


def _strike(struck: Armed | None, facts: Facts, base: int, rolls: list[Roll]) -> tuple[str, str, Action | None]:
    if struck is None or struck.act is None:
        return "", "", None
    return struck.name, struck.origin, struck.act(Dice(base, struck.origin, rolls, struck.turns - 1), facts)


def _empty(short: Short) -> str:
    return f"the {short.limit.scope} bucket of {short.limit.origin} is empty for {short.wait_ns} ns"

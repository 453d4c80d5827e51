"""A session: what all doors of one run share. It has the engine, the clock and the listeners; it does no I/O.

Rule 1: a door asks `decide` once per request, and says `done` once per request, whatever became of it.
Rule 2: listeners get every exchange and every change, in the order in which they ended: journal, recorder, metrics, view.
Rule 3: a change applies to the next decision, all of it or nothing, and is a record too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from fozzy import wall
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Exchange, Headers
from fozzy.faults.http.decision import Decision, Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.state import State

CHANGE = "chaos.change"

Listener = Callable[[Record], None]
Outgoing = Callable[[Headers, Decision], Headers]


class Session:
    """One run of one or more doors. *Limits*: none of its own; it keeps no exchange."""

    def __init__(self, engine: Engine, now_ns: Callable[[], int] | None = None) -> None:
        self.engine = engine
        self.listeners: list[Listener] = []
        self.load = 0  # requests in flight
        self.load_max = 0
        self.connections = 0  # of clients, open now; a door that has connections keeps it
        self.outgoing: Outgoing | None = None  # what upstream gets as headers, where somebody has a say in it
        self.records_bodies = False  # somebody keeps whole bodies
        self.shown_bytes = 0  # so much of each body is shown by somebody, where nobody keeps them whole
        self.not_recorded = ""  # why nothing is recorded any more, though it was asked for
        self.now_ns = now_ns or wall.stopwatch()

    def decide(self, seen: Seen) -> Decision:
        """What happens to a request. From here on it is in flight, until `done`."""
        now = self.now_ns()
        self.tick(now)
        decision = self.engine.decide(seen, now, self.load)
        self.load += 1
        if self.load > self.load_max:
            self.load_max = self.load
        return decision

    def done(self, exchange: Exchange) -> None:
        """A request ended."""
        self.load -= 1
        if self.not_recorded and not exchange.not_recorded:
            exchange = replace(exchange, not_recorded=self.not_recorded)
        for listener in self.listeners:
            listener(exchange)

    def refused(self, exchange: Exchange) -> None:
        """A request ended that was never decided, since it was none, or too much of one; its number is 0."""
        for listener in self.listeners:
            listener(exchange)

    def change(self, state: State, what: str, **said: Any) -> None:
        """Put another state in force. *Errors*: `InputError`, and nothing changes."""
        now = self.now_ns()
        number = self.engine.change(state, now)
        fields = {"number": number, "arrived": now, "what": what, **said, "state": self.engine.state.plain()}
        event = Event(now, "", CHANGE, fields)
        for listener in self.listeners:
            listener(event)

    def tick(self, now_ns: int) -> None:
        """Carry out what the plan's schedule and the scenarios' durations have due."""
        if now_ns >= self.engine.due_ns:
            for state, what in self.engine.due(now_ns):
                self.change(state, what)

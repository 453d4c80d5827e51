"""A session over TCP: what all proxies of one run share. It has the engine, the clock and the listeners.

Rule 1: listeners get every record in the order in which it was told: recorder, journal, numbers, view.
Rule 2: a change applies at once, to open connections too, all of it or nothing, and is a record too.
Rule 3: time is trio's, so whoever runs this under a clock of their own has every delay on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import trio

from fozzy.core.events import Event, Record
from fozzy.faults.tcp.check import checked
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import TcpPlan, plain

CHANGE = "chaos.change"

Listener = Callable[[Record], None]


class Doors(Protocol):
    """Who listens for the proxies of a plan."""

    async def prepare(self, plan: TcpPlan) -> TcpPlan:
        """Open what the plan needs and is not open yet; returns the plan with the addresses that came of it.

        *Errors*: `UsageError` `chaos.listen` where one cannot be opened; then nothing is open that was not before.
        """

    def follow(self) -> None:
        """The plan that was prepared is in force: close what it no longer has."""


class TcpSession:
    """One run of any number of TCP proxies."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.listeners: list[Listener] = []
        self.doors: Doors | None = None
        self._altering = trio.Lock()
        self._began_s = 0.0
        engine.tell = self.tell

    def begin(self) -> None:
        """The clock starts; called within trio."""
        self._began_s = trio.current_time()

    def now_ns(self) -> int:
        """Nanoseconds since `begin`, of trio's clock."""
        return round((trio.current_time() - self._began_s) * 1e9)

    def at_s(self, due_ns: int) -> float:
        """A time of the session as trio's."""
        return self._began_s + due_ns / 1e9

    def tell(self, record: Record) -> None:
        """Something is over."""
        for listener in self.listeners:
            listener(record)

    async def alter(self, make: Callable[[TcpPlan], TcpPlan], what: str, **said: Any) -> TcpPlan:
        """Change the plan that is in force, one after the other, so that no change is lost. *Errors*: as `change`.

        Nothing is done where the plan stays the same.
        """
        async with self._altering:
            plan = make(self.engine.plan)
            return self.engine.plan if plan == self.engine.plan else await self.change(plan, what, **said)

    async def change(self, plan: TcpPlan, what: str, **said: Any) -> TcpPlan:
        """Put another plan in force. Returns it with its true addresses. *Errors*: `FozzyError`, and nothing changes."""
        plan = checked(plan)
        if self.doors is not None:
            plan = await self.doors.prepare(plan)
        now_ns = self.now_ns()
        phase = _phase((self.engine.plan, plan), said)
        number = self.engine.change(plan, now_ns)
        fields = {"number": number, "arrived": now_ns, "what": what, **said, **phase, "plan": plain(plan)}
        self.tell(Event(now_ns, "", CHANGE, fields))
        if self.doors is not None:
            self.doors.follow()
        return plan


def _phase(plans: Sequence[TcpPlan], said: Mapping[str, Any]) -> dict[str, str]:
    """Whether the toxic that comes or goes is met while clients connect: no record of a connection can tell of it then."""
    proxies = [proxy for plan in plans for proxy in plan.proxies if proxy.name == said.get("proxy")]
    toxics = [toxic for proxy in proxies for toxic in proxy.toxics if toxic.called == said.get("toxic")]
    return {"phase": "connect"} if any(KINDS[toxic.type].is_of_listener for toxic in toxics) else {}

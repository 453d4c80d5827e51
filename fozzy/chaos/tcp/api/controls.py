"""What the operations of the API act on: a session of TCP proxies, and who keeps its numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fozzy.chaos.tcp.journal import TcpJournal
from fozzy.chaos.tcp.session import TcpSession
from fozzy.faults.tcp.plan import TcpPlan


class TcpControls:
    """One session and its journal; `metrics` gives its numbers as Prometheus reads them."""

    def __init__(self, session: TcpSession, *, journal: TcpJournal, metrics: Callable[[], bytes]) -> None:
        self.session = session
        self.journal = journal
        self.metrics = metrics

    @property
    def plan(self) -> TcpPlan:
        """What is in force."""
        return self.session.engine.plan

    async def alter(self, make: Callable[[TcpPlan], TcpPlan], what: str, **said: Any) -> TcpPlan:
        """Put another plan in force. *Errors*: `FozzyError`, and nothing changes."""
        return await self.session.alter(make, what, **said)

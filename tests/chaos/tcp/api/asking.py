"""Asks Toxiproxy's API of a session without a socket: no door listens, but one gives addresses as a real one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import trio
from msgspec.structs import replace

from fozzy.chaos.api.call import Answer, Call
from fozzy.chaos.tcp.api.controls import TcpControls
from fozzy.chaos.tcp.api.dispatch import dispatch
from fozzy.chaos.tcp.journal import TcpJournal
from fozzy.chaos.tcp.metrics import TcpMetrics
from fozzy.chaos.tcp.session import TcpSession
from fozzy.core.events import Event, Record
from fozzy.errors import UsageError
from fozzy.faults.tcp.engine import Engine
from fozzy.faults.tcp.plan import Proxy, TcpPlan

TAKEN = 6666  # a port that somebody else has
UPSTREAM = "127.0.0.1:6379"


class Said(NamedTuple):
    """An answer, decoded."""

    status: int
    body: Any
    answer: Answer


class FakeDoors:
    """Gives out ports from 40001 on. `waits` is how often it lets others go first."""

    def __init__(self) -> None:
        self.given = 40000
        self.followed = self.waits = 0

    async def prepare(self, plan: TcpPlan) -> TcpPlan:
        """Addresses for what is enabled."""
        for _ in range(self.waits):
            await trio.lowlevel.checkpoint()
        if any(proxy.enabled and proxy.listen == f"127.0.0.1:{TAKEN}" for proxy in plan.proxies):
            raise UsageError("chaos.listen", f"cannot listen on 127.0.0.1:{TAKEN}: Address already in use")
        return replace(plan, proxies=[self._opened(proxy) for proxy in plan.proxies])

    def _opened(self, proxy: Proxy) -> Proxy:
        host, _, port = proxy.listen.rpartition(":")
        if port != "0" or not proxy.enabled:
            return proxy
        self.given += 1
        return replace(proxy, listen=f"{host.replace('localhost', '127.0.0.1')}:{self.given}")

    def follow(self) -> None:
        """Counts."""
        self.followed += 1


class Asking:
    """A session without proxies, and its API. Every question is a trio run of its own."""

    def __init__(self, *proxies: dict[str, Any]) -> None:
        self.doors = FakeDoors()
        self.session = TcpSession(Engine(TcpPlan(), 7))
        self.session.doors = self.doors
        self.metrics = TcpMetrics(self.session)
        self.journal = TcpJournal(now_s=lambda: 0.0)
        self.controls = TcpControls(self.session, journal=self.journal, metrics=self.metrics.text)
        self.changes: list[Event] = []
        self.session.listeners += [self.metrics.listen, self.journal.listen, self._hear]
        for proxy in proxies:
            assert self.post("/proxies", proxy).status == 201
        self.changes.clear()

    def _hear(self, record: Record) -> None:
        if isinstance(record, Event):
            self.changes.append(record)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Said:
        """What is answered; `body` is what is sent, or what becomes JSON."""
        return trio.run(self.asked, method, path, body, headers)

    def ask_at_once(self, *questions: tuple[str, str, Any]) -> list[Said]:
        """What is answered to several that come at once."""
        found: list[Said] = []

        async def one(method: str, path: str, body: Any) -> None:
            found.append(await self.asked(method, path, body, {}))

        async def every() -> None:
            async with trio.open_nursery() as nursery:
                for question in questions:
                    nursery.start_soon(one, *question)

        trio.run(every)
        return found

    async def asked(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Said:
        """The same, within trio."""
        data = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        place, _, query = path.partition("?")
        answer = await dispatch(self.controls, Call(method, place, query, headers, data))
        is_json = answer.type == "application/json" and answer.body
        return Said(answer.status, msgspec.json.decode(answer.body) if is_json else answer.body, answer)

    def get(self, path: str) -> Any:
        """What is answered with 200."""
        said = self.ask("GET", path)
        assert said.status == 200, said.body
        return said.body

    def post(self, path: str, body: Any = None) -> Said:
        """What is answered to a POST."""
        return self.ask("POST", path, body)

    def same_after(self, question: Callable[[], Said]) -> Said:
        """An answer to a question that changes nothing, whatever it asks."""
        before, number = self.session.engine.plan, self.session.engine.number
        said = question()
        assert self.session.engine.plan is before
        assert self.session.engine.number == number
        assert self.changes == []
        return said


def named(name: str = "redis", **more: Any) -> dict[str, Any]:
    """A proxy as a client writes it."""
    return {"name": name, "upstream": UPSTREAM, **more}

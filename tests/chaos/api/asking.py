"""Asks the operations of a session as plain functions, without a socket."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from fozzy.chaos.api.call import Answer, Call
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.dispatch import dispatch
from fozzy.chaos.session import Session
from fozzy.core.events import Event, Record
from fozzy.core.exchange import Asked, Exchange, Sent
from fozzy.faults.http.decision import Decision, Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan

JSON = {"content-type": "application/json"}


class Said(NamedTuple):
    """An answer, decoded."""

    status: int
    body: Any
    answer: Answer

    @property
    def error(self) -> Any:
        """The error it tells."""
        return self.body["error"]


class Asking:
    """A session of a plan, on a clock that is set by hand, and its controls."""

    def __init__(self, plan: Any = None, seed: int = 7, **said: Any) -> None:
        self.now_ns = 0
        engine = Engine(msgspec.convert(plan or {}, Plan), seed, has_upstream=True)
        self.session = Session(engine, lambda: self.now_ns)
        self.controls = Controls(self.session, **said)
        self.controls.listen()
        self.changes: list[Event] = []
        self.session.listeners.append(self._hear)

    def _hear(self, record: Record) -> None:
        if isinstance(record, Event):
            self.changes.append(record)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Said:
        """What an operation answers; `body` is JSON text or what becomes one."""
        data = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        place, _, query = path.partition("?")
        answer = dispatch(self.controls, Call(method, place, query, JSON if headers is None else headers, data))
        is_json = answer.type == "application/json"
        return Said(answer.status, msgspec.json.decode(answer.body) if is_json else answer.body, answer)

    def get(self, path: str) -> Any:
        """The body of what must be there."""
        said = self.ask("GET", path)
        assert said.status == 200, said.body
        return said.body

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """The body of what must be done."""
        said = self.ask(method, path, body)
        assert said.status == 200, said.body
        return said.body

    def everything(self) -> Any:
        """All that can be configured, for comparing before and after."""
        return [self.get(path) for path in ("/fozzy/config", "/fozzy/tests", "/fozzy/schedule", "/fozzy/routes")]

    def request(self, method: str = "GET", target: str = "/a", test: str = "", **headers: str) -> Decision:
        """A request that goes through, and its decision."""
        pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
        decision = self.session.decide(Seen(method, target, pairs, b"", 0, False, "127.0.0.1", test))
        self.now_ns += 1_000_000
        self.session.done(
            Exchange(
                t=self.now_ns,
                at=decision.place,
                number=decision.number,
                arrived=decision.arrived_ns,
                key=decision.key,
                occurrence=decision.occurrence,
                source=decision.source,
                request=Asked(method, target, pairs),
                sent=Sent(500 if decision.planned else 200),
                rolls=list(decision.rolls),
                planned=decision.planned,
                applied=decision.planned,
                test=test,
            )
        )
        return decision

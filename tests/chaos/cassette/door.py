"""A door without a wire: real decisions over a real session, answers as they are given, a clock that is set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from blake3 import blake3

from fozzy.chaos.cassette.header import Begun, wire_redactor
from fozzy.chaos.cassette.recorder import CassetteRecorder, Kept
from fozzy.chaos.cassette.tape import Place
from fozzy.chaos.session import Session
from fozzy.core.blob import Blob
from fozzy.core.exchange import Answered, Asked, Exchange, Headers, Sent
from fozzy.core.summary import Identity, Summary
from fozzy.faults.http.bodies import damaged
from fozzy.faults.http.decision import Damage, Decision, Give, Hold, Override, Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan

RUN = "abcd1234"
JSON: Headers = [("content-type", "application/json")]
MS = 10**6


def answer(body: bytes = b'{"ok": true}', status: int = 200, headers: Headers = JSON, **said: Any) -> Answered:
    """What upstream says."""
    chunks = said.pop("chunks", [(0, len(body))])
    return Answered(status, "OK", headers, Blob.of(body), len(body), chunks, **said)


def hashed(body: bytes) -> str:
    """The digest of what a fault sends."""
    return blake3(body).hexdigest(length=16)


class Door:
    """Asks and is answered. `upstream` makes the answer of a target."""

    def __init__(self, plan: Plan, seed: int = 7, upstream: Callable[[str], Answered] | None = None) -> None:
        self.now = 0
        self.plan = plan
        self.engine = Engine(plan, seed, has_upstream=True)
        self.session = Session(self.engine, lambda: self.now)
        self.upstream = upstream or (lambda _target: answer())
        self.exchanges: list[Exchange] = []
        self.session.listeners.append(lambda record: self.exchanges.append(record))  # type: ignore[arg-type]

    def recorder(self, target: Path, names: tuple[str, ...] = (), **said: Any) -> CassetteRecorder:
        """A recorder that listens."""
        begun = Begun(seed=self.engine.seed, has_upstream=True, plan=self.plan)
        place = Place(target, said.pop("policy", "append"), RUN, said.pop("goes_on", False))
        recorder = CassetteRecorder(begun, "proxy", place, wire_redactor(list(names)), **said)
        recorder.attach(self.session)
        return recorder

    def decide(self, target: str = "/a", body: bytes = b"", **said: Any) -> tuple[Decision, Seen]:
        """Decide a request."""
        self.now += MS
        method = said.get("method", "POST" if body else "GET")
        headers = said.get("headers", [("host", "x")])
        seen = Seen(method, target, headers, body, len(body), client="127.0.0.1", test=said.get("test", ""))
        return self.session.decide(seen), seen

    def ask(self, target: str = "/a", body: bytes = b"", **said: Any) -> Exchange:
        """Ask, and be answered as the decision says; `said` may hold more of the exchange."""
        decision, seen = self.decide(target, body, **said)
        return self.answered(decision, seen, said.get("exchange", {}))

    def answered(self, decision: Decision, seen: Seen, more: dict[str, Any]) -> Exchange:
        """End a request."""
        self.now += MS
        action = decision.action.then if isinstance(decision.action, Hold) else decision.action
        is_asked = decision.source != "internal" and not isinstance(action, Give)
        given = self.upstream(seen.target) if is_asked else None
        if isinstance(action, Give):
            sent = Sent(action.status, len(action.body), digest=hashed(action.body))
        elif isinstance(action, Damage) and given is not None:
            body = damaged(action.how, action.base, given.body.data())
            sent = Sent(200, len(body), digest=hashed(body))
        elif given is None:
            sent = Sent(404, 20)
        else:
            status = action.status if isinstance(action, Override) else given.status
            sent = Sent(status, given.bytes, digest=hashed(given.body.data()) if isinstance(action, Override) else "")
        if decision.planned:
            self.engine.applied(decision)
        fields: dict[str, Any] = {
            "t": self.now,
            "at": decision.place,
            "number": decision.number,
            "arrived": decision.arrived_ns,
            "key": decision.key,
            "occurrence": decision.occurrence,
            "source": decision.source,
            "request": Asked(
                seen.method, seen.target, seen.headers, Blob.of(seen.body), len(seen.body), decision.digest
            ),
            "answer": given,
            "sent": sent,
            "rolls": list(decision.rolls),
            "planned": decision.planned,
            "applied": decision.planned,
            "delay_ns": decision.delay_ns,
            "test": decision.test,
            "client": seen.client,
            "load": self.session.load - 1,
            "slot": decision.slot,
            "notes": list(decision.notes),
        }
        exchange = Exchange(**{**fields, **more})
        self.session.done(exchange)
        return exchange


def summary(path: str, command: str = "proxy http") -> Summary:
    """What the end of a proxy says."""
    return Summary(
        schema_version=1,
        command=command,
        status="pass",
        mode="proxy",
        identity=Identity(run_id=RUN, seed=7, trace_path=path),
        started_at="",
        finished_at="",
        duration_ms=1,
        duration_ns=1,
    )


def recorded(target: Path, plan: Plan, ask: Callable[[Door], None], **said: Any) -> Kept:
    """A recording of what `ask` does."""
    upstream = said.pop("upstream", None)
    door = Door(plan, upstream=upstream)
    recorder = door.recorder(target, **said)
    ask(door)
    return recorder.finish(summary)

"""An engine of a plan as a file has it, and requests for it."""

from __future__ import annotations

from typing import Any

from fozzy.faults.http.decision import Decision, Seen
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Plan

MS = 10**6
S = 10**9
UPSTREAM = "http://127.0.0.1:9000"


def plan(**said: Any) -> Plan:
    """A plan with an upstream, unless it says another."""
    return formed(Plan, {"upstream": UPSTREAM, **said})


def engine(seed: int = 7, strict: bool = True, keyed: bool = False, **said: Any) -> Engine:
    """An engine of a plan."""
    return Engine(plan(**said), seed, strict=strict, keyed=keyed)


def seen(target: str = "/", method: str = "GET", body: bytes = b"", **more: Any) -> Seen:
    """A request; headers may be a dict."""
    headers = more.pop("headers", {})
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    more.setdefault("body_bytes", len(body))
    more.setdefault("client", "127.0.0.1")
    return Seen(method, target, pairs, body, **more)


def ask(asked: Engine, target: str = "/", now_ns: int = 0, load: int = 0, **more: Any) -> Decision:
    """One decision."""
    return asked.decide(seen(target, **more), now_ns, load)


def asks(asked: Engine, count: int, **more: Any) -> list[Decision]:
    """Decisions about so many requests, each of another path."""
    return [ask(asked, f"/{n}", **more) for n in range(count)]


def planned(decisions: list[Decision]) -> list[str]:
    """What was planned for each."""
    return [each.planned for each in decisions]


def line(decision: Decision) -> tuple[Any, ...]:
    """What must be the same for the same request: no ordinals and no times."""
    return (
        decision.key,
        decision.occurrence,
        decision.test,
        decision.digest,
        decision.place,
        decision.source,
        decision.rolls,
        decision.delay_ns,
        decision.planned,
        decision.action,
        decision.refused,
        decision.notes,
    )


def log(decisions: list[Decision]) -> list[tuple[Any, ...]]:
    """The decision log: ordered by request and not by arrival."""
    return sorted((line(each) for each in decisions), key=lambda each: each[:2])

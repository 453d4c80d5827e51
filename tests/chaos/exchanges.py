"""Exchanges for tests of what listens to them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fozzy.core.exchange import Asked, Exchange, Sent
from fozzy.faults.http.plan import Plan, Route


def listened(*routes: Route, seed: int = 7) -> Any:
    """As much of a session as its listeners look at."""
    state = SimpleNamespace(plan=Plan(routes=list(routes)), enabled=True, active=[])
    engine = SimpleNamespace(state=state, seed=seed)
    return SimpleNamespace(engine=engine, now_ns=lambda: 0, load=0, load_max=0, connections=0)


def exchange(number: int = 1, status: int = 200, **said: Any) -> Exchange:
    """An exchange of 5 ms, with what is said otherwise."""
    fields: dict[str, Any] = {
        "t": 5_000_000 + number,
        "at": "",
        "number": number,
        "arrived": number,
        "key": f"{number:016x}",
        "occurrence": 1,
        "source": "proxy",
        "request": Asked("GET", "/a"),
        "sent": Sent(status, 10),
    }
    return Exchange(**{**fields, **said})

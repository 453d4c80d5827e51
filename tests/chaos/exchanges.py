"""Exchanges for tests of what listens to them."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.chaos.session import Session
from fozzy.core.exchange import Asked, Exchange, Sent
from fozzy.faults.http.engine import Engine
from fozzy.faults.http.plan import Plan, Route


def listened(*routes: Route, seed: int = 7, **said: Any) -> Session:
    """A session for listeners, whose clock stands still at 0."""
    return Session(Engine(msgspec.convert({**said, "routes": routes}, Plan, from_attributes=True), seed), lambda: 0)


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

"""Records of TCP for tests of what listens to them."""

from __future__ import annotations

from typing import Any

from fozzy.core.wires import Connected, Flowed, Spoken, Struck

APPLIED = Struck("late", "latency", applied=True)
BYPASSED = Struck("late", "latency", reason="never_came")


def message(number: int = 2, **said: Any) -> Spoken:
    """A message of the first connection."""
    fields: dict[str, Any] = {"t": number, "at": "kv", "number": number, "arrived": number, "connection": 1}
    fields |= {"stream": "upstream", "message": number, "of": "request", "offset": 0, "about": f"GET {number}"}
    return Spoken(**{**fields, **said})


def connection(number: int = 1, **said: Any) -> Connected:
    """The first connection."""
    fields: dict[str, Any] = {"t": 99, "at": "kv", "number": number, "arrived": 1, "connection": 1, "by": "client"}
    fields |= {"upstream": Flowed(10, 10, 1, "fin", "fin"), "downstream": Flowed(20, 15, 1)}
    return Connected(**{**fields, **said})

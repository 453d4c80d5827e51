"""What a fault does, in words that every door understands: a scenario's backends, a proxy, a transport.

An action comes before the world is asked, or changes what it answered. Whoever applies it says whether it could.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple


class Wait(NamedTuple):
    """Let time pass, then go on."""

    duration_ns: int


class Reply(NamedTuple):
    """Answer in the world's place; it is not asked."""

    answer: Any


class Refuse(NamedTuple):
    """Fail in the world's place, after a time; it is not asked."""

    kind: Literal["timeout", "reset", "not_found", "denied", "io"]
    message: str
    after_ns: int = 0


class Change(NamedTuple):
    """Ask the world, then change its answer. The recording keeps the true one."""

    change: Callable[[Any], Any]


class Send(NamedTuple):
    """Change what the world is asked."""

    change: Callable[[Any], Any]


Action = Wait | Reply | Refuse | Change | Send

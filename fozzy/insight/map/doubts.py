"""Gathers what a map does not know."""

from __future__ import annotations

from collections import Counter

from fozzy.errors import whole
from fozzy.insight.map.model import Degraded, Reason, ReasonName


class Doubts:
    """What could not be looked at, in the order it was met. Nothing is dropped without a word in here."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[str, str], Reason] = {}

    def add(self, reason: ReasonName, path: str, message: str) -> None:
        """Something that could not be looked at; the same thing twice is one."""
        path, message = whole(path), whole(message)
        self._reasons.setdefault((reason, path + message), Reason(reason=reason, path=path, message=message))

    def degraded(self) -> Degraded:
        """All of it, sorted by reason and path."""
        reasons = sorted(self._reasons.values(), key=lambda each: (each.reason, each.path, each.message))
        return Degraded(reasons=reasons, counts=dict(sorted(Counter(each.reason for each in reasons).items())))

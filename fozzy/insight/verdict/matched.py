"""Calls by a pattern, in the words in which toxics are matched."""

from __future__ import annotations

from collections.abc import Iterable

from fozzy.faults.tcp.armed import pattern_of
from fozzy.faults.tcp.frames.redis_command import spellings
from fozzy.insight.verdict.model import Call


def matched(calls: Iterable[Call], pattern: str | None) -> list[Call]:
    """Those that begin with these words, as `INCR orders` or `GET /users*`; all without a pattern."""
    if pattern is None:
        return list(calls)
    words = pattern_of(pattern)
    return [call for call in calls if any(words.match(about) for about in spellings(call.about))]

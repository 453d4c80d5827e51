"""Connections to upstream that are kept for the next request.

Rule 1: one is taken only if it is open and silent. What closes between that look and our request is upstream's doing.
Rule 2: a request that must not be done twice goes over one that was used just now, or over a new one: servers close
what is idle, and then nobody can tell whether a request had arrived.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from fozzy.chaos.http.ends import End
from fozzy.chaos.http.origins import Origin, connected

KEPT_MAX = 1024  # idle connections of one origin
KEPT_NS = 30 * 10**9
FRESH_NS = 10**9
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))  # RFC 9110, 9.2.2


class Pool:
    """Connections to all origins. *Limits*: those above. *Closes*: `close`."""

    def __init__(self, context: Callable[[], ssl.SSLContext], now_ns: Callable[[], int]) -> None:
        self._make_context = context
        self._context: ssl.SSLContext | None = None
        self._now_ns = now_ns
        self._kept: dict[Origin, list[tuple[End, int]]] = {}  # the one that was used last stands last

    def take(self, origin: Origin, method: str) -> End | None:
        """A connection that was kept, none where a new one is needed."""
        kept = self._kept.get(origin)
        while kept:
            end, since_ns = kept.pop()
            if self._now_ns() - since_ns > (KEPT_NS if method in IDEMPOTENT else FRESH_NS):
                kept.append((end, since_ns))
                return None
            if end.is_clean():
                return end
            end.close()
        return None

    async def connect(self, origin: Origin) -> End:
        """A new connection. *Errors*: `UpstreamFailed`."""
        if origin.is_secure and self._context is None:  # reading the system's authorities takes tens of milliseconds
            self._context = self._make_context()
        return await connected(origin, self._context)

    def keep(self, origin: Origin, end: End) -> None:
        """Keep a connection whose answer has ended."""
        kept = self._kept.setdefault(origin, [])
        if len(kept) >= KEPT_MAX:
            kept.pop(0)[0].close()
        kept.append((end, self._now_ns()))

    def sweep(self) -> None:
        """Close what was not used for long, or was ended by upstream."""
        old = self._now_ns() - KEPT_NS
        for origin, kept in list(self._kept.items()):
            stay = [each for each in kept if each[1] > old and each[0].is_clean()]
            for each in kept:
                if each not in stay:
                    each[0].close()
            if stay:
                self._kept[origin] = stay
            else:
                del self._kept[origin]

    def close(self) -> None:
        """Close all that is kept."""
        for kept in self._kept.values():
            for end, _ in kept:
                end.close()
        self._kept.clear()

    def __len__(self) -> int:
        return sum(len(kept) for kept in self._kept.values())

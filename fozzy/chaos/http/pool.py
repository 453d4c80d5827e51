"""Connections to upstream that are kept for the next request.

Rule 1: one is taken only if it is open and silent. What closes between that look and our request is upstream's doing.
Rule 2: a request that must not be done twice goes over one that was used just now, or over a new one: servers close
what is idle, and then nobody can tell whether a request had arrived.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

from fozzy.chaos.http.ends import End
from fozzy.chaos.http.lines import Line
from fozzy.chaos.http.origins import Origin, connected, secured
from fozzy.chaos.http.wire import Wire

KEPT_MAX = 1024  # idle connections of one origin
KEPT_NS = 30 * 10**9
FRESH_NS = 10**9
IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"))  # RFC 9110, 9.2.2


class Pool:
    """Connections to all origins, by the session's clock. *Limits*: those above. *Closes*: `close`."""

    def __init__(
        self, context: Callable[[], ssl.SSLContext], wire: Wire, end: Callable[[socket.socket], End] = End
    ) -> None:
        self._make_context = context
        self._make_end = end
        self._context: ssl.SSLContext | None = None
        self._wire = wire
        self._kept: dict[Origin, list[tuple[Line, int]]] = {}  # the one that was used last stands last

    def take(self, origin: Origin, method: str, now_ns: int) -> Line | None:
        """A connection that was kept, none where a new one is needed."""
        kept = self._kept.get(origin)
        while kept:
            line, since_ns = kept.pop()
            if now_ns - since_ns > (KEPT_NS if method in IDEMPOTENT else FRESH_NS):
                kept.append((line, since_ns))
                return None
            if line.end.is_clean():
                return line
            line.close()
        return None

    async def connect(self, origin: Origin) -> Line:
        """A new connection. *Errors*: `UpstreamFailed`."""
        sock = await connected(origin)
        if not origin.is_secure:
            return Line(self._make_end(sock), self._wire)
        if self._context is None:  # reading the system's authorities takes tens of milliseconds
            self._context = self._make_context()
        return Line(await secured(sock, origin, self._context), self._wire)

    def keep(self, origin: Origin, line: Line, now_ns: int) -> None:
        """Keep a connection whose answer has ended."""
        kept = self._kept.setdefault(origin, [])
        if len(kept) >= KEPT_MAX:
            kept.pop(0)[0].close()
        kept.append((line, now_ns))

    def sweep(self, now_ns: int) -> None:
        """Close what was not used for long, or was ended by upstream."""
        for origin, kept in list(self._kept.items()):
            stay = []
            for line, since_ns in kept:
                if now_ns - since_ns <= KEPT_NS and line.end.is_clean():
                    stay.append((line, since_ns))
                else:
                    line.close()
            if stay:
                self._kept[origin] = stay
            else:
                del self._kept[origin]

    def close(self) -> None:
        """Close all that is kept."""
        for kept in self._kept.values():
            for line, _ in kept:
                line.close()
        self._kept.clear()

    def __len__(self) -> int:
        return sum(len(kept) for kept in self._kept.values())

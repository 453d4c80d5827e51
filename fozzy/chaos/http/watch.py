"""How long a connection may stay in the state it is in. Looked at a few times a second instead of a timer for each wait.

A timer for each read costs as much as the read, and so does a look at the clock. So a connection says what it waits for
and how long it may, and one task looks at all of them: its first look at a wait starts the time. What is late is
cancelled, a look later at most, and the connection then does what belongs to its state.
"""

from __future__ import annotations

from enum import Enum

NEVER_S = float("inf")


class Phase(Enum):
    """What a connection waits for; when that is late, what the client gets."""

    IDLE = "idle_timeout"  # for a request: the connection is closed
    HEAD = "header_timeout"  # for the rest of a head: 408
    BODY = "body_timeout"  # for more of a request's body: 408
    CONNECT = "connect_timeout"  # for a connection to upstream: 502
    ANSWER = "upstream_timeout"  # for the head of upstream's answer: 504
    RELAY = "upstream_stalled"  # for more of upstream's answer: it ends too early
    SEND = "client_stalled"  # for the client to take what is sent: reset
    HOLD = "held"  # a fault's time to pass; never late
    TOTAL = "connection_timeout"  # the connection has lived as long as it may
    GONE = "client_gone"  # nothing: nobody is there any more
    STOP = "proxy_stopped"


class Watch:
    """What one connection waits for, and how long; the looker's clock is in nanoseconds."""

    __slots__ = ("_deadline_ns", "phase", "seconds", "total_ns")

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.seconds = NEVER_S
        self._deadline_ns = 0  # 0: nobody has looked since the wait began
        self.total_ns: int | None = None  # when the connection's own time is up

    def expect(self, phase: Phase, seconds: float) -> None:
        """From now on it waits for this, so long."""
        self.phase = phase
        self.seconds = seconds
        self._deadline_ns = 0

    def hold(self) -> None:
        """From now on time passes that nobody limits."""
        self.expect(Phase.HOLD, NEVER_S)

    def late(self, now_ns: int) -> Phase | None:
        """What is late, if anything is."""
        if self.total_ns is not None and now_ns >= self.total_ns:
            return Phase.TOTAL
        if self.seconds == NEVER_S:
            return None
        if not self._deadline_ns:
            self._deadline_ns = now_ns + int(self.seconds * 1e9)
            return None
        return self.phase if now_ns >= self._deadline_ns else None

"""How long a connection may stay in the state it is in. Looked at a few times a second instead of a timer for each wait.

A timer for each read costs as much as the read. So a connection says what it waits for and until when, and one task
looks at all of them; what is late is cancelled, and the connection then does what belongs to its state.
"""

from __future__ import annotations

from enum import Enum

from fozzy import wall

NEVER_NS = 1 << 62


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
    """What one connection waits for, and until when; nanoseconds of the machine's clock."""

    __slots__ = ("deadline_ns", "phase", "total_ns")

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.deadline_ns = NEVER_NS
        self.total_ns = NEVER_NS

    def expect(self, phase: Phase, seconds: float) -> None:
        """From now on it waits for this, so long."""
        self.phase = phase
        self.deadline_ns = wall.elapsed_ns() + int(seconds * 1e9)

    def hold(self) -> None:
        """From now on time passes that nobody limits."""
        self.phase = Phase.HOLD
        self.deadline_ns = NEVER_NS

    def late(self, now_ns: int) -> Phase | None:
        """What is late, if anything is."""
        if now_ns >= self.total_ns:
            return Phase.TOTAL
        return self.phase if now_ns >= self.deadline_ns else None

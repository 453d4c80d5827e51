"""Who is running now: the simulated machine whose code has the processor; none outside of the simulator.

Everything that stands in the place of a clock, a random source or the operating system asks here first. It is used
beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

from typing import Protocol


class Machine(Protocol):
    """What a program can read of the machine it runs on."""

    name: str
    ip: str
    pid: int

    def now_ns(self) -> int:
        """Nanoseconds since the run began, as this machine has them."""
        ...

    def bits(self, count: int) -> int:
        """`count` random bits for the program's own use; 0 is the boring value."""
        ...

    def entropy(self, count: int) -> bytes:
        """`count` bytes as the operating system gives them."""
        ...

    def block(self, duration_ns: int) -> None:
        """The program blocks its machine for a while, as `time.sleep` does."""
        ...

    def say(self, text: str) -> None:
        """The program writes to stdout, stderr or a log."""
        ...

    def fence(self, call: str, why: str) -> BaseException:
        """The run is over, since the program does what cannot be simulated; what to raise so that it stops here."""
        ...


EPOCH_NS = 1_735_689_600 * 10**9  # the wall clock of every machine begins at 2025-01-01T00:00:00Z
UPTIME_NS = 1_000 * 10**9  # the monotonic clock begins here: a machine has been up for a while

current: Machine | None = None

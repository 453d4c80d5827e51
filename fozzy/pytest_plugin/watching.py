"""What happens to services while a test runs, told as faults of the test: `redis-server/killed`, and when it is over."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fozzy.pytest_plugin.meeting import UNMET, Meeting

if TYPE_CHECKING:
    from fozzy.chaos.services.faults import InForce
    from fozzy.chaos.services.service import Service

BEGINS, APPLIED, ENDS, OVER = " begins", "", " ends", " is over"
KINDS = frozenset(("killed", "frozen", "limited", "exhausted"))
LASTING = "killed"  # who comes afterwards finds what it left
TAKING = "exhausted"  # who is connected already does not meet it

Tell = Callable[[str, str, bool], None]  # which service's address, which fault, whether it is over
IsUsed = Callable[[str], bool]  # whether a client is connected to what has this address


class Watching:
    """Listens to services. *Closes*: `close`."""

    def __init__(self, tell: Tell, is_used: IsUsed) -> None:
        self._tell = tell
        self._is_used = is_used
        self._heard: dict[Service, Callable[[str], None]] = {}
        self._made: dict[Service, int] = {}  # how many faults were made before it was listened to
        self._begun: set[str] = set()
        self._meetings: dict[str, Meeting] = {}  # of what begins; by name, the latest
        self._applied: list[tuple[str, Meeting]] = []

    def begin(self) -> None:
        """Listen to all services that run in this process now."""
        module = sys.modules.get("fozzy.chaos.services.service")
        for service in list(getattr(module, "RUNNING", ())):
            self.add(service)

    def add(self, service: Any) -> None:
        """Listen to one more, where it is one."""
        if hasattr(service, "listeners") and service not in self._heard:
            self._made[service] = len(service.made)
            self._heard[service] = lambda what: self._hear(service, what)
            service.listeners.append(self._heard[service])

    def close(self) -> None:
        """Listen no more."""
        for service, listener in self._heard.items():
            service.listeners.remove(listener)
        self._heard.clear()

    @property
    def missed(self) -> list[str]:
        """The faults that came to pass, and that nobody can have met, a line each."""
        return [f"{name} came to pass: {UNMET}" for name, meeting in self._applied if meeting.is_missed]

    @property
    def made(self) -> list[InForce]:
        """Faults that were made for a block, whether it was entered or not."""
        return [each for service, before in self._made.items() for each in service.made[before:]]

    def _hear(self, service: Service, what: str) -> None:
        kind, space, rest = what.partition(" ")
        name, phase = f"{service.name}/{kind}", space + rest
        if kind not in KINDS:
            return
        if phase == BEGINS:
            self._meetings[name] = Meeting(connected=self._is_used(service.address), lasts=kind == LASTING)
        elif phase == ENDS and name in self._meetings:
            self._meetings[name].ends()
        elif phase == APPLIED:
            self._begins(service, name, kind)
        elif phase == OVER and name in self._begun:
            self._begun.discard(name)
            self._meetings[name].is_over()
            self._tell(service.address, name, True)

    def _begins(self, service: Service, name: str, kind: str) -> None:
        self._begun.add(name)
        if kind == TAKING or name not in self._meetings:  # what it takes itself nobody has met
            self._meetings[name] = Meeting(connected=kind != TAKING and self._is_used(service.address))
        self._applied.append((name, self._meetings[name]))
        self._tell(service.address, name, False)

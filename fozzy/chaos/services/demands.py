"""What the faults in force want a service to be: there, standing still, or dead. Whoever wants most of it has it.

Rule 1: a fault that ends leaves the service as the others want it, in whichever order they end.
Rule 2: a fault wants something from when it strikes to the end of its block, after which it strikes no more.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fozzy.chaos.services.service import Service


class State(IntEnum):
    """What a service may be, the worst last."""

    THERE = 0
    STILL = 1
    DEAD = 2


class Demand:
    """What one fault wants of a service. *Closes*: `end`."""

    def __init__(self, service: Service) -> None:
        self.wants = State.THERE
        self._service = service
        service.demands.append(self)

    def strike(self, wants: State) -> bool:
        """From now on it is to be so. Returns whether the fault is in force at all."""
        with self._service.lock:
            if self not in self._service.demands:
                return False
            self.wants = wants
            if wants is State.DEAD:
                self._service.kill()
            else:
                self._service.pause()
            return True

    def end(self, back: Callable[[], None]) -> None:
        """It is over. `back` has the service there again, where no other fault wants something."""
        with self._service.lock:
            self._service.demands.remove(self)
        _settle(self._service, back)


def _settle(service: Service, back: Callable[[], None]) -> None:
    for _ in State:  # others may strike meanwhile, and each wants more than there was
        wanted = _wanted(service)
        if wanted is State.DEAD:
            service.kill()
        elif wanted is State.STILL:
            if not service.is_alive:
                service.start()
            service.pause()
        elif service.in_force and service.is_alive:
            service.go_on()  # it need not answer: they may have taken what it would answer with
        else:
            back()
        if _wanted(service) is wanted:
            return


def _wanted(service: Service) -> State:
    with service.lock:
        return max((each.wants for each in service.demands), default=State.THERE)

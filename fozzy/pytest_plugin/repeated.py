"""What runs of one test together must show.

Rule 1: a fault under a rate may be missed by one seed of several; in one of the runs it must come to pass.
Rule 2: a fault of a service that waits for a request must strike, whoever's proxy the request comes through.
Rule 3: runs with the same seed decide the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fozzy.faults.tcp.armed import Tally
from fozzy.pytest_plugin.keeping import decisions_of
from fozzy.pytest_plugin.state import ChaosTest
from fozzy.pytest_plugin.words import tally_said

if TYPE_CHECKING:
    from fozzy.chaos.services.faults import InForce as OfService
    from fozzy.chaos.services.faults import Waits
    from fozzy.chaos.tcp.handle import InForce as OfProxy

UNUSED = "was never in force: it takes a `with`"
UNSTRUCK = "never came to pass: no request struck it"


class Repeated:
    """The runs of one test so far."""

    def __init__(self) -> None:
        self._missed: dict[str, Tally] = {}
        self._unstruck: dict[str, str] = {}
        self._applied: set[str] = set()
        self._first: list[bytes] | None = None

    def never_applied(self, test: ChaosTest) -> list[str]:
        """The faults that this run had to show and did not."""
        wanted, never, unstruck = test.wanted, test.declared.never_came(), _unstruck(test)
        missed_by_all = [*test.services.missed, *_unused(test), *_without_effect(test)]
        if wanted.runs == 1 or not wanted.varies:
            return [*(each.said for each in never), *missed_by_all, *unstruck.values()]
        missed = {each.place: each.tally for each in never if each.tally.rolled and not each.tally.hit}
        self._applied |= {each.place for each in test.declared.all if each.tally.applied}
        self._applied |= {each.place for each in test.services.made if each.applied}
        self._missed |= missed
        self._unstruck |= unstruck
        said = [*(each.said for each in never if each.place not in missed), *missed_by_all]
        if wanted.run == wanted.runs:
            said += [tally_said(tally) for place, tally in self._missed.items() if place not in self._applied]
            said += [line for place, line in self._unstruck.items() if place not in self._applied]
        return said

    def other_decisions(self, test: ChaosTest) -> str:
        """What this run decided otherwise than the first one with the same seed; nothing where all is the same."""
        if test.wanted.runs == 1 or test.wanted.varies or not test.wanted.is_virtual:
            return ""
        now = decisions_of(test.records)
        if self._first is None:
            self._first = now
        found = difference(self._first, now)
        return found and f"run {test.wanted.run} decided otherwise than run 1 with the same seed\n{found}"


def _unused(test: ChaosTest) -> list[str]:
    """Faults that were made for a block, where no block was entered at all: who picks one of several entered one."""
    made: list[OfService | OfProxy] = [*test.services.made, *test.declared.made]
    return [] if any(each.is_used for each in made) else [f"{each.place} {UNUSED}" for each in made]


def _waiting(test: ChaosTest) -> list[tuple[OfService, Waits]]:
    """Faults of services that waited for a request in vain."""
    never = [each for each in test.services.made if not each.applied]
    return [(each, each.waits_for) for each in never if each.waits_for is not None]


def _unstruck(test: ChaosTest) -> dict[str, str]:
    """Of those the ones whose proxy is none of the test's, by their place: such a proxy tells nothing."""
    ours = {(each.proxy, each.armed.name) for each in test.declared.all}
    return {
        fault.place: f"{fault.place} {UNSTRUCK}"
        for fault, waits in _waiting(test)
        if waits not in ours and not test.declared.is_left_out(*waits)
    }


def _without_effect(test: ChaosTest) -> list[str]:
    """And the ones whose request came: with none to come the toxic itself says so."""
    came = {(each.proxy, each.armed.name) for each in test.declared.all if each.tally.applied}
    return [
        f"{fault.place} never came to pass, though {waits.proxy}/{waits.toxic} did"
        for fault, waits in _waiting(test)
        if waits in came
    ]


def difference(before: list[bytes], now: list[bytes]) -> str:
    """The first line in which two decision logs differ; nothing where they are the same."""
    for at in range(max(len(before), len(now))):
        one, other = (log[at].decode().strip() if at < len(log) else "nothing" for log in (before, now))
        if one != other:
            return f"  before: {one}\n  now:    {other}"
    return ""

"""What a test holds as `chaos`: its seed, its faults, its trace, and what must hold of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from fozzy.core.events import Record
from fozzy.core.words import count
from fozzy.errors import UsageError, suggestion
from fozzy.faults.tcp.armed import Tally
from fozzy.faults.tcp.plan import TcpPlan
from fozzy.pytest_plugin.words import tally_said

if TYPE_CHECKING:
    from fozzy.insight.verdict.oracles import Oracles
    from fozzy.pytest_plugin.proxies import ChaosProxy
    from fozzy.pytest_plugin.state import ChaosTest

F = TypeVar("F", bound=Callable[[], Any])


class Chaos:
    """Faults, seed, trace and oracles of one test."""

    def __init__(self, test: ChaosTest) -> None:
        self._test = test

    @property
    def seed(self) -> int:
        """What all draws of this test follow from."""
        return self._test.seed

    @property
    def run(self) -> int:
        """Which of its runs this is, from 1."""
        return self._test.wanted.run

    @property
    def plan(self) -> TcpPlan:
        """The proxies and toxics that are in force now."""
        return self._test.plan

    @property
    def records(self) -> list[Record]:
        """The trace so far: connections, messages and changes that are over."""
        return self._test.records

    @property
    def tallies(self) -> list[Tally]:
        """What became of each toxic that was put in force, in that order."""
        return [each.tally for each in self._test.declared.all]

    def decisions(self) -> bytes:
        """The decision log: the same bytes for the same seed and the same messages."""
        from fozzy.chaos.tcp.decisions import decision_lines

        return b"".join(decision_lines(self.records))

    def __getitem__(self, name: str) -> ChaosProxy:
        """The proxy of a name. *Errors*: `UsageError`."""
        known = self._test.proxies
        if name not in known:
            hint = suggestion(name, known) or f"there are {', '.join(known) or 'none'}"
            raise UsageError("chaos.unknown_proxy", f'this test has no proxy "{name}"', hint=hint)
        return known[name]

    def fired(self, toxic: str) -> int:
        """How often a toxic came to pass, by its type, its name or `PROXY/NAME`; or a fault of a service, as `killed`.

        *Errors*: `UsageError` for none of these.
        """
        found = [each for each in self.tallies if toxic in _names(each)]
        services = self._test.happened(toxic)
        if not found and services:
            return services
        if not found:
            known = sorted({name for each in self.tallies for name in _names(each)})
            hint = suggestion(toxic, known) or f"there were {', '.join(known) or 'none'}"
            raise UsageError("chaos.unknown_toxic", f'no toxic "{toxic}" was put in force in this test', hint=hint)
        return sum(each.applied for each in found)

    def assert_fired(self, toxic: str, times: int | None = None) -> None:
        """It came to pass, exactly so often where that is said. *Errors*: `AssertionError` with what became of each."""
        seen = self.fired(toxic)
        if (times is None and not seen) or (times is not None and seen != times):
            from fozzy.insight.verdict.judgements import Complaint
            from fozzy.insight.verdict.oracles import complained

            wanted = "at least once" if times is None else count(times, "time")
            said = f"{toxic} came to pass {count(seen, 'time')}, not {wanted}\n{_listed(self.tallies)}"
            raise complained(Complaint("fired.number" if seen else "fired.never", said))

    def resets(self, forget: F) -> F:
        """Have a function forget what outlives a test: it is called now, and when the test has ended.

        *Errors*: `UsageError` for what is no function that can be called so.
        """
        return self._test.resetting.own(forget)

    @property
    def oracles(self) -> Oracles:
        """What must hold of the clients of this test, and what they did."""
        return self._test.oracles

    def __getattr__(self, name: str) -> Any:
        """The oracles over what the wire saw, each under its own name: `assert_at_most_once`, `breaker`, `verdict`."""
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self.oracles, name, None)
        if found is None:
            hint = suggestion(name, [each for each in dir(self.oracles) if not each.startswith("_")])
            raise AttributeError(f"chaos has no {name}" + (f"; {hint}" if hint else ""))
        return found

    def __repr__(self) -> str:
        return f"<chaos, seed {self.seed}>"


def _names(tally: Tally) -> Iterable[str]:
    return tally.type, tally.place.partition("/")[2], tally.place


def _listed(tallies: Iterable[Tally]) -> str:
    return "\n".join(f"  {tally_said(each)}" for each in tallies)

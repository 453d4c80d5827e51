"""What the operations of the control API act on: one session and what listens to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from fozzy.chaos.api.answers import Holds, InForce
from fozzy.chaos.api.call import Rejected
from fozzy.chaos.api.cassettes import Cassettes
from fozzy.chaos.journal import Journal
from fozzy.chaos.journal_entry import KEPT_BYTES_MAX
from fozzy.chaos.session import Session
from fozzy.chaos.stats import Stats
from fozzy.faults.http import control
from fozzy.faults.http.armed import Tally
from fozzy.faults.http.explained import Effective
from fozzy.faults.http.forms import formed
from fozzy.faults.http.plan import Plan, Section
from fozzy.faults.http.state import State


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is controlled: which door, where it listens, whom it asks."""

    door: str = "http"
    listening: str = ""
    upstream: str | None = None


class Controls:
    """One session, its journal and its numbers; `cassettes` and `metrics` where the door has them."""

    def __init__(
        self,
        session: Session,
        *,
        journal: Journal | None = None,
        stats: Stats | None = None,
        about: About | None = None,
        cassettes: Cassettes | None = None,
        metrics: Callable[[], bytes] | None = None,
    ) -> None:
        self.session = session
        self.journal = journal if journal is not None else Journal()
        self.stats = stats if stats is not None else Stats()
        self.about = about or About()
        self.cassettes = cassettes
        self.metrics = metrics
        self.begun = session.engine.state  # what `reset` puts in force
        self._before: dict[tuple[str, str], Tally] = {}  # what became of each fault until the last reset

    def listen(self) -> None:
        """Have the journal and the numbers follow the session."""
        self.session.listeners += [self.journal.listen, self.stats.listen]
        self.session.shown_bytes = KEPT_BYTES_MAX

    @property
    def state(self) -> State:
        """What is in force."""
        return self.session.engine.state

    def change(self, state: State, what: str, **said: Any) -> InForce:
        """Put another state in force. *Errors*: `InputError`, and nothing changes."""
        seed = state.plan.seed
        if seed is not None and seed != self.session.engine.seed:
            why = f"seed is {seed}: it is {self.session.engine.seed} in this run and cannot change while it runs"
            hint = "Leave it out, or start another proxy."
            raise Rejected(400, "chaos.bad_value", why, hint=hint, field="seed")
        self.session.change(state, what, **said)
        return self.in_force()

    def with_plan(self, **fields: Any) -> State:
        """The state with other fields in its plan; what stays the same goes on."""
        plan: Plan = replace(self.state.plan, **fields)
        return replace(self.state, plan=plan)

    def reset(self) -> InForce:
        """What the run began with, an empty journal, and numbers that begin at 0."""
        in_force = self.change(control.reset(self.begun, self.session.now_ns()), "reset")
        self.journal.clear()
        self.stats.clear()
        self._before = {(each.place, each.name): each for each in self.session.engine.tallies()}
        self.session.load_max = self.session.load
        return in_force

    def tallies(self) -> list[Tally]:
        """What became of each fault since the last reset; the engine counts on, for the end of a strict run."""
        return [since(each, self._before.get((each.place, each.name))) for each in self.session.engine.tallies()]

    def holds(self, test: str = "", route: int | None = None) -> Holds:
        """What holds for the requests of a test and a route."""
        return holds_of(self.session.engine.effective(test, route))

    def in_force(self) -> InForce:
        """All that is in force for requests without a scope or route of their own."""
        state = self.state
        return InForce(
            enabled=state.enabled,
            active=state.active,
            holds=self.holds(),
            tests=list(state.tests),
            notes=list(_notes(state)),
        )


def since(tally: Tally, before: Tally | None) -> Tally:
    """What became of a fault after an earlier count; one that was forgotten since has begun at 0 again."""
    if before is None or tally.matched < before.matched:
        return tally
    return Tally(tally.place, tally.name, *(now - then for now, then in zip(tally[2:], before[2:], strict=True)))


def holds_of(effective: Effective) -> Holds:
    """What holds, also as a section."""
    document: dict[str, Any] = {} if effective.mode_origin == "default" else {"mode": effective.mode}
    for field in effective.fields:
        whole, _, part = field.name.partition(".")
        if part:
            document.setdefault(whole, {})[part] = field.value
        else:
            document[whole] = field.value
    return Holds(
        enabled=effective.enabled,
        mode=effective.mode,
        mode_origin=effective.mode_origin,
        config=formed(Section, document),
        fields=effective.fields,
    )


def _notes(state: State) -> list[str]:
    """What may surprise who has just changed something."""
    notes = [] if state.enabled else ["chaos is off: what is configured does nothing until it is turned on"]
    if state.active:
        notes.append(f'the scenario "{state.active[0].name}" stands in the place of what the plan says for the server')
    return notes

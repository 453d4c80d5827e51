"""Faults: the armed rules of a run. It rolls and decides; who asked applies the action and says whether it could.

Rule 1: every probability is one draw under `fault.<name>`, so a fault more moves no other draw.
Rule 2: what was planned and what was applied are told apart: a fault that was rolled but could not be applied is
bypassed, with its reason, and never counts as applied.
Rule 3: the first rule that hits wins, in the order of arming; the rules after it are not rolled for that event.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fozzy.core.choice import CHANCES, Choices, first_hit
from fozzy.core.events import Event
from fozzy.faults.actions import Action
from fozzy.faults.kinds.base import Dice
from fozzy.faults.rule import Rule, Target
from fozzy.faults.schedule import Schedule

EVENT = "fault"


class Planned(NamedTuple):
    """A rule that hit: what it does. Tell the engine what became of it: `applied` or `bypassed`."""

    rule: Rule
    ordinal: int
    action: Action


class _Armed:
    """A rule and what became of it so far."""

    __slots__ = (
        "rule",
        "at",
        "matched",
        "rolled",
        "applied",
        "bypassed",
        "label",
        "threshold",
        "is_choosy",
        "is_scheduled",
    )

    def __init__(self, rule: Rule, at: str) -> None:
        self.rule = rule
        self.at = at
        self.matched = self.rolled = self.applied = self.bypassed = 0
        self.label = f"fault.{rule.name}"
        probability = rule.schedule.probability
        self.threshold = None if probability is None else first_hit(probability)
        self.is_choosy = bool(rule.match or rule.kind.ops)
        self.is_scheduled = rule.schedule != Schedule(probability=probability)

    def matches(self, event: dict[str, Any]) -> bool:
        """Whether the rule speaks of an event."""
        ops = self.rule.kind.ops
        return (not ops or event["op"] in ops) and self.rule.matches(event)

    def is_due(self) -> bool:
        """Whether the schedule takes the match that was just counted."""
        schedule = self.rule.schedule
        return (schedule.times is None or self.applied < schedule.times) and schedule.takes(self.matched)


class Tally(NamedTuple):
    """What became of one rule."""

    name: str
    kind: str
    at: str  # the path of the step that armed it
    matched: int
    rolled: int
    applied: int
    bypassed: int


class Faults:
    """The armed rules by target. *Limits*: as many rules as steps that arm them."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        self._armed: dict[str, list[_Armed]] = {}
        self._gone: list[_Armed] = []

    def arm(self, rule: Rule) -> None:
        """Arm a rule; one of the same name takes its place."""
        self.clear(rule.name)
        self._armed.setdefault(rule.on, []).append(_Armed(rule, self._choices.span))

    def clear(self, name: str | None) -> int:
        """Disarm a rule, or all. Returns how many there were."""
        found = 0
        for target, rules in self._armed.items():
            gone = [armed for armed in rules if name is None or armed.rule.name == name]
            self._gone += gone
            self._armed[target] = [armed for armed in rules if armed not in gone]
            found += len(gone)
        return found

    def roll(self, target: Target, event: dict[str, Any]) -> Planned | None:
        """Roll the armed rules for an event; the first that hits, or none."""
        for armed in self._armed.get(target, ()):
            rule = armed.rule
            if armed.is_choosy and not armed.matches(event):
                continue
            armed.matched += 1
            if armed.is_scheduled and not armed.is_due():
                continue
            armed.rolled += 1
            if armed.threshold is not None and self._choices.draw(armed.label, 0, CHANCES - 1) < armed.threshold:
                continue
            return Planned(rule, armed.matched, rule.kind.act(_dice(self._choices, armed.label)))
        return None

    def applied(self, planned: Planned) -> None:
        """The action was applied."""
        self._count(planned).applied += 1
        self._say(planned, {"applied": True})

    def bypassed(self, planned: Planned, reason: str) -> None:
        """The action could not be applied, and why."""
        self._count(planned).bypassed += 1
        self._say(planned, {"applied": False, "reason": reason})

    def is_spent(self, planned: Planned) -> bool:
        """Whether the rule was applied as often as it may be since this was planned."""
        times = planned.rule.schedule.times
        return times is not None and self._count(planned).applied >= times

    def tallies(self) -> list[Tally]:
        """What became of every rule, in the order of arming within a target, the disarmed ones first."""
        every = [*self._gone, *(armed for rules in self._armed.values() for armed in rules)]
        return [
            Tally(
                armed.rule.name,
                armed.rule.kind.name,
                armed.at,
                armed.matched,
                armed.rolled,
                armed.applied,
                armed.bypassed,
            )
            for armed in every
        ]

    def snapshot(self) -> tuple[dict[str, list[_Armed]], list[_Armed]]:
        """The armed rules as they are now; what became of them is not put back."""
        return {target: list(rules) for target, rules in self._armed.items()}, list(self._gone)

    def restore(self, kept: tuple[dict[str, list[_Armed]], list[_Armed]]) -> None:
        """Arm what was armed then."""
        self._armed, self._gone = {target: list(rules) for target, rules in kept[0].items()}, list(kept[1])

    def _count(self, planned: Planned) -> _Armed:
        every: list[_Armed] = [*self._armed.get(planned.rule.on, ()), *self._gone]
        for armed in every:
            if armed.rule is planned.rule:
                return armed
        raise AssertionError(f"{planned.rule.name} was never armed")

    def _say(self, planned: Planned, became: dict[str, Any]) -> None:
        rule, choices = planned.rule, self._choices
        fields = {"fault": rule.name, "on": rule.on, "kind": rule.kind.name, "match": planned.ordinal, **became}
        choices.log.append(Event(choices.clock.now, choices.span, EVENT, fields))


def _dice(choices: Choices, label: str) -> Dice:
    return lambda purpose, count: choices.pick(f"{label}.{purpose}", count)

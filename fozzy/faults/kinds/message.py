"""Messages of the modelled network: lost, late, twice, out of order."""

from __future__ import annotations

from typing import ClassVar

from fozzy.faults.actions import Action, Refuse, Send, Wait
from fozzy.faults.kinds.base import Dice, Kind


class DropMessage(Kind, frozen=True, kw_only=True, tag="drop"):
    """A message is lost when it is delivered."""

    ops: ClassVar[tuple[str, ...]] = ("deliver",)

    def act(self, dice: Dice) -> Action:
        del dice
        return Refuse("io", "a fault lost the message")


class DelayMessage(Kind, frozen=True, kw_only=True, tag="delay"):
    """A message is held for `delay_ns` from its sending."""

    ops: ClassVar[tuple[str, ...]] = ("send",)
    delay_ns: int

    def act(self, dice: Dice) -> Action:
        del dice
        return Wait(self.delay_ns)


class DuplicateMessage(Kind, frozen=True, kw_only=True, tag="duplicate"):
    """A message is sent twice."""

    ops: ClassVar[tuple[str, ...]] = ("send",)

    def act(self, dice: Dice) -> Action:
        del dice
        return Send(lambda messages: [*messages, messages[-1]])


class ReorderMessage(Kind, frozen=True, kw_only=True, tag="reorder"):
    """A message overtakes those that wait: it is put at a drawn place among them."""

    ops: ClassVar[tuple[str, ...]] = ("send",)

    def act(self, dice: Dice) -> Action:
        return Send(lambda messages: _moved(messages, dice("place", len(messages))))


def _moved(messages: list[object], places: int) -> list[object]:
    """The last message, so many places nearer to the front."""
    at = len(messages) - 1 - places
    return [*messages[:at], messages[-1], *messages[at:-1]]

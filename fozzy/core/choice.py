"""Choices: the only door to randomness, time and the outside world. A run is its choices.

Rule 1: there are two kinds and no third. `draw` chooses a bounded integer; `ask` puts a question to the world.
Rule 2: who answers is the `Source`'s business. Nothing above this line knows whether a run is recorded or replayed.
Rule 3: zero is the boring choice: no hit, the first in order.
Rule 4: a label is *family.purpose* and the user's own name, never an index, a line or an address, so that adding a
step moves no draw under another label.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from fozzy.core.clock import Clock
from fozzy.core.events import Ask, Draw
from fozzy.core.log import Log
from fozzy.core.redact import Redactor

CHANCE_BITS = 53
CHANCES = 1 << CHANCE_BITS  # a draw has at most this many values, so that every value survives a double


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what the world answers."""


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what the world is asked; `answer` is the type of its answer."""

    answer: ClassVar[type[Answer]]


A = TypeVar("A", bound=Answer)
Live = Callable[[int], tuple[A, int]]  # nanoseconds left -> the answer and the nanoseconds it took


class Source(Protocol):
    """Who decides: a seed, a recording, a mutation of one, a systematic search."""

    def draw(self, label: str, low: int, high: int) -> int:
        """The next value under `label`."""
        ...

    def ask(self, label: str, request: Any, live: Callable[[], tuple[A, int]], answer: type[A]) -> tuple[A, int]:
        """The answer to `request` (already redacted, in builtin types) and the host nanoseconds it took."""
        ...


def first_hit(probability: float) -> int:
    """The least draw of a chance that hits; a draw of 0 is a miss unless the probability is 1."""
    return CHANCES - int(probability * CHANCES)


class Choices:
    """The door. *Limits*: a draw has at most 2^53 values; a live call gets what the clock has left, at most `call_ns_max`."""

    __slots__ = ("span", "source", "clock", "log", "redactor", "call_ns_max", "_record", "_choose")

    def __init__(self, source: Source, clock: Clock, log: Log, redactor: Redactor, call_ns_max: int) -> None:
        self.span = ""  # the path of the step that chooses
        self.source = source
        self.clock = clock
        self.log = log
        self.redactor = redactor
        self.call_ns_max = call_ns_max
        self._record = log.append
        self._choose: Callable[[str, Sequence[int]], int] | None = getattr(source, "choose", None)

    def draw(self, label: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        assert 0 <= high - low < CHANCES, f"{label}: a draw has at most 2^53 values"
        value = self.source.draw(label, low, high)
        self._record(Draw(self.clock.now, self.span, label, low, high, value))
        return value

    def chance(self, label: str, probability: float) -> bool:
        """True with `probability` in [0, 1]; a draw of 0 is a miss unless the probability is 1."""
        return self.draw(label, 0, CHANCES - 1) >= first_hit(probability)

    def pick(self, label: str, count: int) -> int:
        """An index below `count`; 0 is the first in order."""
        return self.draw(label, 0, count - 1)

    def choose(self, label: str, who: Sequence[int]) -> int:
        """Which of several goes on: an index into `who`, their numbers, which stay theirs for the whole run. A source
        that is a schedule looks at who they are (`choose`); for all others it is a draw."""
        high = len(who) - 1
        value = self.source.draw(label, 0, high) if self._choose is None else self._choose(label, who)
        self._record(Draw(self.clock.now, self.span, label, 0, high, value))
        return value

    def budget_ns(self) -> int:
        """How long a call of the host may take now."""
        left = self.clock.left_ns()
        return self.call_ns_max if left is None else min(left, self.call_ns_max)

    def ask(self, label: str, request: Request, live: Live[A], answer: type[A]) -> A:
        """Ask the world. *Errors*: `TimeUp` when the answer took longer than the run had left; it is recorded first."""
        self.log.flush()  # a killed run keeps everything up to the question it died in
        plain = self.redactor.clean(msgspec.to_builtins(request))
        budget = self.budget_ns()
        reply, took = self.source.ask(label, plain, lambda: live(budget), answer)
        said = self.redactor.clean(msgspec.to_builtins(reply))
        self._record(Ask(self.clock.now, self.span, label, plain, said, took))
        self.clock.spend(took)
        return reply

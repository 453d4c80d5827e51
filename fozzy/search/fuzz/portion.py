"""A portion of a campaign: so many executions in a row, against one target, with a generator of their own.

What a portion finds follows from the portion alone: where it starts, the corpus it is given, the features known then.
So portions can run anywhere and in any order, and one whose process died goes on behind the input that killed it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import msgspec

from fozzy.core.outcome import FindingKind, Status
from fozzy.search.fuzz.mutate import Means
from fozzy.search.fuzz.rng import Rng, base_of, rng_of

RECENT = 8  # the newest inputs are mutated more often
STRONG_OF = 8  # so many picks in eight are of inputs that reached new code, not merely a new state
STRONG_TIMES = 6
LENGTH_FIRST = 32  # inputs are short at first; they may grow with the corpus and with the rounds


class Crash(msgspec.Struct, frozen=True):
    """An input that broke the target; crashes with the same `print` are one."""

    kind: FindingKind
    title: str
    message: str
    status: Status
    cause: list[str] = []
    data: bytes = b""
    number: int = 0  # of the execution, within its portion

    @property
    def print(self) -> tuple[str, ...]:
        """What tells this crash from others."""
        return (self.kind, self.title, *self.cause)


class Find(msgspec.Struct, frozen=True):
    """An input that reached something new."""

    number: int
    data: bytes
    features: list[int]


def is_strong(features: Collection[int]) -> bool:
    """Whether some of these are code; what is less than zero is a state, of which there may be any number."""
    return any(feature >= 0 for feature in features)


class Result(NamedTuple):
    """What came of one execution; see `is_strong` for features. `data` is the input to keep, where it is another than the one that was given."""

    features: Collection[int] = ()
    crash: Crash | None = None
    data: bytes | None = None


class Target(Protocol):
    """Something that can be thrown at."""

    @property
    def words(self) -> Sequence[bytes]:
        """Texts and numbers that mean something to it."""
        ...

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        """Another input."""
        ...

    def execute(self, data: bytes) -> Result:
        """Run it once. *Errors*: none; what goes wrong is the result."""
        ...


class Portion(msgspec.Struct, frozen=True, kw_only=True):
    """What to execute: `given` inputs as they are, or `runs` mutations of `corpus`."""

    name: str
    seed: int
    runs: int
    given: list[bytes] = []
    corpus: list[bytes] = []
    strong: list[bytes] = []  # of the corpus, what reached new code
    guided: bool = True
    whole: bool = False  # everything an input reaches is a find, known or not
    bytes_max: int = 4096
    length: int = LENGTH_FIRST

    @property
    def count(self) -> int:
        """How many executions it has."""
        return len(self.given) or self.runs


class Told(msgspec.Struct):
    """What a portion came to. `forks` counts executions whose target forked; what it forked was ended at once."""

    runs: int = 0
    finds: list[Find] = []
    crashes: list[Crash] = []
    forks: int = 0


Say = Callable[[Find | Crash], None]
Beat = Callable[[int, bytes], None]


def run_portion(portion: Portion, target: Target, seen: set[int], say: Say, beat: Beat) -> None:
    """Execute a whole portion; see `Execution`."""
    Execution(portion, target, seen, say, beat).run(0, portion.count)


class Execution:
    """A portion under way. `seen` grows; `beat` is told of every execution before it, `say` of what it found.

    A crash is said once for each of its prints.
    """

    def __init__(self, portion: Portion, target: Target, seen: set[int], say: Say, beat: Beat) -> None:
        self._portion = portion
        self._target = target
        self._seen = seen
        self._say = say
        self._beat = beat
        self._corpus = _Corpus(portion)
        self._known: set[tuple[str, ...]] = set()
        self._base = base_of(portion.seed, portion.name)

    def take(self, find: Find) -> None:
        """Go on as if this had been found here."""
        self._seen.update(find.features)
        self._corpus.add(find.data, find.features)

    def input(self, number: int) -> bytes:
        """The input of an execution; it depends on what was found before."""
        if self._portion.given:
            return self._portion.given[number]
        rng = rng_of(self._base, number)
        parent = self._corpus.pick(rng)
        bytes_max = min(self._portion.bytes_max, max(self._portion.length, 2 * len(parent)))
        return self._target.mutate(parent, rng, Means(self._target.words, self._corpus.all, bytes_max))

    def run(self, start: int, end: int, skip: Collection[int] = ()) -> None:
        """Execute from `start` to before `end`, without those that are known to end everything."""
        execute, beat = self._target.execute, self._beat
        for number in range(start, end):
            if number in skip:
                continue
            data = self.input(number)
            beat(number, data)
            result = execute(data)
            if result.crash is not None or result.features:
                self._look(number, data if result.data is None else result.data, result)

    def _look(self, number: int, data: bytes, result: Result) -> None:
        if result.crash is not None:
            if result.crash.print not in self._known:
                self._known.add(result.crash.print)
                self._say(msgspec.structs.replace(result.crash, data=data, number=number))
        elif self._portion.whole:
            self._say(Find(number, data, sorted(set(result.features))))
        elif self._portion.guided and not self._seen.issuperset(result.features):
            find = Find(number, data, sorted(set(result.features) - self._seen))
            self.take(find)
            self._say(find)


class _Corpus:
    """The inputs to mutate."""

    def __init__(self, portion: Portion) -> None:
        self.all = list(portion.corpus)
        self.strong = list(portion.strong)

    def add(self, data: bytes, features: Collection[int]) -> None:
        self.all.append(data)
        if is_strong(features):
            self.strong.append(data)

    def pick(self, rng: Rng) -> bytes:
        inputs = self.strong if self.strong and rng.below(STRONG_OF) < STRONG_TIMES else self.all
        if not inputs:
            return b""
        if len(inputs) > RECENT and rng.below(2):
            return inputs[len(inputs) - 1 - rng.below(RECENT)]
        return rng.pick(inputs)

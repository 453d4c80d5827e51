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
    count: int = 1

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
    """Something that can be thrown at. `words` are texts and numbers that mean something to it."""

    words: Sequence[bytes]

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        """Another input."""
        ...

    def execute(self, data: bytes) -> Result:
        """Run it once. *Errors*: none; what goes wrong is the result."""
        ...


class Portion(msgspec.Struct, frozen=True, kw_only=True):
    """What to execute: `given` inputs as they are, or `runs` mutations of `corpus`, from `start` on."""

    name: str
    seed: int
    runs: int
    start: int = 0
    given: list[bytes] = []
    corpus: list[bytes] = []
    strong: list[bytes] = []  # of the corpus, what reached new code
    guided: bool = True
    bytes_max: int = 4096
    length: int = LENGTH_FIRST


class Told(msgspec.Struct):
    """What a portion came to."""

    runs: int = 0
    finds: list[Find] = []
    crashes: list[Crash] = []


Say = Callable[[Find | Crash], None]
Beat = Callable[[int, bytes], None]


def run_portion(portion: Portion, target: Target, seen: set[int], say: Say, beat: Beat) -> None:
    """Execute a portion. `seen` grows; `beat` is told of every execution before it, `say` of what it found.

    A crash is said once for each of its prints.
    """
    corpus = _Corpus(portion)
    known: set[tuple[str, ...]] = set()
    base = base_of(portion.seed, portion.name)
    for number in range(portion.start, len(portion.given) or portion.runs):
        data = portion.given[number] if portion.given else _next_input(portion, target, corpus, rng_of(base, number))
        beat(number, data)
        result = target.execute(data)
        kept = data if result.data is None else result.data
        if result.crash is not None:
            if result.crash.print not in known:
                known.add(result.crash.print)
                say(msgspec.structs.replace(result.crash, data=kept, number=number))
        elif portion.guided:
            fresh = [feature for feature in result.features if feature not in seen]
            if fresh:
                seen.update(fresh)
                corpus.add(kept, fresh)
                say(Find(number, kept, sorted(fresh)))


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


def _next_input(portion: Portion, target: Target, corpus: _Corpus, rng: Rng) -> bytes:
    parent = corpus.pick(rng)
    bytes_max = min(portion.bytes_max, max(portion.length, 2 * len(parent)))
    return target.mutate(parent, rng, Means(target.words, corpus.all, bytes_max))

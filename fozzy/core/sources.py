"""Who decides without a recording to follow in order: a seed, or a tape that a search has changed.

Seeded is the source of a fresh run. Its generator is specified bit for bit in docs/reference/determinism.md.

A draw is a function of (seed, label, how many draws that label has had). The stream of a label starts at
key = first 8 bytes, little endian, of blake3("fozzy-draw-1" + seed as 8 bytes little endian + label in UTF-8);
its n-th word (n from 0) is SplitMix64's output function of key + (n + 1) * GOLDEN.
SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from blake3 import blake3

from fozzy.core.choice import A
from fozzy.core.events import Ask, Draw

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio, odd
RETRY = 0xD1B54A32D192ED03  # added per rejected word; odd, unrelated to GOLDEN
RETRIES_MAX = 64  # a word is rejected with probability below 2^-11, so 64 in a row never happens


def _digest64(tag: bytes, seed: int, text: str) -> int:
    return int.from_bytes(blake3(tag + seed.to_bytes(8, "little") + text.encode()).digest(length=8), "little")


def stream_key(seed: int, label: str) -> int:
    """Where the stream of `label` starts."""
    return _digest64(b"fozzy-draw-1", seed, label)


def member_seed(suite_seed: int, path: str) -> int:
    """The seed of a suite's member: 53 bits of (suite seed, path relative to the project, with `/`)."""
    return _digest64(b"fozzy-suite-1", suite_seed, path) >> 11


def mix(state: int) -> int:
    """SplitMix64's output function."""
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


def bounded(state: int, low: int, high: int) -> int:
    """A number from `low` to `high` without bias: words at or above the last whole multiple are rejected."""
    size = high - low + 1
    if not size & (size - 1):  # a power of two divides 2^64: no word is ever rejected
        return low + (mix(state) & (size - 1))
    limit = (1 << 64) - ((1 << 64) % size)
    for _ in range(RETRIES_MAX):
        word = mix(state)
        if word < limit:
            break
        state = (state + RETRY) & MASK
    return low + word % size


class Spec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A source in a form that can be sent to another process; `kind` says which, `draws` are labels with their values."""

    kind: str = "seeded"
    seed: int | None = None
    draws: list[tuple[str, int]] = []
    more: dict[str, Any] = {}


class Seeded:
    """Decides by a seed and lets the world answer for itself. Streams are derived when first used."""

    __slots__ = ("seed", "_states")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._states: dict[str, int] = {}

    def draw(self, label: str, low: int, high: int) -> int:
        """The next value of the stream of `label`."""
        state = self._states.get(label)
        if state is None:
            state = stream_key(self.seed, label)
        state = self._states[label] = (state + GOLDEN) & MASK
        size = high - low + 1
        word = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK  # `mix`, without the call
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
        word ^= word >> 31
        if word > MASK - size:  # it may lie above the last whole multiple
            return bounded(state, low, high)
        return low + word % size

    def spec(self) -> Spec:
        """This source as it is before its first draw."""
        return Spec(seed=self.seed)

    def skip(self, label: str) -> None:
        """Pass over one value of `label`: it was decided elsewhere."""
        state = self._states.get(label)
        self._states[label] = ((stream_key(self.seed, label) if state is None else state) + GOLDEN) & MASK

    def ask(self, label: str, request: Any, live: Callable[[], tuple[A, int]], answer: type[A]) -> tuple[A, int]:
        """Let the world answer."""
        del label, request, answer
        return live()


class Unanswered(Exception):
    """A question the tape has no answer for, and nobody else may be asked; not a failed step, so no block swallows it."""

    def __init__(self, label: str, request: Any) -> None:
        super().__init__(label)
        self.label = label
        self.request = request


def boring(low: int, high: int) -> int:
    """The value of a draw that means nothing happens: the one nearest to zero."""
    return low if low > 0 else high if high < 0 else 0


class Mutated:
    """Decides by a tape that a search has changed: read by label and count, not in order.

    Past the end of a label a draw is the boring one, or the seed's where a seed is given; a value outside of the range
    that is asked for is the nearest inside. A question is answered when the same one, under the same label, has an
    answer left. *Errors*: `Unanswered`, unless the world may be asked (`live`).
    """

    __slots__ = ("_answers", "_draws", "_live", "_seeded", "_values")

    def __init__(
        self, draws: Iterable[Draw], asks: Iterable[Ask] = (), *, seed: int | None = None, live: bool = False
    ) -> None:
        values: dict[str, list[int]] = {}
        self._draws = draws if isinstance(draws, Sequence) else tuple(draws)
        for draw in self._draws:
            values.setdefault(draw.label, []).append(draw.value)
        answers: dict[tuple[str, bytes], list[Ask]] = {}
        for ask in asks:
            answers.setdefault((ask.label, _key(ask.request)), []).append(ask)
        self._values: dict[str, Iterator[int]] = {label: iter(each) for label, each in values.items()}
        self._answers = {key: iter(each) for key, each in answers.items()}
        self._seeded = None if seed is None else Seeded(seed)
        self._live = live

    def spec(self) -> Spec:
        """This source as it is before its first draw; answers are not sent."""
        seed = None if self._seeded is None else self._seeded.seed
        return Spec(kind="tape", seed=seed, draws=[(draw.label, draw.value) for draw in self._draws])

    def draw(self, label: str, low: int, high: int) -> int:
        """The next value under `label`."""
        value = next(self._values.get(label, _NONE), None)
        if value is None:
            return boring(low, high) if self._seeded is None else self._seeded.draw(label, low, high)
        if self._seeded is not None:
            self._seeded.skip(label)
        return low if value < low else high if value > high else value

    def ask(self, label: str, request: Any, live: Callable[[], tuple[A, int]], answer: type[A]) -> tuple[A, int]:
        """The recorded answer to this very question. *Errors*: `Unanswered`."""
        recorded = next(self._answers.get((label, _key(request)), _NO_ANSWER), None)
        if recorded is not None:
            return msgspec.convert(recorded.answer, answer), recorded.took
        if not self._live:
            raise Unanswered(label, request)
        return live()


_NONE: Iterator[int] = iter(())
_NO_ANSWER: Iterator[Ask] = iter(())
_key = msgspec.json.Encoder(order="deterministic").encode

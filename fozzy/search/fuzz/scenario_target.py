"""A scenario as a target: its draws, its `vars` and its matrix are the input.

An input is JSON: `{"draws": [[label, low, high, value], …], "vars": {…}, "case": {…}}`. Draws are read by label and
count; past them the seed decides. What an execution reached is told by the steps that ran and how they ended, which
step followed which, how often, and by the state it left, seen coarsely.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from zlib import crc32

import msgspec

from fozzy.core.events import Draw, Found, Record, Step
from fozzy.core.log import Log
from fozzy.core.outcome import Finding
from fozzy.core.sources import Mutated, Unanswered, boring
from fozzy.dsl.load import decode
from fozzy.dsl.scenario import StepsFile
from fozzy.engine.prepare import Ready, start
from fozzy.engine.record import ended_as_expected
from fozzy.engine.run import Ended
from fozzy.search.fuzz.mutate import Means, mutate_value, near
from fozzy.search.fuzz.portion import Crash, Result
from fozzy.search.fuzz.rng import Rng
from fozzy.search.scenario import RECORDS_SPARE, TooLong

WORDS_MAX = 2_000
WORD_CHARS_MAX = 64
FEATURE_BITS = 32


class Input(msgspec.Struct, frozen=True):
    """What decides an execution besides the seed."""

    draws: list[tuple[str, int, int, int]] = []
    vars: dict[str, Any] = {}
    case: dict[str, Any] = {}

    def tape(self) -> tuple[Draw, ...]:
        """Its draws as records of nowhere."""
        return tuple(Draw(0, "", label, low, high, value) for label, low, high, value in self.draws)


class ScenarioTarget:
    """Runs a scenario in this process, on scripted answers alone. *Limits*: `records_max` records an execution."""

    def __init__(self, run: Ready, seed: int, words: Sequence[bytes] = (), records_max: int = RECORDS_SPARE) -> None:
        self._run = run
        self._seed = seed
        self._records_max = records_max
        assert isinstance(run.file, StepsFile)
        self._matrix: dict[str, list[Any]] = run.file.matrix
        self.words = [*words, *words_of(decode(run.document))]
        self.first = [msgspec.json.encode(Input(vars=dict(run.file.vars), case=case)) for case in self._cases()]

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        """Change some draws, or a variable, or the combination."""
        given = decoded(data)
        kinds = [0] * (3 * bool(given.draws)) + [1] * bool(given.vars) + [2] * bool(self._matrix)
        for _ in range(rng.small(4)):
            kind = rng.pick(kinds) if kinds else 0
            if kind == 1:
                given = _with_variable(given, rng, means)
            elif kind == 2:
                name = rng.pick(list(self._matrix))
                given = msgspec.structs.replace(given, case={**given.case, name: rng.pick(self._matrix[name])})
            else:
                given = _with_draws(given, rng, means)
        return msgspec.json.encode(given)

    def execute(self, data: bytes) -> Result:
        """Run it. The input that is kept has the draws that were really made."""
        given = decoded(data)
        setting = msgspec.structs.replace(self._run.setting, variables={**given.vars, **given.case})
        watch, ended = _Watch(self._records_max), Ended()
        try:
            start(
                self._run._replace(setting=setting), Mutated(given.tape(), seed=self._seed), Log([watch]), ended=ended
            )
        except (TooLong, Unanswered):
            return Result(watch.features)
        draws = [(draw.label, draw.low, draw.high, draw.value) for draw in watch.draws]
        kept = msgspec.json.encode(msgspec.structs.replace(given, draws=draws))
        watch.features.update(_state(ended.kv))
        return Result(watch.features, self._crash(ended), kept)

    def _crash(self, ended: Ended) -> Crash | None:
        first = next((found for found in ended.findings if found.status != "pass"), None)
        if first is None or first.finding == "input_invalid" or self._expected(ended, first):
            return None
        return Crash(
            kind=first.finding,  # type: ignore[arg-type]
            title=first.title,
            message=first.message,
            status=ended.status,
            cause=[first.at, first.field],
        )

    def _expected(self, ended: Ended, first: Found) -> bool:
        if self._run.file.expect is None:
            return False
        told = Finding(kind="assertion", title=first.title, message="")
        return ended_as_expected(self._run.file, ended.status, [told])

    def _cases(self) -> Iterator[dict[str, Any]]:
        """Every value of the matrix at least once."""
        longest = max(map(len, self._matrix.values()), default=1)
        for index in range(longest):
            yield {name: values[index % len(values)] for name, values in self._matrix.items()}


def decoded(data: bytes) -> Input:
    """The input some bytes stand for; the empty one when they stand for none."""
    try:
        given = msgspec.json.decode(data, type=Input)
    except (msgspec.DecodeError, RecursionError):
        return Input()
    return given if all(low <= value <= high for _, low, high, value in given.draws) else Input()


def words_of(raw: Any) -> list[bytes]:
    """The texts and numbers a scenario holds, sorted: what it compares with is among them."""
    found: set[bytes] = set()
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and len(value) <= WORD_CHARS_MAX and "${" not in value:
            found.add(value.encode())
        elif isinstance(value, int) and not isinstance(value, bool):
            found.add(str(value).encode())
    return sorted(found)[:WORDS_MAX]


def _with_variable(given: Input, rng: Rng, means: Means) -> Input:
    name = rng.pick(list(given.vars))
    value = mutate_value(given.vars[name], rng, means)
    if "${" in msgspec.json.encode(value).decode():  # it would refer to the run
        return given
    return msgspec.structs.replace(given, vars={**given.vars, name: value})


def _with_draws(given: Input, rng: Rng, means: Means) -> Input:
    if not given.draws:
        return given
    draws = list(given.draws)
    if rng.one_in(8) and means.corpus:
        return msgspec.structs.replace(given, draws=_spliced(draws, rng, means.corpus))
    index = rng.below(len(draws))
    label, low, high, value = draws[index]
    draws[index] = (label, low, high, _other(low, high, value, rng, means))
    return msgspec.structs.replace(given, draws=draws)


def _spliced(draws: list[tuple[str, int, int, int]], rng: Rng, corpus: Sequence[bytes]) -> list[Any]:
    """The first draws of one input and the rest of another."""
    other = decoded(rng.pick(corpus)).draws
    place = rng.below(len(draws) + 1)
    return draws[:place] + other[place:]


def _other(low: int, high: int, value: int, rng: Rng, means: Means) -> int:
    kind = rng.below(6)
    if kind == 0:
        made = rng.pick((low, high, boring(low, high)))
    elif kind == 1:
        made = near(value, rng)
    elif kind == 2 and means.words:
        word = rng.pick(means.words)
        made = int(word) + rng.below(3) - 1 if word.removeprefix(b"-").isdigit() and len(word) < 19 else low
    else:
        made = low + rng.bits() % (high - low + 1)
    return min(max(made, low), high)


class _Watch:
    """A sink that sees what was reached, and keeps the draws."""

    def __init__(self, records_max: int) -> None:
        self.draws: list[Draw] = []
        self.features: set[int] = set()
        self._counts: dict[int, int] = {}
        self._records_max = records_max
        self._records = self._last = 0

    def __call__(self, records: Sequence[Record]) -> None:
        self._records += len(records)
        for record in records:
            if type(record) is Draw:
                self.draws.append(record)
            elif type(record) is Step:
                self._step(record)
        self.features.update(_counted(self._counts))
        if self._records > self._records_max:
            raise TooLong

    def _step(self, step: Step) -> None:
        here = crc32(f"{step.at} {step.failed.partition(':')[0]}".encode())
        self.features.add(self._last * 31 + here & 0xFFFFFFFF)
        self._counts[here] = self._counts.get(here, 0) + 1
        self._last = here


def _counted(counts: Mapping[int, int]) -> Iterable[int]:
    """How often each step ran, by powers of two."""
    return ((1 << FEATURE_BITS) | crc32(b"%d %d" % (here, count.bit_length())) for here, count in counts.items())


def _state(kv: Mapping[str, Any]) -> Iterator[int]:
    """What the store holds, each value seen coarsely, and all of them together."""
    seen = [f"{key}={_coarse(value)}" for key, value in sorted(kv.items())]
    for each in seen:
        yield -1 - crc32(each.encode())
    yield -1 - (1 << FEATURE_BITS | crc32(" ".join(seen).encode()))


def _coarse(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return f"{'-' if value < 0 else ''}{int(abs(value)).bit_length()}" if abs(value) < 1e18 else "far"
    if isinstance(value, str | list | dict):
        return f"{type(value).__name__}{len(value).bit_length()}"
    return "other"

"""Property mode: the typed parameters of a function are handed to Hypothesis, which makes and simplifies the values.

Runs beside user code, in a forked child. Hypothesis is told the seed and keeps no database, so the same runs are made
again. What kills or hangs the child is left out when the next child does it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from fozzy.search.fuzz.parameters import Kind, written
from fozzy.search.fuzz.portion import Crash, Result

DATA_BYTES_MAX = 1 << 16  # longer examples are rare, and have no room in the memory that is shared
IDLE = -1
Execute = Callable[[bytes], Result]
Beat = Callable[[int, bytes], None]


class _Broken(Exception):
    """The target crashed; each crash is an exception of a class of its own, so that Hypothesis tells them apart."""


class Search:
    """One search by Hypothesis. `crashes` has the simplest of each, as far as it came."""

    def __init__(self, kinds: list[Kind], execute: Execute, beat: Beat, skip: Collection[bytes]) -> None:
        self.crashes: dict[tuple[str, ...], Crash] = {}
        self.runs = 0
        self._kinds = kinds
        self._execute = execute
        self._beat = beat
        self._skip = frozenset(skip)
        self._classes: dict[tuple[str, ...], type[_Broken]] = {}

    def run(self, runs: int, seed: int, home: str) -> None:
        """Make so many examples, and simplify what breaks. `home` is a folder Hypothesis may write to."""
        import hypothesis
        from hypothesis import configuration, strategies

        configuration.set_hypothesis_home_dir(home)
        values = strategies.tuples(*(strategy_of(kind) for kind in self._kinds))
        settings = hypothesis.settings(
            max_examples=runs,
            database=None,
            deadline=None,
            derandomize=False,
            suppress_health_check=list(hypothesis.HealthCheck),
            verbosity=hypothesis.Verbosity.quiet,
            print_blob=False,
            report_multiple_bugs=True,
        )
        test = hypothesis.seed(seed)(settings(hypothesis.given(values)(self._example)))
        try:
            test()
        except (_Broken, BaseExceptionGroup):
            return

    def _example(self, values: tuple[Any, ...]) -> None:
        data = written(list(values))
        if data in self._skip or len(data) > DATA_BYTES_MAX:
            return
        self._beat(self.runs, data)
        self.runs += 1
        crash = self._execute(data).crash
        self._beat(IDLE, b"")  # what Hypothesis does now takes no time of an execution's
        if crash is None:
            return
        self.crashes[crash.print] = Crash(
            kind=crash.kind,
            title=crash.title,
            message=crash.message,
            status=crash.status,
            cause=crash.cause,
            data=data,
            number=self.crashes[crash.print].number if crash.print in self.crashes else self.runs - 1,
        )
        raise self._class_of(crash)(crash.message)

    def _class_of(self, crash: Crash) -> type[_Broken]:
        if crash.print not in self._classes:
            self._classes[crash.print] = type(f"Broken{len(self._classes)}", (_Broken,), {})
        return self._classes[crash.print]


def strategy_of(kind: Kind) -> Any:
    """How Hypothesis makes values of a kind."""
    from hypothesis import strategies

    plain: dict[str, Callable[[], Any]] = {
        "bytes": strategies.binary,
        "str": strategies.text,
        "int": strategies.integers,
        "float": strategies.floats,
        "bool": strategies.booleans,
        "none": strategies.none,
    }
    if kind.name in plain:
        return plain[kind.name]()
    if kind.name == "list":
        return strategies.lists(strategy_of(kind.of[0]))
    if kind.name == "dict":
        return strategies.dictionaries(strategies.text(), strategy_of(kind.of[0]))
    if kind.name == "union":
        return strategies.one_of(*(strategy_of(each) for each in kind.of))
    if kind.name == "literal":
        return strategies.sampled_from(kind.of)
    leaves = strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats() | strategies.text()
    return strategies.recursive(
        leaves, lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner), max_leaves=8
    )

"""What each input reaches alone: everything it reaches, whatever ran before it; crashes beside; nothing left unsaid."""

from __future__ import annotations

from collections.abc import Sequence

from fozzy.search.fuzz.benches import LocalBench
from fozzy.search.fuzz.measure import measure
from fozzy.search.fuzz.mutate import Means
from fozzy.search.fuzz.portion import Crash, Portion, Result, Told
from fozzy.search.fuzz.rng import Rng


class Letters:
    """Reaches its letters; an X breaks it."""

    words: Sequence[bytes] = ()

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        raise AssertionError("nothing is changed while it is measured")

    def execute(self, data: bytes) -> Result:
        if b"X" in data:
            return Result((), Crash("assertion", "x", "it broke", "fail"))
        return Result(set(data))


def test_every_input_tells_all_it_reaches() -> None:
    """Also what another reached before it; a crash is told once, by the first that has it."""
    measured = measure(LocalBench(lambda _: Letters(), [], 1), [b"ab", b"b", b"X", b"aX", b"ab"], 0)
    assert measured.reached == {0: [97, 98], 1: [98], 4: [97, 98]}
    assert list(measured.crashes) == [2]
    assert measured.runs == 5


def test_no_input_is_no_run() -> None:
    """An empty corpus asks nobody."""

    class Nobody:
        first: Sequence[bytes] = ()

        def run(self, portions: Sequence[Portion], seen: frozenset[int], end_ns: int | None) -> list[Told]:
            raise AssertionError

    assert measure(Nobody(), [], 0) == ({}, {}, 0)

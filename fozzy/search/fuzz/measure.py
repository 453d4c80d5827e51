"""What each of some inputs reaches, run once and alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fozzy.search.fuzz.campaign import Bench
from fozzy.search.fuzz.portion import Crash, Portion


class Measured(NamedTuple):
    """What inputs reached, by their place, and those that crashed, one of each crash."""

    reached: dict[int, list[int]]
    crashes: dict[int, Crash]
    runs: int  # so many were run: when too many hang, the rest is left out


def measure(bench: Bench, inputs: Sequence[bytes], seed: int) -> Measured:
    """Run every input once. The bench's target must tell all that an execution reached. *Errors*: `FozzyError`."""
    portion = Portion(name="measure", seed=seed, runs=len(inputs), given=list(inputs), whole=True)
    reached: dict[int, list[int]] = {}
    crashes: dict[int, Crash] = {}
    runs = 0
    for told in bench.run([portion], frozenset(), None) if inputs else ():
        runs += told.runs
        reached |= {find.number: find.features for find in told.finds}
        crashes |= {crash.number: crash for crash in told.crashes}
    return Measured(reached, crashes, runs)

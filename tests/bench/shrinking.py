"""How long it takes to make the clusters of the zoo small: `python -m tests.bench.shrinking`.

The bar of docs: a lost update between clients of a server is found and shrunk to at most six choices that are not
boring, in under a second after it is found (`two-clients-of-five`). Nothing is asserted about time.
"""

from __future__ import annotations

import statistics

from tests.zoo.clusters import CLUSTERS
from tests.zoo.herd import Came, shrink

ROUNDS = 3


def main() -> None:
    """Print, for each cluster, the time and the runs to its smallest answer, and what is left of its choices."""
    print(f"{'cluster':<24} {'before':>7} {'left':>5} {'loud':>5} {'runs':>6} {'ms':>7} {'ms a run':>9}")
    for animal in CLUSTERS:
        came = [shrink(animal) for _ in range(ROUNDS)]
        print(line(animal.name, came))


def line(name: str, came: list[Came]) -> str:
    """A row: the median of the rounds."""
    ms = statistics.median(each.seconds for each in came) * 1000
    done = came[0].done
    before, left, loud = len(done.first.tape.draws), len(done.best.tape.draws), len(done.best.tape.loud)
    return f"{name:<24} {before:>7} {left:>5} {loud:>5} {done.tried:>6} {ms:>7.0f} {ms / done.tried:>9.1f}"


if __name__ == "__main__":
    main()

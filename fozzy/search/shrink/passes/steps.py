"""Leaves out steps: everything at once, then runs of each list, outer lists first, then single steps and pairs."""

from __future__ import annotations

from collections.abc import Sequence

from fozzy.search.script import Node
from fozzy.search.shrink.cut import drop_most
from fozzy.search.shrink.gate import Gate

PAIRS_OF_MAX = 40  # steps; their pairs are few enough to try all


def drop_steps(gate: Gate) -> None:
    """Leave out steps and blocks."""
    gate.without([node.origin for node in gate.best.script.nodes() if not gate.is_kept(node.origin)])
    done: set[tuple[str, ...]] = set()
    while True:
        fresh = next((each for each in _lists(gate) if each not in done), None)
        if fresh is None:
            return
        left = drop_most([origin for origin in fresh if not gate.is_kept(origin)], gate.without)
        done.add(tuple(origin for origin in fresh if gate.is_kept(origin) or origin in left))
        done.add(fresh)


def drop_pairs(gate: Gate) -> None:
    """Leave out two steps that need each other and nobody else."""
    origins = _droppable(gate)
    if len(origins) > PAIRS_OF_MAX:
        return None
    for first in range(len(origins)):
        for second in range(first + 1, len(origins)):
            if gate.without((origins[first], origins[second])):
                return drop_pairs(gate)
    return None


def _droppable(gate: Gate) -> list[str]:
    return [node.origin for node in gate.best.script.nodes() if not gate.is_kept(node.origin)]


def _lists(gate: Gate) -> Sequence[tuple[str, ...]]:
    return [_origins(nodes) for nodes in gate.best.script.lists()]


def _origins(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple(node.origin for node in nodes)

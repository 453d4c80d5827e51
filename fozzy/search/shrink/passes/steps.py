"""Leaves out steps: everything at once, then runs of each list, outer lists first, then single steps and pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from fozzy.search.script import FAULTS_PART, Node, Uncuttable, is_below
from fozzy.search.shrink.cut import drop_most
from fozzy.search.shrink.gate import Gate
from fozzy.search.subject import Tape

PAIRS_OF_MAX = 40  # steps; their pairs are few enough to try all
SWITCHES_MAX = 4  # of a schedule that is shortened by guessing


def drop_steps(gate: Gate) -> None:
    """Leave out steps and blocks."""
    nodes = [node for node in gate.best.script.nodes() if not gate.is_kept(node.origin)]
    gate.without([node.origin for node in nodes if "faults" in gate.aims or node.part != FAULTS_PART])
    done: set[tuple[str, ...]] = set()
    while True:
        fresh = next((each for each in _lists(gate) if each not in done), None)
        if fresh is None:
            return
        left = drop_most([origin for origin in fresh if not gate.is_kept(origin)], lambda some: _drop(gate, some))
        done.add(tuple(origin for origin in fresh if gate.is_kept(origin) or origin in left))
        done.add(fresh)


def _drop(gate: Gate, origins: Sequence[str]) -> bool:
    """Leave out steps; inside of a parallel block the schedule has to be shortened with them."""
    if gate.without(origins):
        return True
    around = _parallel_around(gate, origins[0])
    if around is None:
        return False
    try:
        cut = gate.best.without(origins)
    except Uncuttable:
        return False
    return any(gate.consider(cut._replace(tape=tape)) for tape in _shorter(cut.tape, around, len(origins)))


def _parallel_around(gate: Gate, origin: str) -> str | None:
    """The innermost parallel block that holds a step; none when its schedule is too wild to be guessed."""
    blocks = [node.origin for node in gate.best.script.nodes() if node.type == "parallel" and node.origin != origin]
    around = max((each for each in blocks if is_below(origin, (each,))), key=len, default=None)
    loud = [index for index in gate.best.tape.loud if gate.best.tape.draws[index].at == around]
    return around if len(loud) <= SWITCHES_MAX else None


def _shorter(tape: Tape, at: str, count: int) -> Iterator[Tape]:
    """The tape with so many calm draws of a block fewer, between any two switches; each with later branches moved up."""
    own = [index for index, draw in enumerate(tape.draws) if draw.at == at]
    loud = [index for index in own if tape.draws[index].value]
    gone = [index for index in own if not tape.draws[index].value]
    starts = [next((each for each in gone if each > after), None) for after in (-1, *loud)]
    for start in [each for each in starts if each is not None]:
        dropped = [each for each in gone if each >= start][:count]
        for moved in (None, *loud):
            draws = list(tape.draws)
            if moved is not None:
                draws[moved] = msgspec.structs.replace(draws[moved], value=max(0, draws[moved].value - 1))
            yield tape._replace(draws=tuple(draw for index, draw in enumerate(draws) if index not in dropped))
    for moved in loud:
        yield tape.with_values({moved: tape.draws[moved].value - 1})


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
    return [_origins(nodes) for nodes in gate.best.script.lists() if nodes[0].part != FAULTS_PART]


def _origins(nodes: tuple[Node, ...]) -> tuple[str, ...]:
    return tuple(node.origin for node in nodes)

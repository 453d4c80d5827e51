"""Makes the tape calm: draws become boring, many at once, then fewer, then as low as they go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations, islice

from fozzy.core.events import Draw
from fozzy.core.sources import boring
from fozzy.search.shrink.cut import drop_most, lowest
from fozzy.search.shrink.gate import Gate

SCHEDULE = ("parallel", "net.", "schedule.")  # what decides about order, not about values
SWITCHINGS_MAX = 1_000  # schedules that are tried for each number of switches
BRANCHES_TRIED = 8
DROPPED_MAX = 2_000  # draws of one label; more are not looked at one by one


def calm_schedule(gate: Gate) -> None:
    """Zero what decides about order; then look whether one switch, or two, would do."""
    _zero(gate, lambda draw: draw.label.startswith(SCHEDULE))
    for switches in (1, 2):
        if len(_scheduled(gate, gate.best.tape.loud)) > switches:
            _few_switches(gate, switches)


def _scheduled(gate: Gate, indexes: Iterable[int]) -> list[int]:
    """Those draws that decide about order."""
    draws = gate.best.tape.draws
    return [index for index in indexes if draws[index].label.startswith(SCHEDULE)]


def _few_switches(gate: Gate, switches: int) -> None:
    """Try schedules with so many switches and no more, as in Musuvathi and Qadeer, "Iterative Context Bounding" (2007)."""
    draws = gate.best.tape.draws
    places = _scheduled(gate, range(len(draws)))
    calm = {index: boring(draws[index].low, draws[index].high) for index in places}
    chosen = ((index, value) for index in places for value in _others(draws[index]))
    tries = islice(combinations(chosen, switches), SWITCHINGS_MAX)
    any(gate.with_tape(gate.best.tape._replace(draws=draws).with_values({**calm, **dict(some)})) for some in tries)


def _others(draw: Draw) -> range:
    """The values of a draw that are not boring, the least."""
    first = boring(draw.low, draw.high) + 1
    return range(first, min(draw.high, first + BRANCHES_TRIED) + 1)


def zero_draws(gate: Gate) -> None:
    """Zero what decides about values and faults."""
    _zero(gate, lambda draw: not draw.label.startswith(SCHEDULE))


def drop_draws(gate: Gate) -> None:
    """Take draws out of the tape, so that later ones of the same label move up."""
    for label in dict.fromkeys(draw.label for draw in gate.best.tape.draws):
        count = sum(draw.label == label for draw in gate.best.tape.draws)
        ordinal = count - 1 if 1 < count <= DROPPED_MAX else -1
        while ordinal >= 0:
            of_label = [index for index, draw in enumerate(gate.best.tape.draws) if draw.label == label]
            if ordinal < len(of_label):
                gone = of_label[ordinal]
                draws = gate.best.tape.draws
                gate.with_tape(gate.best.tape._replace(draws=draws[:gone] + draws[gone + 1 :]))
            ordinal -= 1


def lower_draws(gate: Gate) -> None:
    """Bring each draw that is not boring as near to it as it goes."""
    for place in range(len(gate.best.tape.loud)):
        loud = gate.best.tape.loud
        if place < len(loud):
            _lower(gate, loud[-1 - place])


def _lower(gate: Gate, index: int) -> None:
    draw = gate.best.tape.draws[index]
    target = boring(draw.low, draw.high)
    sign = 1 if draw.value > target else -1

    def test(distance: int) -> bool:
        return index < len(gate.best.tape.draws) and gate.with_tape(
            gate.best.tape.with_values({index: target + sign * distance})
        )

    lowest(abs(draw.value - target), test)


def _zero(gate: Gate, wanted: object) -> None:
    assert callable(wanted)
    loud = [_Named(gate.best.tape.draws, index) for index in gate.best.tape.loud]
    drop_most([each for each in loud if wanted(each.draw)], lambda some: _zeroed(gate, some))


class _Named:
    """A draw by its label and count, which hold still while others change."""

    def __init__(self, draws: Sequence[Draw], index: int) -> None:
        self.draw = draws[index]
        self.count = sum(draw.label == self.draw.label for draw in draws[:index])


def _zeroed(gate: Gate, named: Iterable[_Named]) -> bool:
    draws = gate.best.tape.draws
    places: dict[str, list[int]] = {}
    for index, draw in enumerate(draws):
        places.setdefault(draw.label, []).append(index)
    values: dict[int, int] = {}
    for each in named:
        of_label = places.get(each.draw.label, [])
        if each.count < len(of_label):
            index = of_label[each.count]
            values[index] = boring(draws[index].low, draws[index].high)
    return bool(values) and gate.with_tape(gate.best.tape.with_values(values))

"""Makes the tape calm: draws become boring, many at once, then fewer, then as low as they go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, islice
from typing import NamedTuple

from fozzy.core.events import Draw
from fozzy.core.sources import boring
from fozzy.search.shrink.cut import drop_most, lowest
from fozzy.search.shrink.gate import Gate, aim_of

SWITCHINGS_MAX = 1_000  # schedules that are tried for each number of switches
BRANCHES_TRIED = 8
TIMES = "net.latency."
DROPPED_MAX = 2_000  # draws of one label; more are not looked at one by one


class _Named(NamedTuple):
    """A draw by its label and how many with that label came before it, which hold still while others change."""

    label: str
    before: int


def calm_all(gate: Gate) -> None:
    """Zero all choices of a cluster at once: most failures need none of them. Of steps this is not worth a run."""
    if gate.best.script.is_cluster and _loud(gate):
        draws = gate.best.tape.draws
        gate.with_tape(
            gate.best.tape.with_values({each: boring(draws[each].low, draws[each].high) for each in _loud(gate)})
        )


def calm_schedule(gate: Gate) -> None:
    """Zero what decides about order; then look whether one switch, or two, would do."""
    _zero(gate, lambda draw: aim_of(draw.label) == "schedule")
    for switches in (1, 2):
        if len(_scheduled(gate, gate.best.tape.loud)) > switches:
            _few_switches(gate, switches)


def _scheduled(gate: Gate, indexes: Iterable[int]) -> list[int]:
    """Those draws that decide about order, and about that alone: a latency has too many values to try."""
    draws = gate.best.tape.draws
    return [
        index
        for index in indexes
        if aim_of(draws[index].label) == "schedule" and not draws[index].label.startswith(TIMES)
    ]


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
    _zero(gate, lambda draw: aim_of(draw.label) != "schedule" and _may_change(gate, draw))


def drop_draws(gate: Gate) -> None:
    """Take draws out of the tape, so that later ones of the same label move up."""
    counts = Counter(draw.label for draw in gate.best.tape.draws if _may_change(gate, draw))
    for label, count in counts.items():
        if 1 < count <= DROPPED_MAX:
            _drop_of(gate, label, count)


def _drop_of(gate: Gate, label: str, count: int) -> None:
    for ordinal in reversed(range(count)):
        draws = gate.best.tape.draws
        of_label = [index for index, draw in enumerate(draws) if draw.label == label]
        if any(draws[index].value != boring(draws[index].low, draws[index].high) for index in of_label[ordinal:]):
            gone = of_label[ordinal]  # with only boring ones from there on nothing would move
            gate.with_tape(gate.best.tape._replace(draws=draws[:gone] + draws[gone + 1 :]))


def lower_draws(gate: Gate) -> None:
    """Bring each draw that is not boring as near to it as it goes. One that was there before, and goes no single step
    further now, is left where it is: a search takes dozens of runs."""
    for index in reversed(_loud(gate)):  # a later draw that changes moves no earlier one
        draws = gate.best.tape.draws
        if index < len(draws) and _may_change(gate, draws[index]):
            name = _named(draws, index)
            if gate.lowered.get(name) != draws[index].value or _step(gate, index):
                _lower(gate, index)
            draws = gate.best.tape.draws
            if index < len(draws):
                gate.lowered[name] = draws[index].value


def _named(draws: Sequence[Draw], index: int) -> _Named:
    label = draws[index].label
    return _Named(label, sum(1 for draw in draws[:index] if draw.label == label))


def _step(gate: Gate, index: int) -> bool:
    """Whether a draw goes one step nearer to the boring one."""
    draw = gate.best.tape.draws[index]
    nearer = draw.value + (1 if draw.value < boring(draw.low, draw.high) else -1)
    return gate.with_tape(gate.best.tape.with_values({index: nearer}))


def _lower(gate: Gate, index: int) -> None:
    draw = gate.best.tape.draws[index]
    target = boring(draw.low, draw.high)
    sign = 1 if draw.value > target else -1

    def test(distance: int) -> bool:
        return index < len(gate.best.tape.draws) and gate.with_tape(
            gate.best.tape.with_values({index: target + sign * distance})
        )

    lowest(abs(draw.value - target), test)


def _loud(gate: Gate) -> list[int]:
    draws = gate.best.tape.draws
    return [index for index in gate.best.tape.loud if _may_change(gate, draws[index])]


def _may_change(gate: Gate, draw: Draw) -> bool:
    return aim_of(draw.label) in gate.aims


def _zero(gate: Gate, wanted: Callable[[Draw], bool]) -> None:
    counts: Counter[str] = Counter()
    loud: list[_Named] = []
    for draw in gate.best.tape.draws:
        if draw.value != boring(draw.low, draw.high) and wanted(draw):
            loud.append(_Named(draw.label, counts[draw.label]))
        counts[draw.label] += 1
    drop_most(loud, lambda some: _zeroed(gate, some))


def _zeroed(gate: Gate, named: Sequence[_Named]) -> bool:
    meant, counts = frozenset(named), Counter[str]()
    values: dict[int, int] = {}
    for index, draw in enumerate(gate.best.tape.draws):
        if (draw.label, counts[draw.label]) in meant:
            values[index] = boring(draw.low, draw.high)
        counts[draw.label] += 1
    return bool(values) and gate.with_tape(gate.best.tape.with_values(values))

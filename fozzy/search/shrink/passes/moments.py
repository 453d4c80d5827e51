"""Makes times of a cluster plain: what was drawn is written down, then every time becomes as short as it goes.

Times become whole seconds, milliseconds or microseconds, with few digits: nobody reads more of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fozzy.core.duration import UNITS_NS, parse_ns
from fozzy.core.events import Draw
from fozzy.core.sources import boring
from fozzy.search.script import FAULTS_PART, STEPS_PART, Node
from fozzy.search.shrink.cut import lowest
from fozzy.search.shrink.gate import Gate, aim_of
from fozzy.search.subject import Candidate

TICK_NS = 1_000  # times are drawn in microseconds
UNITS = ("s", "ms", "us")
STEPS_TRIED_MAX = 12
UNITS_EACH = 1_000
FINE = 10  # of a unit: as many of them or more are not looked at in the next one


def fix_times(gate: Gate) -> None:
    """Write down when faults struck and whom, all at once or one by one: the run stays the same without the draws."""
    faults = [node for node in gate.best.script.nodes() if node.part == FAULTS_PART and _draws(node.fields)]
    if faults and not gate.consider(_all_fixed(gate.best, faults)):
        for node in faults:
            gate.consider(_all_fixed(gate.best, [node]))


def strike_by_steps(gate: Gate) -> None:
    """Have a fault strike before a step instead of at a time, with everything else calm: when all is quicker than it
    was, a time that is written down comes too late."""
    steps = [node.origin for node in gate.best.script.nodes() if node.part == STEPS_PART][:STEPS_TRIED_MAX]
    for fault in [node for node in gate.best.script.nodes() if node.part == FAULTS_PART]:
        if not _loud(gate):
            return
        any(_strikes_before(gate, fault.origin, step) for step in steps if isinstance(fault.fields.get("at"), str))


def _strikes_before(gate: Gate, origin: str, step: str) -> bool:
    node = next((node for node in gate.best.script.nodes() if node.origin == origin), None)
    if node is None:
        return False
    draws = gate.best.tape.draws
    calm = gate.best.tape.with_values({each: boring(draws[each].low, draws[each].high) for each in _loud(gate)})
    script = gate.best.script.replace(origin, (node._replace(fields={**node.fields, "at": {"step": step}}),))
    return gate.consider(Candidate(script, calm))


def _loud(gate: Gate) -> list[int]:
    """The draws that are not boring and may become so."""
    draws = gate.best.tape.draws
    return [index for index in gate.best.tape.loud if aim_of(draws[index].label) in gate.aims]


def _draws(fields: Any) -> bool:
    return any(isinstance(fields.get(name), dict) for name in ("at", "for", "node"))


def _all_fixed(best: Candidate, faults: list[Node]) -> Candidate:
    script, tape = best.script, best.tape
    for node in faults:
        name = node.fields.get("name", node.type)
        fields, labels = _fixed(node.fields, {draw.label: draw for draw in reversed(tape.draws)}, f"fault.{name}")
        script = script.replace(node.origin, (node._replace(fields=fields),))
        tape = tape._replace(draws=tuple(draw for draw in tape.draws if draw.label not in labels))
    return Candidate(script, tape)


def _fixed(fields: Any, drawn: dict[str, Draw], label: str) -> tuple[dict[str, Any], set[str]]:
    made, labels = dict(fields), set()
    for field in ("at", "for"):
        word = f"{label}.{field}"
        value = drawn[word].value if word in drawn else 0
        if isinstance(fields.get(field), dict):
            made[field] = _moment(fields[field], value)
            labels.add(word)
    node = fields.get("node")
    if isinstance(node, dict):
        word = f"{label}.pick"
        picked = drawn[word].value if word in drawn else 0
        made["node"] = node["any"][min(picked, len(node["any"]) - 1)]
        labels.add(word)
    return made, labels


def _moment(value: dict[str, Any], drawn: int) -> Any:
    if "within" in value:
        return shown(parse_ns(value["within"][0]) + drawn * TICK_NS)
    step = value.get("step")
    if not isinstance(step, list):
        return value
    from fozzy.search.clusters import number_of

    part = step[0].partition("[")[0]  # which step it means stands in the script as where that stood at first
    return {"step": f"{part}[{number_of(step[0]) + drawn}]"}


def shown(time_ns: int) -> str:
    """A time, exactly, in the largest unit that will do."""
    unit = next(unit for unit in ("s", "ms", "us", "ns") if time_ns % UNITS_NS[unit] == 0)
    return f"{time_ns // UNITS_NS[unit]}{unit}"


def shorten_times(gate: Gate) -> None:
    """Shorten the times of faults and planned steps, and how long the run may last."""
    for node in list(gate.best.script.nodes()):
        if gate.best.script.is_cluster and not gate.is_kept(node.origin):
            for field in _times_in(node):
                _shorten_field(gate, node.origin, field)
    _shorten_duration(gate)


def _times_in(node: Node) -> Iterator[str]:
    names = ("at", "for", "add") if node.is_fault else ("at",)
    return (name for name in names if isinstance(node.fields.get(name), str))


def _shorten_field(gate: Gate, origin: str, field: str) -> None:
    def test(text: str) -> bool:
        node = next((node for node in gate.best.script.nodes() if node.origin == origin), None)
        if node is None:
            return False
        fields = {**node.fields, field: text}
        return gate.with_script(gate.best.script.replace(origin, (node._replace(fields=fields),)))

    node = next(node for node in gate.best.script.nodes() if node.origin == origin)
    shorten(node.fields[field], test)


def _shorten_duration(gate: Gate) -> None:
    duration = gate.best.script.cluster.get("duration")
    if isinstance(duration, str):
        shorten(
            duration,
            lambda text: gate.with_script(
                gate.best.script.with_cluster({**gate.best.script.cluster, "duration": text})
            ),
        )


def shorten(text: str, test: Callable[[str], bool]) -> str:
    """The shortest time that `test` takes: whole seconds first, then milliseconds where there are few seconds, then
    microseconds where there are few milliseconds."""
    time_ns = parse_ns(text)
    if time_ns == 0 or test("0s"):
        return "0s"
    for unit in UNITS:
        if time_ns < FINE * UNITS_NS[unit] * UNITS_EACH:
            size = UNITS_NS[unit]
            high = -(-time_ns // size)
            count = lowest(high, lambda number, unit=unit, high=high: 0 < number < high and test(f"{number}{unit}"))  # type: ignore[misc]
            if count * size < time_ns:
                time_ns, text = count * size, f"{count}{unit}"
    return text

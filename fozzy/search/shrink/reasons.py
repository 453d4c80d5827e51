"""Why each thing that is left is needed: what happens without it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from fozzy.core.sources import boring
from fozzy.dsl.load import parse
from fozzy.errors import InputError
from fozzy.search.failing import document_of
from fozzy.search.scenario import INVALID
from fozzy.search.script import INVARIANTS_PART, Node, Script, Uncuttable
from fozzy.search.shrink.gate import AIMS, Gate, Spent
from fozzy.search.shrink.passes.nodes import is_needed, without_nodes
from fozzy.search.subject import Candidate, Outcome

REASONS_MAX = 200  # things that are told; more are not read


What = Literal["node", "step", "fault", "invariant", "choice"]


class Reason(NamedTuple):
    """One thing that is left: a step or a fault by its place, a node by its name, a draw by its label and count."""

    what: What
    at: str  # where it stood at first
    name: str  # the step's type, the draw's label
    why: str
    value: int | None = None


def reasons(gate: Gate) -> list[Reason]:
    """One reason for each node, step, fault and draw that is not boring. Most answers are known from the passes."""
    found: list[Reason] = []
    for name in gate.best.script.machines[:REASONS_MAX]:
        found.append(Reason("node", f"distributed.nodes.{name}", name, _without_node(gate, name)))
    for node in list(gate.best.script.nodes())[:REASONS_MAX]:
        found.append(Reason(_what(node), node.origin, node.type, _without_step(gate, node.origin)))
    draws = gate.best.tape.draws
    for index in gate.best.tape.loud[:REASONS_MAX]:
        draw = draws[index]
        calm = gate.best.tape.with_values({index: boring(draw.low, draw.high)})
        outcome = _run(gate, lambda calm=calm: gate.run(gate.best._replace(tape=calm)))
        why = _told(gate, outcome, f"if it were {boring(draw.low, draw.high)},")
        found.append(Reason("choice", draw.at, draw.label, why, draw.value))
    return found


def _what(node: Node) -> What:
    if node.is_fault:
        return "fault"
    return "invariant" if node.part == INVARIANTS_PART else "step"


def _without_node(gate: Gate, name: str) -> str:
    if gate.failure.at == f"distributed.nodes.{name}":
        return "it is where it fails"
    if is_needed(gate, name):
        return "what fails names it"
    candidate = without_nodes(gate.best, (name,))
    if candidate is None:
        return "without it nothing would be left"
    return _told_of(gate, candidate)


def _without_step(gate: Gate, origin: str) -> str:
    if gate.failure.at == origin:
        return "it is what fails"
    if gate.is_counted(origin):
        return "what is wanted counts what it does"
    if gate.is_kept(origin):
        return "it holds what fails"
    try:
        candidate = gate.best.without((origin,))
    except Uncuttable:
        return "without it a block or the scenario would be empty"
    return _told_of(gate, candidate)


def _told_of(gate: Gate, candidate: Candidate) -> str:
    outcome = _run(gate, lambda: gate.run(candidate))
    if outcome is not None and outcome.said == INVALID:
        return f"without it the scenario is not valid: {problem_of(candidate.script)}"
    return _told(gate, outcome, "without it")


def _run(gate: Gate, run: object) -> Outcome | None:
    assert callable(run)
    try:
        outcome: Outcome = run()
    except Spent:
        return None
    return outcome


def _told(gate: Gate, outcome: Outcome | None, without: str) -> str:
    if outcome is None:
        return "not looked at: the budget was over"
    if outcome.failure == gate.failure and gate.is_weather:
        return f"{without} the failure would stay, but would need nothing to go wrong any more"
    if outcome.failure == gate.failure and len(gate.aims) < len(AIMS):
        return f"{without} the failure would stay; --minimize says what may change"
    if outcome.failure == gate.failure:
        return f"{without} the failure would stay, but something else would grow"
    return f"{without} the run {outcome.said.removeprefix('it ')}"


def problem_of(script: Script) -> str:
    """The first thing that is wrong with a script as a scenario."""
    try:
        parse(document_of(script, "it"))
    except InputError as error:
        return error.problems[0].message
    return "it cannot run like this"

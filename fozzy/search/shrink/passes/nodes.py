"""Leaves out nodes of a cluster, with all that names them: steps, faults, links, operations of clients."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from fozzy.search import clusters
from fozzy.search.script import Node, Script, Uncuttable
from fozzy.search.shrink.cut import drop_most
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.workloads import Side, said_again
from fozzy.search.subject import Candidate, Tape


def drop_nodes(gate: Gate) -> None:
    """Leave out nodes; the ones the failure names stay."""
    drop_most([name for name in gate.best.script.machines if not is_needed(gate, name)], lambda some: _drop(gate, some))


def _drop(gate: Gate, gone: Collection[str]) -> bool:
    candidate = without_nodes(gate.best, gone)
    if candidate is None:
        return False
    left = set(candidate.script.origins.values())
    dropped = [origin for origin in gate.best.windows if origin not in left]
    if gate.consider(candidate):
        return True
    return bool(dropped) and gate.consider(candidate._replace(tape=_outside(gate.best, candidate.tape, dropped)))


def _outside(best: Candidate, tape: Tape, dropped: Collection[str]) -> Tape:
    """A tape without what was drawn while the dropped steps ran, as far as it was not said anew."""
    kept = {id(draw) for draw in best.outside(dropped).draws}
    known = {id(draw) for draw in best.tape.draws}
    return tape._replace(draws=tuple(draw for draw in tape.draws if id(draw) in kept or id(draw) not in known))


def is_needed(gate: Gate, name: str) -> bool:
    """Whether the failure happened at a node, or in something that names it."""
    failing = next((node for node in gate.best.script.nodes() if node.origin == gate.failure.at), None)
    there = gate.failure.at == f"distributed.nodes.{name}"
    return there or (failing is not None and clusters.item_without(failing.fields, (name,)) != failing.fields)


def without_nodes(best: Candidate, gone: Collection[str]) -> Candidate | None:
    """A candidate without some nodes and what names them; none when nothing could be left."""
    before = best.script
    if set(before.machines) <= set(gone):
        return None
    script = before.with_cluster(clusters.without_machines(before.cluster, gone))
    try:
        script = script.edit(lambda node: _cut(node, gone))
    except Uncuttable:
        return None
    left = {node.origin: node for node in script.nodes()}
    tape = best.tape.without([node.origin for node in before.nodes() if node.origin not in left])
    tape = tape.renamed(dict.fromkeys(gone, ""))
    for node in before.nodes():
        now = left.get(node.origin)
        if now is not None:
            tape = _adapted(tape, (node, now), before, script)
    return Candidate(script, tape)


def _cut(node: Node, gone: Collection[str]) -> tuple[Node, ...] | None:
    made = clusters.item_without(node.fields, gone)
    if made is None:
        return ()
    return None if made == node.fields else (node._replace(fields=made),)


def _adapted(tape: Tape, nodes: tuple[Node, Node], before: Script, now: Script) -> Tape:
    """A tape whose picks mean the same among fewer nodes."""
    old, new = nodes
    if old.type == "workload":
        sides = Side(old.fields, before.machines), Side(new.fields, now.machines)
        return _with_kinds(tape, *sides)
    if old.is_fault and old.fields != new.fields and isinstance(new.fields.get("node"), dict):
        return _picked_again(tape, old, new)
    return tape


def _with_kinds(tape: Tape, old: Side, new: Side) -> Tape:
    """Operations that went are matched by what is left of them, in order."""
    if len(old.step["operations"]) == len(new.step["operations"]):
        return said_again(tape, old, new)
    fields = {"type": "workload"}
    left = [
        index
        for index, kind in enumerate(old.step["operations"])
        if clusters.item_without({**fields, "operations": [kind]}, set(old.machines) - set(new.machines)) is not None
    ]
    places = {index: place for place, index in enumerate(left)}
    return said_again(
        tape, old, new, lambda _client, chosen: [each._replace(kind=places.get(each.kind, -1)) for each in chosen]
    )


def _picked_again(tape: Tape, old: Node, new: Node) -> Tape:
    label = f"fault.{old.fields.get('name', old.type)}.pick"
    before, now = old.fields["node"]["any"], new.fields["node"]["any"]
    draws = []
    for draw in tape.draws:
        name = before[draw.value] if draw.label == label and draw.value < len(before) else None
        draws.append(draw if name not in now else msgspec.structs.replace(draw, value=now.index(name)))
    return tape._replace(draws=tuple(draws))

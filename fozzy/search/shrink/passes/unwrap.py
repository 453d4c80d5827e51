"""Puts what a block holds in the block's place: all of it, or one of its bodies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fozzy.dsl.scenario import StepsFile
from fozzy.search.script import Node, Uncuttable, nodes_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.subject import Candidate


def unwrap_blocks(gate: Gate) -> None:
    """Replace blocks by what they hold, outer ones first; a block that fails itself stays."""
    again = True
    while again:
        nodes = [node for node in gate.best.script.nodes() if node.origin != gate.failure.at]
        again = sum(_unwrap(gate, node) for node in nodes) > 0  # all of them, not from the start again after each


def _unwrap(gate: Gate, node: Node) -> bool:
    for instead in _contents(gate, node):
        script, tape = gate.best.script, gate.best.tape
        try:
            cut = script.replace(node.origin, instead)
        except Uncuttable:
            continue
        if gate.consider(Candidate(cut, tape.without((node.origin,), inside=False))):
            return True
    return False


def _contents(gate: Gate, node: Node) -> Iterator[tuple[Node, ...]]:
    bodies = list(node.bodies.values())
    if bodies:
        yield tuple(each for body in bodies for each in body)
    if len(bodies) > 1:
        yield from bodies
    if node.type == "include":
        yield from _included(gate, node)


def _included(gate: Gate, node: Node) -> Iterator[tuple[Node, ...]]:
    """The steps of an included file, with its names replaced by their values."""
    loaded = getattr(gate.subject, "origin").included.get(node.fields["file"])  # noqa: B009 - not of every subject
    if loaded is None or not isinstance(loaded.file, StepsFile) or loaded.included:
        return  # what it includes is named from where it lies
    import msgspec

    names = {**loaded.file.vars, **node.fields.get("with", {})}
    steps = [_named(msgspec.to_builtins(step), names) for step in loaded.file.steps]
    yield nodes_of(steps, f"{node.origin}.include.steps")


def _named(value: Any, names: dict[str, Any]) -> Any:
    """A value with some names replaced by what they stand for."""
    if isinstance(value, dict):
        return {key: _named(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    for name, stands in names.items():
        word = "${" + name + "}"
        if value == word:
            return stands
        if isinstance(stands, str | int) and not isinstance(stands, bool):
            value = value.replace(word, str(stands))
    return value

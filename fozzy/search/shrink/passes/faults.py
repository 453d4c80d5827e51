"""Leaves out faults, and makes those that must stay strike fewer times, later, and not by chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fozzy.search.script import Node
from fozzy.search.shrink.cut import drop_most
from fozzy.search.shrink.gate import Gate

SCHEDULE = ("first", "after", "every", "pattern", "probability", "times")
STRIKES_MAX = 16  # a fault that must strike more often keeps its schedule


def drop_faults(gate: Gate) -> None:
    """Leave out faults."""
    drop_most([node.origin for node in _faults(gate)], gate.without)


def simplify_faults(gate: Gate) -> None:
    """Give faults the plainest schedule that still does it."""
    for node in _faults(gate):
        plain = {name: value for name, value in node.fields.items() if name not in SCHEDULE}
        if node.type == "fault" and any(name in node.fields for name in ("pattern", "probability", "every")):
            drawn = "probability" in node.fields
            any(_instead(gate, node, {**plain, **schedule}) for schedule in _schedules(drawn))


def _schedules(drawn: bool) -> Iterator[dict[str, Any]]:
    """Schedules, plain ones first; those of two parts are plainer only than one that draws."""
    for strikes in range(1, STRIKES_MAX + 1):
        yield {"first": strikes}
    for strikes in range(1, STRIKES_MAX + 1) if drawn else ():
        for after in range(1, STRIKES_MAX + 1):
            if strikes + after <= STRIKES_MAX:
                yield {"after": after, "times": strikes}


def _instead(gate: Gate, node: Node, fields: dict[str, Any]) -> bool:
    return gate.with_script(gate.best.script.replace(node.origin, (node._replace(fields=fields),)))


def _faults(gate: Gate) -> list[Node]:
    return [node for node in gate.best.script.nodes() if node.is_fault and not gate.is_kept(node.origin)]

"""The configuration in YAML: its table, and where in the text a setting stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from fozzy.core.limits import DEPTH_MAX
from fozzy.core.yaml.nodes import Composed, Node, YamlFault, compose, value_of


def read_yaml(text: str) -> Any:
    """What a text holds; nothing but comments is no settings. *Errors*: `YamlFault`, also for what stands twice."""
    composed = compose(text, DEPTH_MAX)
    fault = composed.fault
    if fault is not None and composed.root is None and not fault.end:
        return {}  # as an empty file of TOML
    fault = fault or _twice(composed)
    if fault is not None:
        raise fault
    assert composed.root is not None
    value = value_of(composed.root)
    return {} if value is None else value


def span_of(text: str, wanted: Sequence[str], *, value: bool) -> tuple[int, int]:
    """Where a key, or its value, stands in a text that was read before; the beginning when it is nowhere."""
    node: Node | None = compose(text, DEPTH_MAX).root
    at: Node | None = None
    for name in wanted:
        members = (node.target or node).members if node is not None else None
        found = [pair for pair in members or () if _name(pair[0]) == name]
        if not found:
            break
        at, node = found[-1]
    shown = node if value and node is not None and node.end > node.start else at
    return (0, 1) if at is None or shown is None else (shown.start, shown.end)


def _twice(composed: Composed) -> YamlFault | None:
    """The first key that is given again."""
    waiting = deque([composed.root] if composed.root is not None else [])
    while waiting:
        node = waiting.popleft()
        seen: set[str] = set()
        for key, value in node.members or ():
            name = _name(key)
            if name in seen:
                return YamlFault(f'"{name}" is given twice', key.start, key.end)
            seen.add(name)
            waiting.append(value)
        waiting += node.items or ()
    return None


def _name(key: Node) -> str:
    """What a key is called, also by an alias."""
    return str((key.target or key).value)

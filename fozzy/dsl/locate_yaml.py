"""Where every value of a YAML text stands.

`core/yaml` reads the text, here and where a scenario is loaded, so both mean the same. What an alias repeats stands
where it is written: the alias itself is the place of the whole, the anchor's text that of what is inside.
"""

from __future__ import annotations

from fozzy.core.yaml.nodes import Node, compose
from fozzy.dsl.places import Duplicate, Lines, Path, Place, Places, Syntax


def scan_yaml(text: str, depth_max: int) -> Places:
    """The places of a YAML text; `locate` is the way in."""
    composed = compose(text, depth_max)
    scan = _Scan(text)
    if composed.root is not None:
        scan.document(composed.root)
    if composed.fault is not None:
        fault = composed.fault
        scan.places.syntax = Syntax(fault.message, scan.lines.place(fault.start, fault.end))
    return scan.places


class _Scan:
    """One pass over the nodes, first to last; `waiting` are those that were not looked at yet."""

    def __init__(self, text: str) -> None:
        self.lines = Lines(text)
        self.places = Places()
        self.waiting: list[tuple[Node, Path]] = []

    def document(self, root: Node) -> None:
        self.waiting.append((root, ()))
        while self.waiting:
            node, path = self.waiting.pop()
            self.places.values[path] = self.lines.place(*_span(node))
            self.inside(node.target or node, path)

    def inside(self, node: Node, path: Path) -> None:
        if node.members:
            self.members(node.members, path)
        if node.items:
            self.waiting += [(item, (*path, index)) for index, item in enumerate(node.items)][::-1]

    def members(self, members: list[tuple[Node, Node]], path: Path) -> None:
        seen: dict[str, Place] = {}
        values: dict[Path, Node] = {}
        for key, value in members:
            name = str((key.target or key).value)
            place = self.lines.place(key.start, key.end)
            inner = (*path, name)
            self.places.keys[inner] = place
            values[inner] = value
            first = seen.setdefault(name, place)
            if first is not place:
                self.places.duplicates.append(Duplicate(inner, first, place))
        self.waiting += [(value, inner) for inner, value in values.items()][::-1]


def _span(node: Node) -> tuple[int, int]:
    """What stands for a node: a mapping without braces has its first key, a list without brackets its first dash."""
    if node.members and node.style != "flow" and not node.anchor:
        return node.start, max(node.members[0][0].end, node.start + 1)
    if node.is_collection:
        return node.start, node.start + 1
    return node.start, node.end

"""Script: a scenario as a tree that can be cut. Immutable; every step keeps its origin, the path it had at first.

An origin names a step for good: it is what cuts are asked for by, what a tape's entries belong to, and the place of a
failure. Values are plain data as in the file, so whatever a step type is, it is cut by the same functions. Of a
distributed file steps, faults and invariants are such nodes, and the head is all the rest of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import msgspec

from fozzy.dsl.steps import step_types
from fozzy.search import clusters

CLUSTER = "distributed"
CLUSTER_PARTS = {f"{CLUSTER}.{word}": word for word in ("steps", "faults", "invariants")}
STEPS_PART = f"{CLUSTER}.steps"
FAULTS_PART = f"{CLUSTER}.faults"
INVARIANTS_PART = f"{CLUSTER}.invariants"
PARTS = ("setup", "steps", "teardown", *CLUSTER_PARTS)


class Uncuttable(Exception):
    """What would be left is no scenario."""


class Node(NamedTuple):
    """A step: its fields as written, and the steps it holds by the words its path has for them."""

    origin: str
    fields: Mapping[str, Any]
    bodies: Mapping[str, tuple[Node, ...]]

    @property
    def type(self) -> str:
        """The step's type; the kind of a cluster's fault."""
        return str(self.fields.get("type") or self.fields["kind"])

    @property
    def part(self) -> str:
        """The part of the file it stands in, or stood in at first."""
        return self.origin.partition("[")[0]

    @property
    def is_fault(self) -> bool:
        """Whether it is a fault, or arms one."""
        return self.part == FAULTS_PART or self.fields.get("type") == "fault"

    def raw(self) -> dict[str, Any]:
        """As it is written in a file."""
        made = dict(self.fields)
        for word, nodes in self.bodies.items():
            field, _, name = word.partition(".")
            steps = [node.raw() for node in nodes]
            if name:
                made.setdefault(field, {})[name] = steps
            else:
                made[field] = steps
        return made


_NO_STEPS = tuple(part for part in CLUSTER_PARTS if not part.endswith("steps"))
Edit = Callable[[Node], tuple[Node, ...] | None]  # what stands in a node's place; none to look inside it


class Script:
    """A scenario that can be cut: its head, and its parts as nodes. Of a cluster `head["distributed"]` is what is left
    of it without its parts."""

    def __init__(
        self, head: Mapping[str, Any], parts: Mapping[str, tuple[Node, ...]], inside: Mapping[str, int] | None = None
    ) -> None:
        self.head = head
        self.parts = parts
        self.inside = inside or {}  # how many steps there are in a file that is included

    @cached_property
    def steps(self) -> int:
        """How many steps there are, those of included files among them."""
        return sum(1 + self._included(node) for node in self.nodes() if node.part not in _NO_STEPS)

    @cached_property
    def things(self) -> int:
        """How many steps there are; of a cluster its faults and invariants too."""
        return sum(1 + self._included(node) for node in self.nodes())

    @property
    def is_cluster(self) -> bool:
        """Whether it is a distributed scenario."""
        return CLUSTER in self.head

    @property
    def cluster(self) -> dict[str, Any]:
        """What a distributed scenario says of its cluster, without its parts; empty for any other."""
        return dict(self.head.get(CLUSTER, {}))

    @cached_property
    def machines(self) -> tuple[str, ...]:
        """The names of a cluster's nodes."""
        return clusters.names_of(self.cluster) if self.is_cluster else ()

    @cached_property
    def work(self) -> int:
        """How many operations the clients of workloads do together."""
        return sum(clusters.work_of(node.fields) for node in self.nodes() if node.type == "workload")

    def _included(self, node: Node) -> int:
        return self.inside.get(node.fields["file"], 0) if node.type == "include" else 0

    @cached_property
    def raw(self) -> dict[str, Any]:
        """As it is written in a file."""
        made = dict(self.head)
        if self.is_cluster:
            made[CLUSTER] = cluster = self.cluster
            steps = [node.origin for node in self.parts[STEPS_PART]]
            for part, word in CLUSTER_PARTS.items():
                if self.parts[part]:
                    cluster[word] = [clusters.numbered(node.raw(), steps) for node in self.parts[part]]
            return made
        for part in PARTS:
            if self.parts.get(part):
                made[part] = [node.raw() for node in self.parts[part]]
        return made

    @cached_property
    def written(self) -> bytes:
        """The file's bytes, in the shortest form."""
        return msgspec.json.encode(self.raw)

    @cached_property
    def origins(self) -> dict[str, str]:
        """Where each step stood at first, by where it stands now."""
        return {at: node.origin for at, node in self._placed()}

    def nodes(self) -> Iterator[Node]:
        """Every step, each before what it holds."""
        for part in PARTS:
            yield from _deep(self.parts.get(part, ()))

    def lists(self) -> Iterator[tuple[Node, ...]]:
        """Every list of steps, outer ones first."""
        waiting = [self.parts[part] for part in PARTS if self.parts.get(part)]
        while waiting:
            nodes = waiting.pop(0)
            yield nodes
            waiting += [body for node in nodes for body in node.bodies.values()]

    def origin_of(self, at: str) -> str:
        """Where the step at a path stood at first, or something inside a step that is not looked into."""
        if at in self.origins:
            return self.origins[at]
        end = at.rfind(".")
        while end > 0:
            if at[:end] in self.origins:
                return self.origins[at[:end]] + at[end:]
            end = at.rfind(".", 0, end)
        return at

    def without(self, origins: frozenset[str]) -> Script:
        """The script without some steps. *Errors*: `Uncuttable` when a block or the scenario would be left empty."""
        return self.edit(lambda node: () if node.origin in origins else None)

    def replace(self, origin: str, nodes: tuple[Node, ...]) -> Script:
        """The script with other steps in the place of one. *Errors*: `Uncuttable`."""
        return self.edit(lambda node: nodes if node.origin == origin else None)

    def with_head(self, head: Mapping[str, Any]) -> Script:
        """The script with another head."""
        return Script(head, self.parts, self.inside)

    def with_cluster(self, cluster: Mapping[str, Any]) -> Script:
        """The script of a cluster of which other things are said; its parts stay."""
        return self.with_head({**self.head, CLUSTER: dict(cluster)})

    def edit(self, edit: Edit) -> Script:
        """The script with steps replaced. *Errors*: `Uncuttable`."""
        parts = {part: _edited(nodes, edit) for part, nodes in self.parts.items()}
        steps = parts[STEPS_PART if self.is_cluster else "steps"]
        if not steps and not (self.is_cluster and clusters.runs_itself(self.cluster)):
            raise Uncuttable
        return Script(self.head, parts, self.inside)

    def _placed(self) -> Iterator[tuple[str, Node]]:
        for part in PARTS:
            yield from _paths(self.parts.get(part, ()), part)


def script_of(raw: Mapping[str, Any], inside: Mapping[str, int] | None = None) -> Script:
    """The script of a scenario as decoded; `inside` says how many steps the files have that it includes."""
    if CLUSTER in raw:
        return _cluster_script(raw)
    head = {name: value for name, value in raw.items() if name not in PARTS}
    parts = ("setup", "steps", "teardown")
    return Script(head, {part: nodes_of(raw.get(part) or (), part) for part in parts}, inside)


def _cluster_script(raw: Mapping[str, Any]) -> Script:
    """The script of a distributed scenario. What is told apart by a number gets that name for good, and a step that is
    meant by its number is meant by its origin."""
    cluster = clusters.named(raw[CLUSTER])
    steps = [f"{CLUSTER}.steps[{index}]" for index in range(len(cluster.get("steps") or ()))]
    head = {name: value for name, value in cluster.items() if name not in CLUSTER_PARTS.values()}
    parts = {
        part: tuple(
            Node(f"{part}[{index}]", clusters.by_origin(item, steps), {})
            for index, item in enumerate(cluster.get(word) or ())
        )
        for part, word in CLUSTER_PARTS.items()
    }
    return Script({**raw, CLUSTER: head}, parts)


def nodes_of(steps: Collection[Mapping[str, Any]], path: str) -> tuple[Node, ...]:
    """Steps as decoded, whose paths begin so."""
    return tuple(_node(step, f"{path}[{index}]") for index, step in enumerate(steps))


def is_below(at: str, origins: Collection[str]) -> bool:
    """Whether a place is one of these or inside of one."""
    if at in origins:
        return True
    end = at.rfind(".")
    while end > 0:
        if at[:end] in origins:
            return True
        end = at.rfind(".", 0, end)
    return False


@lru_cache(maxsize=256)
def block_fields(kind: str) -> tuple[str, ...]:
    """The fields of a step type that hold steps, as files spell them. *Limits*: more are remembered than exist."""
    step = step_types().get(kind)
    return tuple(field.rstrip("_") for field in step.blocks) if step else ()


def _node(step: Mapping[str, Any], origin: str) -> Node:
    kind = str(step["type"])
    holding = block_fields(kind)
    bodies: dict[str, tuple[Node, ...]] = {}
    for field in holding:
        held = step.get(field)
        if isinstance(held, dict):
            for name, steps in held.items():
                bodies[f"{field}.{name}"] = nodes_of(steps, f"{origin}.{kind}.{field}.{name}")
        elif held:
            bodies[field] = nodes_of(held, f"{origin}.{kind}.{field}")
    return Node(origin, {name: value for name, value in step.items() if name not in holding}, bodies)


def _deep(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        for body in node.bodies.values():
            yield from _deep(body)


def _paths(nodes: tuple[Node, ...], path: str) -> Iterator[tuple[str, Node]]:
    for index, node in enumerate(nodes):
        at = f"{path}[{index}]"
        yield at, node
        for word, body in node.bodies.items():
            yield from _paths(body, f"{at}.{node.type}.{word}")


def _edited(nodes: tuple[Node, ...], edit: Edit) -> tuple[Node, ...]:
    made: list[Node] = []
    changed = False
    for node in nodes:
        instead = edit(node)
        if instead is None:
            inside = _inside(node, edit)
            changed = changed or inside is not node
            made.append(inside)
        else:
            changed = True
            made += instead
    return tuple(made) if changed else nodes


def _inside(node: Node, edit: Edit) -> Node:
    """A block with what it holds edited; bodies that may be left out are, when they are empty."""
    if not node.bodies:
        return node
    bodies = {word: _edited(body, edit) for word, body in node.bodies.items()}
    if all(bodies[word] is node.bodies[word] for word in bodies):
        return node
    left = {word: body for word, body in bodies.items() if body}
    if not left or ("then" in bodies and "then" not in left):
        raise Uncuttable
    return node._replace(bodies=left)

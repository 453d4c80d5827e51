"""Rules of a scenario that its types cannot state, for one step and for the file as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, get_args

from fozzy.dsl.flaw import Flaw, Path, type_of
from fozzy.dsl.matrix import CASES_MAX, label_of
from fozzy.dsl.names import BUILTIN_NAMES, name_flaws
from fozzy.dsl.scenario import NODES_MAX, DistributedFile, File, StepsFile
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.base import Issue, Step, bodies_of
from fozzy.dsl.steps.cluster import ClusterStep, ClusterSteps, Invariants

_NO_TIME = re.compile(r"0+(ns|us|ms|s|m|h)")


def struct_flaws(value: Any, path: Path) -> Iterator[Flaw]:
    """What is wrong with one typed value beyond its types; what it holds is looked at on its own."""
    if isinstance(value, Step | ClusterStep):
        for issue in value.check():
            yield _placed(issue, path)


def tree_flaws(file: File) -> Iterator[Flaw]:
    """What is wrong with a file's steps, beyond the types."""
    if isinstance(file, StepsFile):
        for part in ("setup", "steps", "teardown"):
            yield from _steps(getattr(file, part) or [], (part,))
    elif isinstance(file, DistributedFile):
        for part in ("steps", "invariants"):
            for index, step in enumerate(getattr(file.distributed, part)):
                yield from struct_flaws(step, ("distributed", part, index))


def file_flaws(
    raw: dict[str, Any], has_references: bool, kept_elsewhere: frozenset[str] | None = frozenset()
) -> Iterator[Flaw]:
    """What is wrong with a file as a whole: names that cannot be, blocks that execute nothing, nodes nobody declared.

    It reads the plain data, so that it finds all of this also in a file whose types are wrong elsewhere.
    """
    yield from _own_names(raw)
    yield from _cases(raw.get("matrix"))
    if isinstance(raw.get("timeout"), str) and _NO_TIME.fullmatch(raw["timeout"]):
        yield Flaw(("timeout",), '"timeout" must be more than nothing')
    for part in ("setup", "steps", "teardown"):
        steps = raw.get(part)
        if isinstance(steps, list):
            yield from _empty_blocks(steps, (part,))
    if has_references and "steps" in raw:
        yield from name_flaws(raw, kept_elsewhere)
    cluster = raw.get("distributed")
    if isinstance(cluster, dict) and "steps" not in raw:
        yield from _cluster(cluster, ("distributed",))


def _steps(steps: list[Any], path: Path) -> Iterator[Flaw]:
    for index, step in enumerate(steps):
        if type(step) in _CHECKED:
            yield from struct_flaws(step, (*path, index))
        if step.blocks:
            for words, inner in bodies_of(step).items():
                yield from _steps(inner, (*path, index, *words.split(".", 1)))


_CHECKED = {kind for kind in step_types().values() if kind.check is not Step.check}


def _placed(issue: Issue, path: Path) -> Flaw:
    return Flaw((*path, *issue.path), issue.message, issue.hint, issue.reason)


def _own_names(raw: dict[str, Any]) -> Iterator[Flaw]:
    for part in ("vars", "matrix"):
        declared = raw.get(part)
        for name in BUILTIN_NAMES:
            if isinstance(declared, dict) and name in declared:
                yield Flaw((part, name), f'"{name}" has a meaning already', "choose another name", at_key=True)


def _cases(matrix: Any) -> Iterator[Flaw]:
    if isinstance(matrix, dict):
        count = prod(len(values) for values in matrix.values() if isinstance(values, list))
        if count > CASES_MAX:
            yield Flaw(("matrix",), f"the matrix has {count} combinations, at most {CASES_MAX} are run")
        elif all(isinstance(values, list) for values in matrix.values()):
            again = _called_alike(matrix)
            if again:
                hint = "a combination is known by its values"
                yield Flaw(("matrix",), f'the matrix has two combinations "{again}"', hint)


def _called_alike(matrix: dict[str, list[Any]]) -> str:
    """What two combinations of a matrix are both called; empty when each has a name of its own."""
    seen: set[str] = set()
    for values in product(*matrix.values()):
        try:
            label = label_of(dict(zip(matrix, values, strict=True)))
        except UnicodeEncodeError:
            return ""  # half a character, a problem of its own
        if label in seen:
            return label
        seen.add(label)
    return ""


def _cluster(cluster: dict[str, Any], path: Path) -> Iterator[Flaw]:
    nodes, count = cluster.get("nodes"), cluster.get("node_count")
    if (nodes is None) == (count is None):
        reason = "missing_field" if nodes is None else "exclusive"
        yield Flaw(path, 'exactly one of "nodes" and "node_count" must be given', reason=reason)
        return
    declared = _declared(nodes, count)
    if declared is None:
        return  # a problem of its own; which nodes there are is not known
    seen: set[str] = set()
    for index, name in enumerate(nodes or ()):
        if name in seen:
            yield Flaw((*path, "nodes", index), f'node "{name}" is declared twice')
        seen.add(name)
    for part in ("steps", "invariants"):
        steps = cluster.get(part)
        for index, step in enumerate(steps if isinstance(steps, list) else ()):
            for flaw in _nodes_of(step, declared):
                yield flaw._replace(path=(*path, part, index, *flaw.path))


def _declared(nodes: Any, count: Any) -> dict[str, None] | None:
    """The names of a cluster's nodes in order; none when they are not written as they must be."""
    if nodes and isinstance(nodes, list) and all(isinstance(name, str) for name in nodes):
        return dict.fromkeys(nodes)
    if type(count) is int and 1 <= count <= NODES_MAX:
        return dict.fromkeys(f"n{index}" for index in range(count))
    return None


def _nodes_of(step: Any, declared: dict[str, None]) -> Iterator[Flaw]:
    for field in CLUSTER.get(type_of(step), ()):
        node = step.get(field)
        if isinstance(node, str) and node and node not in declared:
            hint = f"declared are {', '.join(list(declared)[:20])}"
            yield Flaw((field,), f'node "{node}" is not declared', hint, "unknown_node")


def _empty_blocks(steps: list[Any], path: Path) -> Iterator[Flaw]:
    kinds = [type_of(step) for step in steps]
    if kinds and all(kind in DECLARING for kind in kinds) and path[-1] != "setup":
        yield Flaw(
            path, "these steps only declare; nothing is executed", "add a step that does something", "only_declares"
        )
    for index, step in enumerate(steps):
        for block in BLOCKS.get(kinds[index], ()):
            held = step.get(block)
            for words, steps in [((block,), held)] if not isinstance(held, dict) else _branches(block, held):
                if isinstance(steps, list):
                    yield from _empty_blocks(steps, (*path, index, *words))


def _branches(block: str, held: dict[str, Any]) -> list[tuple[Path, Any]]:
    return [((block, name), steps) for name, steps in held.items()]


DECLARING = {name for name, kind in step_types().items() if kind.declares}
BLOCKS = {name: [field.rstrip("_") for field in kind.blocks] for name, kind in step_types().items() if kind.blocks}
CLUSTER = {str(kind.__struct_config__.tag): kind.nodes for kind in get_args(ClusterSteps) + get_args(Invariants)}

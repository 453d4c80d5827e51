"""Rules of a scenario that its types cannot state, for one step and for the file as a whole."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from fozzy.dsl.scenario import NODES_MAX, DistributedFile, File, StepsFile
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.base import Issue, Step
from fozzy.dsl.steps.cluster import ClusterStep, ClusterSteps, Invariants
from fozzy.dsl.values import ENV, references
from fozzy.errors import suggestion

if TYPE_CHECKING:
    from fozzy.dsl.places import Place

Path = tuple[str | int, ...]

NEAR_MAX = 500  # names in order on both sides, among which a near one is looked for
BUILTIN_NAMES = ("seed", "now_ms")
PROSE = ("$schema", "name", "description", "tags")  # never resolved, so what looks like a reference is none


class Flaw(NamedTuple):
    """A problem by the path of the value it concerns."""

    path: Path
    message: str
    hint: str | Callable[[], str] = ""  # the search for a near word is put off: of many problems only some get one
    reason: str = "bad_value"
    label: str = ""
    at_key: bool = False
    place: Place | None = None
    first: Place | None = None


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


def file_flaws(raw: dict[str, Any], has_references: bool) -> Iterator[Flaw]:
    """What is wrong with a file as a whole: names that cannot be, blocks that execute nothing, nodes nobody declared.

    It reads the plain data, so that it finds all of this also in a file whose types are wrong elsewhere.
    """
    yield from _own_names(raw)
    for part in ("setup", "steps", "teardown"):
        steps = raw.get(part)
        if isinstance(steps, list):
            yield from _empty_blocks(steps, (part,))
    if has_references and "steps" in raw:
        yield from _unknown_names(raw)
        yield from _circular_variables(raw)
    cluster = raw.get("distributed")
    if isinstance(cluster, dict):
        yield from _cluster(cluster, ("distributed",))


def _steps(steps: list[Any], path: Path) -> Iterator[Flaw]:
    for index, step in enumerate(steps):
        if type(step) in _CHECKED:
            yield from struct_flaws(step, (*path, index))
        for block in step.blocks:
            yield from _steps(getattr(step, block), (*path, index, block))


_CHECKED = {kind for kind in step_types().values() if kind.check is not Step.check}


def _placed(issue: Issue, path: Path) -> Flaw:
    return Flaw((*path, *issue.path), issue.message, issue.hint, issue.reason)


def _own_names(raw: dict[str, Any]) -> Iterator[Flaw]:
    variables = raw.get("vars")
    for name in BUILTIN_NAMES:
        if isinstance(variables, dict) and name in variables:
            yield Flaw(("vars", name), f'"{name}" has a meaning already', "choose another name", at_key=True)


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
    kind = step.get("type") if isinstance(step, dict) else None
    for field in CLUSTER.get(kind, ()) if isinstance(kind, str) else ():
        node = step.get(field)
        if isinstance(node, str) and node and node not in declared:
            hint = f"declared are {', '.join(list(declared)[:20])}"
            yield Flaw((field,), f'node "{node}" is not declared', hint, "unknown_node")


def _empty_blocks(steps: list[Any], path: Path) -> Iterator[Flaw]:
    kinds = [step.get("type") if isinstance(step, dict) else None for step in steps]
    if kinds and all(kind in DECLARING for kind in kinds) and path[-1] != "setup":
        yield Flaw(
            path, "these steps only declare; nothing is executed", "add a step that does something", "only_declares"
        )
    for index, step in enumerate(steps):
        for block in BLOCKS.get(kinds[index] or "", ()):
            if isinstance(step.get(block), list):
                yield from _empty_blocks(step[block], (*path, index, block))


DECLARING = {name for name, kind in step_types().items() if kind.declares}
BLOCKS = {name: kind.blocks for name, kind in step_types().items() if kind.blocks}
CLUSTER = {str(kind.__struct_config__.tag): kind.nodes for kind in get_args(ClusterSteps) + get_args(Invariants)}
STORING = {name: kind.stores for name, kind in step_types().items() if kind.stores}


def _unknown_names(raw: dict[str, Any]) -> Iterator[Flaw]:
    keys = list(_stored(raw))
    variables, env = raw.get("vars"), raw.get("env")
    known = {*keys, *(variables if isinstance(variables, dict) else ()), *BUILTIN_NAMES}
    known |= {ENV + name for name in env if isinstance(name, str)} if isinstance(env, list) else set()
    ordered = sorted(known)
    any_key = any("${" in key for key in keys)  # a key made at run time may have any name
    told = {part: value for part, value in raw.items() if part not in PROSE}
    for path, name in _names(told, ()):
        if not name:
            yield Flaw(path, "a reference is ${name}", "write $${ for a literal ${", "bad_reference")
        elif name not in known and not (any_key and not name.startswith(ENV)):
            yield Flaw(path, f'nothing keeps "{name}"', partial(_name_hint, name, ordered), "unknown_name")


def _circular_variables(raw: dict[str, Any]) -> Iterator[Flaw]:
    """Variables may refer to others, but not to themselves."""
    variables = raw.get("vars")
    if not isinstance(variables, dict):
        return
    after = {name: {found for _, found in _names(value, ()) if found in variables} for name, value in variables.items()}
    for name in variables:
        reached, waiting = set[str](), list(after[name])
        while waiting:
            each = waiting.pop()
            if each not in reached:
                reached.add(each)
                waiting += after[each]
        if name in reached:
            yield Flaw(("vars", name), f'variable "{name}" refers to itself', reason="circular_variable")


def _name_hint(name: str, known: list[str]) -> str:
    if name.startswith(ENV):
        return f'list "{name.removeprefix(ENV)}" under "env"'
    at = bisect(known, name)
    return (
        suggestion(name, known[max(0, at - NEAR_MAX) : at + NEAR_MAX])
        or "keep it with a step, or declare it under vars"
    )


def _stored(value: Any) -> Iterator[str]:
    """Every key some step keeps a value under."""
    if isinstance(value, dict):
        kind = value.get("type")
        for field in STORING.get(kind, ()) if isinstance(kind, str) else ():
            if isinstance(value.get(field), str):
                yield value[field]
        for item in value.values():
            yield from _stored(item)
    elif isinstance(value, list):
        for item in value:
            yield from _stored(item)


def _names(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every reference in a value."""
    if isinstance(value, str):
        for name, _ in references(value) if "${" in value else ():
            yield path, name
    elif isinstance(value, dict):
        for key, item in value.items():
            for name, _ in references(key) if "${" in key else ():
                yield (*path, key), name
            yield from _names(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _names(item, (*path, index))

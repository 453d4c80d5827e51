"""Rules of a scenario that its types cannot state, for one step and for the file as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fozzy.dsl.locate import Place
from fozzy.dsl.scenario import Cluster, DistributedFile, File, StepsFile
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.base import Issue, Step
from fozzy.dsl.steps.cluster import ClusterStep
from fozzy.dsl.values import ENV, references

Path = tuple[str | int, ...]

BUILTIN_NAMES = ("seed", "now_ms")


class Flaw(NamedTuple):
    """A problem by the path of the value it concerns."""

    path: Path
    message: str
    hint: str = ""
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
    elif isinstance(value, Cluster):
        yield from _cluster(value, path)
    elif isinstance(value, StepsFile):
        yield from _own_names(value)


def tree_flaws(file: File) -> Iterator[Flaw]:
    """What is wrong with a file and everything in it, beyond the types."""
    yield from struct_flaws(file, ())
    if isinstance(file, StepsFile):
        for part in ("setup", "steps", "teardown"):
            yield from _steps(getattr(file, part) or [], (part,))
    elif isinstance(file, DistributedFile):
        yield from struct_flaws(file.distributed, ("distributed",))
        for part in ("steps", "invariants"):
            for index, step in enumerate(getattr(file.distributed, part)):
                yield from struct_flaws(step, ("distributed", part, index))


def file_flaws(raw: dict[str, Any], has_references: bool) -> Iterator[Flaw]:
    """What is wrong with a file as a whole: blocks that execute nothing, names that nothing keeps."""
    for part in ("setup", "steps", "teardown"):
        steps = raw.get(part)
        if isinstance(steps, list):
            yield from _empty_blocks(steps, (part,))
    if has_references and "steps" in raw:
        yield from _unknown_names(raw)


def _steps(steps: list[Any], path: Path) -> Iterator[Flaw]:
    for index, step in enumerate(steps):
        if type(step) in _CHECKED:
            yield from struct_flaws(step, (*path, index))
        for block in step.blocks:
            yield from _steps(getattr(step, block), (*path, index, block))


_CHECKED = {kind for kind in step_types().values() if kind.check is not Step.check}


def _placed(issue: Issue, path: Path) -> Flaw:
    return Flaw((*path, *issue.path), issue.message, issue.hint, issue.reason)


def _own_names(file: StepsFile) -> Iterator[Flaw]:
    for name in BUILTIN_NAMES:
        if name in file.vars:
            yield Flaw(("vars", name), f'"{name}" has a meaning already', "choose another name", at_key=True)


def _cluster(cluster: Cluster, path: Path) -> Iterator[Flaw]:
    if (cluster.nodes is None) == (cluster.node_count is None):
        reason = "missing_field" if cluster.nodes is None else "exclusive"
        yield Flaw(path, 'exactly one of "nodes" and "node_count" must be given', reason=reason)
    declared = cluster.names()
    for index, name in enumerate(cluster.nodes or []):
        if name in declared[:index]:
            yield Flaw((*path, "nodes", index), f'node "{name}" is declared twice')
    for part, steps in (("steps", cluster.steps), ("invariants", cluster.invariants)):
        for index, step in enumerate(steps):
            for field in step.nodes:
                node = getattr(step, field)
                if node not in declared:
                    hint = f"declared are {', '.join(declared[:20])}" if declared else ""
                    yield Flaw((*path, part, index, field), f'node "{node}" is not declared', hint, "unknown_node")


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
STORING = {name: kind.stores for name, kind in step_types().items() if kind.stores}


def _unknown_names(raw: dict[str, Any]) -> Iterator[Flaw]:
    keys = list(_stored(raw))
    variables, env = raw.get("vars"), raw.get("env")
    known = {*keys, *(variables if isinstance(variables, dict) else ()), *BUILTIN_NAMES}
    known |= {ENV + name for name in env if isinstance(name, str)} if isinstance(env, list) else set()
    any_key = any("${" in key for key in keys)  # a key made at run time may have any name
    for path, name in _names(raw, ()):
        if not name:
            yield Flaw(path, "a reference is ${name}", "write $${ for a literal ${", "bad_reference")
        elif name not in known and not (any_key and not name.startswith(ENV)):
            yield Flaw(path, f'nothing keeps "{name}"', _name_hint(name, known), "unknown_name")


def _name_hint(name: str, known: set[str]) -> str:
    from fozzy.dsl.validate import suggestion

    if name.startswith(ENV):
        return f'list "{name.removeprefix(ENV)}" under "env"'
    return suggestion(name, sorted(known)) or "keep it with a step, or declare it under vars"


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

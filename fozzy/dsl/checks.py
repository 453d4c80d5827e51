"""Rules of a scenario that its types cannot state, for one step and for the file as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

from fozzy.dsl.flaw import Flaw, Path, type_of
from fozzy.dsl.matrix import CASES_MAX, label_of
from fozzy.dsl.names import BUILTIN_NAMES, name_flaws
from fozzy.dsl.scenario import File, StepsFile, SuiteFile
from fozzy.dsl.steps import step_types
from fozzy.dsl.steps.base import Checked, Issue, Step, bodies_of

_NO_TIME = re.compile(r"0+(ns|us|ms|s|m|h)")


def struct_flaws(value: Any, path: Path) -> Iterator[Flaw]:
    """What is wrong with one typed value beyond its types; what it holds is looked at on its own."""
    if isinstance(value, Checked):
        for issue in value.check():
            yield placed(issue, path)


def tree_flaws(file: File) -> Iterator[Flaw]:
    """What is wrong with a file's steps, beyond the types."""
    if isinstance(file, StepsFile):
        for part in ("setup", "steps", "teardown"):
            yield from _steps(getattr(file, part) or [], (part,))
    elif not isinstance(file, SuiteFile):
        from fozzy.dsl.cluster.rules import part_flaws  # a scenario of steps needs none of them

        yield from part_flaws(file.distributed, ("distributed",))


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
        from fozzy.dsl.cluster.rules import cluster_flaws

        yield from cluster_flaws(cluster, ("distributed",))
        if cluster.get("duration") is not None and raw.get("timeout") is not None:
            message = '"timeout" and "duration" of "distributed" exclude each other'
            yield Flaw(("timeout",), message, "they mean the same; keep the duration", "exclusive")


def _steps(steps: list[Any], path: Path) -> Iterator[Flaw]:
    for index, step in enumerate(steps):
        if type(step) in _CHECKED:
            yield from struct_flaws(step, (*path, index))
        if step.blocks:
            for words, inner in bodies_of(step).items():
                yield from _steps(inner, (*path, index, *words.split(".", 1)))


_CHECKED = {kind for kind in step_types().values() if kind.check is not Step.check}


def placed(issue: Issue, path: Path) -> Flaw:
    """An issue of a value as a flaw of the file that holds it at a path."""
    return Flaw((*path, *issue.path), issue.message, issue.hint, issue.reason, issue.label, issue.at_key)


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

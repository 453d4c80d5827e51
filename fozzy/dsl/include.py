"""Included files: read with the file that includes them, checked as scenarios of their own, held to what an include may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fozzy.dsl.document import Document, Fetch, Loaded
from fozzy.dsl.flaw import Path
from fozzy.dsl.scenario import File, StepsFile
from fozzy.dsl.steps.base import bodies_of
from fozzy.dsl.steps.blocks import Include
from fozzy.errors import InputError, Problem, Where, suggestion

NOT_RUN = ("setup", "teardown", "matrix", "expect")  # parts that an include could only leave out in silence


class Included:
    """The files a scenario includes, and what is wrong with them."""

    def __init__(self) -> None:
        self.loaded: dict[str, Loaded] = {}
        self.problems: list[Problem] = []

    def kept(self) -> frozenset[str] | None:
        """The names the included files keep; none when they are not known, because a file could not be read."""
        if self.problems:
            return None
        return frozenset[str]().union(*(loaded.keeps for loaded in self.loaded.values()))


def include(doc: Document, file: File, fetch: Fetch | None) -> Included:
    """Load every file a scenario includes. Problems are gathered, each at its place."""
    found = Included()
    for path, step in _includes(file):
        try:
            if fetch is None:
                message = "an include needs a file to be relative to"
                raise InputError("scenario.no_include", message)
            loaded = found.loaded.get(step.file) or fetch(step.file)
        except InputError as error:
            has_place = error.where is not None and error.where.line > 0  # in that file, or in one it includes
            placed = error.problems if has_place else [_problem(doc, (*path, "file"), error)]
            found.problems += [problem for problem in placed if problem not in found.problems]
            continue
        found.loaded[step.file] = loaded
        found.problems += [_problem(doc, (*path, *where), error) for where, error in _misuses(step, loaded.file)]
    return found


def _includes(file: File) -> Iterator[tuple[Path, Include]]:
    if isinstance(file, StepsFile):
        for part in ("setup", "steps", "teardown"):
            yield from _includes_in(getattr(file, part) or [], (part,))


def _includes_in(steps: list[Any], path: Path) -> Iterator[tuple[Path, Include]]:
    for index, step in enumerate(steps):
        if isinstance(step, Include):
            yield (*path, index), step
        elif step.blocks:
            for words, inner in bodies_of(step).items():
                yield from _includes_in(inner, (*path, index, *words.split(".", 1)))


def _misuses(step: Include, file: File) -> Iterator[tuple[Path, InputError]]:
    if not isinstance(file, StepsFile):
        yield ("file",), InputError("scenario.bad_include", f'"{step.file}" is no scenario of steps')
        return
    for part in NOT_RUN:
        if getattr(file, part):
            message = f'"{step.file}" has "{part}", which an include would leave out'
            yield ("file",), InputError("scenario.bad_include", message, hint="include a file of steps alone")
    for name in step.with_:
        if name not in file.vars:
            hint = suggestion(name, file.vars) or f"it has {', '.join(file.vars) or 'none'}"
            yield (
                ("with", name),
                InputError("scenario.unknown_variable", f'"{step.file}" has no variable "{name}"', hint=hint),
            )


def _problem(doc: Document, path: Path, error: InputError) -> Problem:
    from fozzy.dsl.locate import line_at, locate  # only a problem needs places

    places = locate(doc.text, doc.form)
    spot = places.find_key(path) if path[-2:-1] == ("with",) else places.find(path)
    return Problem(
        code=error.code,
        message=error.message,
        where=Where(doc.shown, spot.line, spot.col),
        hint=error.hint,
        length=spot.length,
        text=line_at(doc.text, spot.line),
    )

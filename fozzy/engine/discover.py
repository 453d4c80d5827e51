"""Finds scenarios: files, folders, globs, suites and kept traces, in a stable order."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fozzy.core.forms import ENDINGS_SAID, form_of_scenario
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import load
from fozzy.dsl.matrix import cases_of, label_of
from fozzy.dsl.scenario import SuiteFile
from fozzy.errors import InputError, Problem, Where, suggestion
from fozzy.trace.finalize import display_name, project_name, shown_path
from fozzy.trace.format import SUFFIX


class Chosen(NamedTuple):
    """A file to run: a valid scenario, or a trace to replay."""

    path: Path
    name: str  # relative to the project, with `/`; seeds follow from it
    shown: str
    loaded: Loaded | None
    case: dict[str, Any] = {}  # which combination of its matrix

    @property
    def label(self) -> str:
        """The combination's name, empty without a matrix."""
        return label_of(self.case)


Loading = Callable[[Path, str, str], Loaded]


class Found(NamedTuple):
    """What a search came to. All problems are kept, so that they can be shown at once."""

    chosen: list[Chosen]
    problems: list[Problem]
    files: int  # looked at, suites included
    invalid: int
    looked: Sequence[str] = ()  # the files, as absolute paths


def is_scenario(path: str) -> bool:
    """Whether a file is named as a scenario."""
    return form_of_scenario(path) is not None


def is_trace(path: str) -> bool:
    """Whether a file is named as a trace."""
    return path.endswith(SUFFIX)


def discover(words: Iterable[str], root: Path, loading: Loading = load) -> Found:
    """Everything the words name, loaded: kept traces first, since what failed once is the first to look at.

    Problems of all files are gathered; nothing is dropped in silence.
    """
    chosen: dict[str, Chosen] = {}
    problems: list[Problem] = []
    seen: set[str] = set()
    invalid = 0
    waiting = list(reversed([(path, missing) for word in words for path, missing in expand(word)]))
    while waiting:
        path, missing = waiting.pop()
        key = os.path.abspath(path)
        if key in seen:
            continue
        seen.add(key)
        if missing:
            problems.append(missing)
            invalid += 1
            continue
        name = project_name(path, root)
        if is_trace(path.name):
            chosen[key] = Chosen(path, name, shown_path(path), None)
            continue
        try:
            loaded = loading(path, name, shown_path(path))
        except InputError as error:
            problems += error.problems
            invalid += 1
            continue
        if isinstance(loaded.file, SuiteFile):
            members, lacking = _suite_members(loaded.file, path, loaded)
            problems += lacking
            invalid += bool(lacking)
            waiting += [(member, None) for member in reversed(members)]
        else:
            for case in cases_of(loaded.file):
                chosen[key + label_of(case)] = Chosen(path, name, shown_path(path), loaded, case)
    in_order = sorted(chosen.values(), key=lambda each: each.loaded is not None)  # otherwise as they were found
    return Found(in_order, problems, len(seen), invalid, sorted(seen))


def expand(word: str) -> Iterator[tuple[Path, Problem | None]]:
    """The files a word names, each with what is wrong about naming it."""
    path = Path(word)
    if os.path.isdir(word):
        yield from _walk(word)
    elif os.path.exists(word):
        yield path, None if is_scenario(word) or is_trace(word) else _not_a_scenario(word)
    elif glob.has_magic(word):
        for match in _matches(word):
            if os.path.isdir(match):
                yield from _walk(match)
            elif is_scenario(match) or is_trace(match):
                yield Path(match), None
    else:
        yield path, _missing(word)


def folders_of(words: Iterable[str]) -> list[str]:
    """The folders in which a scenario may appear that these words name, as absolute paths."""
    found: dict[str, None] = {}
    for word in words:
        while glob.has_magic(word):
            word = os.path.dirname(word) or "."
        for here, folders, _ in os.walk(word):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            found[os.path.abspath(here)] = None
    return list(found)


def _walk(folder: str) -> Iterator[tuple[Path, Problem | None]]:
    """Scenarios and traces below a folder, by name; hidden folders are left out. One that cannot be read is a problem."""
    unread: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=unread.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if is_scenario(name) or is_trace(name):
                yield Path(here, name), None
    for error in unread:
        yield Path(error.filename), _unreadable(error)


def _matches(pattern: str) -> list[str]:
    """What a glob matches, in order; a pattern that no path can have matches nothing."""
    try:
        return sorted(glob.glob(pattern, recursive=True))
    except ValueError:  # it holds a NUL, or half a character
        return []


def _suite_members(suite: SuiteFile, path: Path, loaded: Loaded) -> tuple[list[Path], list[Problem]]:
    members: list[Path] = []
    problems: list[Problem] = []
    for words in suite.suites.values():
        for word in words:
            pattern = os.path.join(glob.escape(str(path.parent)) if glob.has_magic(word) else path.parent, word)
            found = _matches(pattern) if glob.has_magic(word) else [pattern]
            existing = [Path(match) for match in found if os.path.isfile(match)]
            if not existing:
                problems.append(_missing_member(word, loaded))
            members += existing
    return members, problems


def _missing(word: str) -> Problem:
    where = Where(word.replace(os.sep, "/"))
    message = f"there is no file or folder {word}"
    return Problem(code="scenario.missing", message=message, where=where, hint=near(word, folders=True))


def _unreadable(error: OSError) -> Problem:
    shown = shown_path(Path(error.filename))
    message = f"cannot read the folder {shown}: {error.strerror}"
    return Problem(code="scenario.unreadable", message=message, where=Where(shown))


def near(word: str, *, folders: bool) -> str:
    """A suggestion for a path that does not exist: of what lies beside it, by its name."""
    folder, name = os.path.split(word)
    try:
        beside = [entry for entry in os.scandir(folder or ".") if not entry.name.startswith(".")]
    except OSError:
        return ""
    taken = [each.name for each in beside if is_scenario(each.name) or is_trace(each.name) or folders and each.is_dir()]
    by_stem = {display_name(each): each for each in taken}
    close = suggestion(display_name(name), by_stem)
    for stem in by_stem:
        if close == f'did you mean "{stem}"?':
            return f'did you mean "{os.path.join(folder, by_stem[stem])}"?'.replace(os.sep, "/")
    return ""


def _missing_member(word: str, loaded: Loaded) -> Problem:
    message = f'suite "{loaded.file.name}" names "{word}", which matches no file'
    return Problem(code="scenario.missing", message=message, where=Where(loaded.document.shown))


def _not_a_scenario(word: str) -> Problem:
    message = f"{word} is not named as a scenario or a trace"
    hint = f"scenarios end in {ENDINGS_SAID}, traces in .fozzy"
    return Problem(code="scenario.not_a_scenario", message=message, where=Where(word), hint=hint)

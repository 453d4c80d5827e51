"""The scenarios of a project: which there are, which cannot be used, and what their texts merely mention."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fozzy.dsl.document import Document
from fozzy.dsl.load import beside, parse, read
from fozzy.dsl.steps import step_types
from fozzy.engine.discover import is_scenario
from fozzy.errors import InputError
from fozzy.insight.map.doubts import Doubts
from fozzy.insight.map.languages import language_of
from fozzy.insight.map.units import Unit
from fozzy.trace.finalize import project_name, shown_path

SCENARIOS_MAX = 10_000
MENTIONS_MAX = 5  # of one hotspot: who else names it does not matter
WORD_CHARS_MIN = 4  # shorter words are in every text
# Possessive, so that no text, however long, is looked at more than once.
_WORD = re.compile(r"[A-Za-z_][\w.]*+(?!\"?\s*+[:=])")  # not the names of fields
_PATH = re.compile(r"[\w./-]++")
_MODULE = re.compile(r"(?<![\w.])[A-Za-z_]\w*+(?:\.[A-Za-z_]\w*+)*+(?=:[A-Za-z_])")


class Listed(NamedTuple):
    """A scenario file, by its path relative to the project."""

    name: str
    valid: bool


class Mentions:
    """Which scenarios have the name of a file or function in their text. A name is no evidence."""

    def __init__(self) -> None:
        self._by_word: dict[str, list[str]] = {}
        self._by_file: dict[str, list[tuple[str, str]]] = {}  # a file's own name: paths as written, and by whom

    def take(self, name: str, text: str) -> None:
        """Look at the text of a scenario."""
        words = {part for word in _WORD.findall(text) for part in word.split(".")}
        for word in sorted(words - _STEP_TYPES):
            if len(word) >= WORD_CHARS_MIN:
                self._by_word.setdefault(word, []).append(name)
        modules = {f"{module.replace('.', '/')}.py" for module in _MODULE.findall(text)}
        for path in sorted({each for each in _PATH.findall(text) if language_of(each)} | modules):
            self._by_file.setdefault(path.rpartition("/")[2], []).append((path, name))

    def of(self, unit: Unit) -> list[str]:
        """Who names a unit or its file."""
        name = unit.name.rpartition(".")[2]
        found = list(self._by_word.get(name, ())) if name else []
        for path, scenario in self._by_file.get(unit.path.rpartition("/")[2], ()):
            if _is_same(unit.path, path.removeprefix("./")):
                found.append(scenario)
        return list(dict.fromkeys(found))[:MENTIONS_MAX]


class Scenarios(NamedTuple):
    """What a folder of scenarios holds. `traces` are kept traces beside them."""

    scenarios: list[Listed]
    traces: list[Path]
    mentions: Mentions
    notes: list[str]


_STEP_TYPES = frozenset(step_types())


def read_scenarios(folder: Path, project: Path, doubts: Doubts) -> Scenarios:
    """Read a folder of scenarios; one that is invalid or cannot be read is a doubt. *Limits*: `SCENARIOS_MAX`."""
    found = Scenarios([], [], Mentions(), [])
    if not folder.exists():
        found.notes.append(f"there is no folder {shown_path(folder)}, so no scenario was looked at")
        return found
    for path in _walk(folder, doubts):
        if not is_scenario(path.name):
            found.traces.append(path)
        elif len(found.scenarios) >= SCENARIOS_MAX:
            doubts.add("dropped", shown_path(path), f"there are more than {SCENARIOS_MAX:,} scenarios")
        else:
            found.scenarios.append(_read(path, project_name(path, project), found.mentions, doubts))
    return found


def _read(path: Path, name: str, mentions: Mentions, doubts: Doubts) -> Listed:
    shown = shown_path(path)
    try:
        document = read(path, name, shown)
    except InputError as error:
        doubts.add("unreadable_scenario", shown, error.message)
        return Listed(name, False)
    mentions.take(name, document.text)
    return Listed(name, _is_valid(path, document, doubts))


def _is_valid(path: Path, document: Document, doubts: Doubts) -> bool:
    try:
        parse(document, beside(path, document.name, document.shown, (document.name,)))
    except InputError as error:
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        doubts.add("invalid_scenario", document.shown, f"{error.message}{more}")
        return False
    return True


def _walk(folder: Path, doubts: Doubts) -> Iterator[Path]:
    """Scenarios and traces, by name. What has a scenario's name and is a folder is a doubt, as is an unread folder."""
    if not folder.is_dir():
        yield from (each for each in (folder,) if is_scenario(each.name))
        return
    unread: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=unread.append):
        for name in sorted(folders):
            if is_scenario(name):
                doubts.add("unreadable_scenario", shown_path(Path(here, name)), "it is a folder")
        folders[:] = sorted(each for each in folders if not each.startswith(".") and not is_scenario(each))
        yield from (Path(here, name) for name in sorted(files) if is_scenario(name) or name.endswith(".fozzy"))
    for error in unread:
        doubts.add("unreadable_scenario", shown_path(Path(error.filename)), f"cannot read it: {error.strerror}")


def _is_same(path: str, written: str) -> bool:
    """Whether a path as somebody wrote it can be this file."""
    return path == written or path.endswith(f"/{written}") or written.endswith(f"/{path}")

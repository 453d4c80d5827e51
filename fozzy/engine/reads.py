"""What a scenario's run depends on: its file and those it includes, the files it names, what its user code read.

Rule 1: what a run really read is known from the run before. As long as it is not, because there was none or it did not
come so far, a scenario that runs user code depends on every Python file of the project.
Rule 2: a file that a scenario names is watched whether it is there or not. What is written while scenarios run is taken
as theirs, or a scenario that writes a file it names would run for ever.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from fozzy.dsl.document import Loaded
from fozzy.dsl.load import decode_checked
from fozzy.engine.code import calls_of
from fozzy.engine.discover import Chosen

NAMES_MAX = 1000  # that one scenario names; each is asked for in two folders
NAME_CHARS_MAX = 255
CODE_FILES_MAX = 5000  # of a project; a folder with more is no project, or holds others' code
NOT_OURS = ("__pycache__", "node_modules", "site-packages")
ENVIRONMENT = "pyvenv.cfg"  # what marks a folder of installed libraries

_NAME = re.compile(r"[\w.@+/-]+\Z")
_SUFFIX = re.compile(r"\.[A-Za-z]\w{0,7}\Z")


class Reads:
    """What is known of all scenarios of a watch. `root` is the project's folder; kept traces may call, or not."""

    def __init__(self, root: Path, *, traces_call: bool = False) -> None:
        self._traces_call = traces_call
        self._root = os.path.abspath(root)
        self._read: dict[str, frozenset[str]] = {}  # by scenario and case
        self._named: dict[tuple[str, str], frozenset[str]] = {}  # by path and digest
        self._calls: dict[tuple[str, str], bool] = {}

    def learn(self, chosen: Chosen, read: Sequence[str] | None) -> None:
        """Take note of what a run read; none says that it is not known any more."""
        if read is None:
            self._read.pop(_key(chosen), None)
        else:
            self._read[_key(chosen)] = frozenset(read)

    def sources(self, chosen: Chosen) -> set[str]:
        """The files that say what happens: edited while they run, they count as changed."""
        own = {os.path.abspath(chosen.path)}
        if chosen.loaded is not None:
            own |= _documents(chosen.loaded, self._root)
        return own | self._read.get(_key(chosen), frozenset())

    def data(self, chosen: Chosen) -> frozenset[str]:
        """Other files that the scenario names, there or not."""
        loaded = chosen.loaded
        if loaded is None:
            return frozenset()
        key = (str(chosen.path), loaded.document.digest)
        if key not in self._named:
            self._named[key] = frozenset(_named(loaded, (self._root, os.path.dirname(os.path.abspath(chosen.path)))))
        return self._named[key]

    def is_open(self, chosen: Chosen) -> bool:
        """Whether it may read any Python file of the project, as far as is known."""
        return _key(chosen) not in self._read and self._is_calling(chosen)

    def _is_calling(self, chosen: Chosen) -> bool:
        if chosen.loaded is None:
            return self._traces_call
        key = (str(chosen.path), chosen.loaded.document.digest)
        if key not in self._calls:
            self._calls[key] = next(calls_of(chosen.loaded), None) is not None
        return self._calls[key]


def code_files(root: Path) -> tuple[set[str], set[str]]:
    """The Python files of a project and the folders they may come into. *Limits*: `CODE_FILES_MAX` of each."""
    files: set[str] = set()
    seen: set[str] = set()
    for here, folders, names in os.walk(os.path.abspath(root)):
        if ENVIRONMENT in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in NOT_OURS)
        seen.add(here)
        files.update(os.path.join(here, name) for name in sorted(names) if name.endswith(".py"))
        if len(files) > CODE_FILES_MAX or len(seen) > CODE_FILES_MAX:
            break
    return files, seen


def _key(chosen: Chosen) -> str:
    return f"{chosen.path} {chosen.label}"


def _documents(loaded: Loaded, root: str) -> set[str]:
    """The file of a scenario and all that it includes."""
    found = {os.path.normpath(os.path.join(root, loaded.document.name))}
    for each in loaded.included.values():
        found |= _documents(each, root)
    return found


def _named(loaded: Loaded, folders: Iterable[str]) -> Iterator[str]:
    """Files that the texts of a scenario name, as seen from these folders: `python3 shop.py`, `data/users.json`."""
    for document in _all(loaded):
        words = dict.fromkeys(word for text in _texts(document) for word in text.split() if _may_name(word))
        for word in list(words)[:NAMES_MAX]:
            for folder in folders:
                path = os.path.normpath(os.path.join(folder, word))
                if os.path.isfile(path) or (_SUFFIX.search(word) and not os.path.isabs(word)):
                    yield path


def _all(loaded: Loaded) -> Iterator[Any]:
    yield decode_checked(loaded.document)
    for each in loaded.included.values():
        yield from _all(each)


def _may_name(word: str) -> bool:
    return len(word) <= NAME_CHARS_MAX and ("." in word or "/" in word) and _NAME.match(word) is not None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)

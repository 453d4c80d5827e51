"""From what a run names to the code that is meant: modules, programs, URLs and paths of the project to units."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from fozzy.insight.map.reading import Tree
from fozzy.insight.map.routes import Route
from fozzy.insight.map.traced import Requested, Started
from fozzy.insight.map.units import Unit

_INTERPRETERS = re.compile(
    r"(python|pypy)[\d.]*|node|nodejs|deno|bun|tsx|ts-node|ruby|perl|php|lua|sh|bash|dash|zsh|java|dart|elixir|swift"
)
_WRAPPERS = re.compile(r"env|nice|time|nohup|exec|npx|pnpx|bunx|uv|poetry|pipenv|run|go")
_TAKES_VALUE = {"-W", "-X", "-r", "--require", "--import", "--loader", "-I", "--check-hash-based-pycs", "-cp"}
_TEXT = {"-c", "-e", "--eval", "-p", "--print"}  # the program stands in the command itself
_LOCAL = re.compile(r"localhost|.+\.localhost|127(\.\d+){3}|::1|0\.0\.0\.0")
_SCHEMES = ("http", "https", "ws", "wss")


class Places:
    """The units of a tree, by everything a run can call them."""

    def __init__(self, root: Path, project: Path, tree: Tree) -> None:
        self._by_path = tree.by_path()
        self._routed = [unit for unit in tree.units if unit.routes]
        self._project = os.path.abspath(project)
        self._root = os.path.abspath(root)

    def file(self, path: str) -> list[Unit]:
        """The units of a file by its path relative to the project."""
        return self._named(path, "")

    def module(self, function: str, scenario: str) -> list[Unit]:
        """The units of the module of `package.module:name`: beside the scenario, then in the project's folder."""
        module = function.partition(":")[0].replace(".", "/")
        for folder in (posixpath.dirname(scenario), ""):
            for path in (f"{module}.py", f"{module}/__init__.py"):
                if units := self.file(posixpath.join(folder, path)):
                    return units
        return []

    def program(self, started: Started) -> list[Unit]:
        """The units of the file a process ran: the program itself, or what its interpreter was given to run.

        A file that is only read by a program (`cat shop.py`) was not run.
        """
        words = list(started.words)
        while len(words) > 1 and _WRAPPERS.fullmatch(posixpath.basename(words[0])):
            words = words[1:]
            while len(words) > 1 and (words[0].startswith("-") or "=" in words[0]):
                words = words[1:]
        if not _INTERPRETERS.fullmatch(posixpath.basename(words[0]) if words else ""):
            return self._named(words[0], started.cwd) if words else []
        return self._script(words[1:], started.cwd)

    def _script(self, words: list[str], cwd: str) -> list[Unit]:
        """What an interpreter runs: the first word that is no option, or a module."""
        while words:
            word = words.pop(0)
            if word == "-m" and words:
                module = posixpath.join(cwd, words[0].replace(".", "/"))
                return self._named(f"{module}.py", "") or self._named(f"{module}/__main__.py", "")
            if word in _TEXT or word == "-":
                return []
            if word in _TAKES_VALUE:
                words = words[1:]
            elif not word.startswith("-") and word != "run":
                return self._named(word, cwd)
        return []

    def _named(self, word: str, cwd: str) -> list[Unit]:
        """A file by a path that a process was given: absolute, or from its own folder in the project."""
        if not word:
            return []
        path = os.path.normpath(os.path.join(self._project, cwd, word))
        return self._by_path.get(os.path.relpath(path, self._root).replace(os.sep, "/"), [])

    def handlers(self, request: Requested, base_url: str) -> Iterator[tuple[Unit, Route]]:
        """Who answers a request, by the paths in the code. Only of hosts that can be this code: this machine's own,
        and the one the run was pointed at."""
        try:
            url = urlsplit(request.url)
            host, own = url.hostname or "", urlsplit(base_url).hostname or ""
        except ValueError:
            return
        if url.scheme not in _SCHEMES or not (_LOCAL.fullmatch(host) or host == own):
            return
        for unit in self._routed:
            for route in unit.routes:
                if route.matches(request.method, url.path or "/"):
                    yield unit, route
                    break

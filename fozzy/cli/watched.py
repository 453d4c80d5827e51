"""What a watch looks after: the scenarios there are, what is wrong with others, and the files all of them depend on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fozzy.cli.options import config_of
from fozzy.cli.reporting import Reports, reports_of
from fozzy.config import FILE_NAMES, Config
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import load
from fozzy.engine.discover import Chosen, Found, discover, folders_of
from fozzy.engine.reads import Reads, code_files
from fozzy.engine.stamps import Stamp, Stamps, stamp
from fozzy.engine.suite import Told, refuse_code
from fozzy.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from fozzy.cli.commands.test import Test

NAMED_WRONG = ("scenario.missing", "scenario.not_a_scenario")


class Affected(NamedTuple):
    """What a change comes to."""

    chosen: list[Chosen]  # that are to run
    problems: list[Problem]  # that are new, or in a file that was changed
    changed: list[str]  # files, as absolute paths; a folder is told by what is new in it
    gone: list[str]  # scenarios that are not there any more


class Watched:
    """All of it, as it is since the last look. *Errors* of making one: `FozzyError` for what is wrong with the words or
    the configuration."""

    def __init__(self, command: Test) -> None:
        self._command = command
        self._stamps = Stamps()
        self._sources: dict[str, set[str]] = {}  # by file, as it was when it was valid last
        self._loads: dict[tuple[str, str, str], tuple[Stamp, Loaded]] = {}
        self._folders: list[str] = []
        self._code: set[str] | None = None  # all Python files, as long as any of them may be read
        self.found = Found([], [], 0, 0)
        self.chosen: list[Chosen] = []
        self.problems: list[Problem] = []
        self.files = 0  # that are looked after
        self.configure()
        self.look()
        wrong = [each for each in self.problems if each.code in NAMED_WRONG]
        if wrong:
            raise InputError.of(wrong)

    def configure(self) -> None:
        """Read the configuration. *Errors*: `ConfigError`, `UsageError`."""
        config = config_of(self._command)
        self.reports = _reports(self._command, config)
        self.config = config
        self._reads = Reads(config.root, traces_call=self._command.allow_code)

    def look(self) -> None:
        """Find what there is now. *Errors*: `InputError` when the folder of scenarios is not there."""
        from fozzy.cli.commands.test import default_folder

        command, root = self._command, self.config.root
        words = command.paths or [default_folder(self.config)]
        self.found = found = discover(words, root, self._loaded)
        self._folders = [*folders_of(words), *(os.path.dirname(path) for path in found.looked)]
        code = refuse_code(found.chosen, command.options(self.config), root)
        refused = {place(each) for each in code}
        self.problems = [*found.problems, *code]
        self.chosen = [each for each in command.selected(found) if os.path.abspath(each.path) not in refused]
        self._look_after()

    def _loaded(self, path: Path, name: str, shown: str) -> Loaded:
        """A scenario as its file is now; one that has not changed is not read again. *Errors*: `InputError`."""
        now, key_ = stamp(str(path)), (str(path), name, shown)
        before = self._loads.get(key_)
        if before is not None and before[0] == now and not before[1].included:  # what it includes may have changed
            return before[1]
        loaded = load(path, name, shown)
        self._loads[key_] = now, loaded
        return loaded

    def changed(self) -> set[str]:
        """The files and folders that changed since the last time."""
        return self._stamps.changed()

    def affected(self, changed: set[str]) -> Affected:
        """Look again, and tell what comes of a change. *Errors*: as `look`."""
        before, known, code = self.problems, {key(each) for each in self.chosen}, self._code
        looked = set(self.found.looked)
        self.look()
        if code is not None and self._code is not None:
            changed = changed | (self._code - code)  # a new Python file changes its folder only
        chosen = [each for each in self.chosen if key(each) not in known or self._is_affected(each, changed)]
        problems = [each for each in self.problems if each not in before or place(each) in changed]
        new = set(self.found.looked) - looked
        files = sorted(path for path in changed | new if not os.path.isdir(path))
        return Affected(chosen, problems, files, sorted(looked - set(self.found.looked)))

    def learn(self, chosen: Sequence[Chosen], told: Sequence[Told]) -> None:
        """Take note of what these runs read; what they wrote of the files they name is no change."""
        for each, said in zip(chosen, told, strict=False):  # they may have been stopped early
            self._reads.learn(each, said.read)
        self._look_after()
        sources = set[str]().union(*(self._reads.sources(each) for each in self.chosen))
        data = set[str]().union(*(self._reads.data(each) for each in self.chosen))
        self._stamps.settle(data - sources - set(self.found.looked))

    def config_files(self) -> set[str]:
        """The configuration in force, and where one may come that is nearer."""
        named = [self.config.file] if self.config.file else []
        beside = [str(folder / name) for folder in (self.config.root, Path()) for name in FILE_NAMES]
        return {os.path.abspath(name) for name in [*named, *beside]}

    def _look_after(self) -> None:
        """Look after all that a run may depend on, as far as it is known."""
        for each in self.chosen:
            self._sources[os.path.abspath(each.path)] = self._reads.sources(each)
        paths = {*self.found.looked, *self._folders, *self.config_files(), *map(place, self.problems)}
        for looked in self.found.looked:
            paths |= self._sources.get(looked, set())
        for each in self.chosen:
            paths |= self._reads.data(each)
        self._code = None
        if any(self._reads.is_open(each) for each in self.chosen):
            self._code, folders = code_files(self.config.root)
            paths |= self._code | folders
        self._stamps.watch(sorted(paths))
        self.files = len(paths)

    def _is_affected(self, chosen: Chosen, changed: set[str]) -> bool:
        if not changed.isdisjoint(self._reads.sources(chosen) | self._reads.data(chosen)):
            return True
        return self._reads.is_open(chosen) and any(path.endswith(".py") for path in changed)


def _reports(command: Test, config: Config) -> Reports:
    """Where reports go: people's on stdout, others into files. *Errors*: `UsageError`."""
    reports = reports_of(command, config)
    if reports.to_stdout is not None:
        message = f"--watch shows its own screen, so stdout cannot hold the report {reports.to_stdout}"
        raise UsageError("usage.watch", message, hint=f"give it a file: --reporter {reports.to_stdout}=FILE")
    return reports


def key(chosen: Chosen) -> str:
    """A scenario and its combination, in one text."""
    return f"{os.path.abspath(chosen.path)} {chosen.label}"


def place(problem: Problem) -> str:
    """The file a problem is in, as an absolute path."""
    return os.path.abspath(problem.where.file) if problem.where is not None else ""

"""Scenario files as tests of pytest: `*.fozzy.json`, `*.fozzy.toml` and `*.fozzy.yaml`, each combination of a matrix an item.

Rule 1: it runs as under `fozzy test`: the same seeds, the same configuration, the same screen when it fails.
Rule 2: a suite only names others, so it is collected only where the command line names it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest._io import TerminalWriter

from fozzy.config import load_config
from fozzy.core.summary import Member
from fozzy.dsl.load import load
from fozzy.dsl.scenario import SuiteFile
from fozzy.engine.discover import Chosen, discover
from fozzy.errors import FozzyError, InputError
from fozzy.pytest_plugin import screens
from fozzy.pytest_plugin.engine_run import runs_of


class ScenarioFailed(Exception):
    """A scenario did not end as it should; the text is its screen, `said` is its finding in a line."""

    def __init__(self, screen: str, said: str) -> None:
        super().__init__(screen)
        self.said = said


class Screen(TerminalRepr):
    """fozzy's own screen, and the line for pytest's summary."""

    def __init__(self, failed: ScenarioFailed, path: Path) -> None:
        self.text = str(failed)
        self.reprcrash = ReprFileLocation(str(path), 1, failed.said)

    def toterminal(self, tw: TerminalWriter) -> None:
        """Write it."""
        tw.line(self.text)


class ScenarioFile(pytest.File):
    """One file."""

    def collect(self) -> Iterator[pytest.Item]:
        """Its scenarios. *Errors*: `CollectError` for one that is not valid."""
        try:
            shown = os.path.relpath(self.path)
            if isinstance(load(Path(shown)).file, SuiteFile) and not self._is_named():
                return
            found = discover([shown], load_config(None).root)
            if found.problems:
                raise InputError.of(found.problems)
        except FozzyError as error:
            raise self.CollectError(screens.wrong(error)) from None
        for chosen in found.chosen:
            yield ScenarioItem.from_parent(self, name=self._name(chosen), chosen=chosen)

    def _is_named(self) -> bool:
        here = self.config.invocation_params.dir
        return any(Path(here, str(word)).absolute() == self.path for word in self.config.args)

    def _name(self, chosen: Chosen) -> str:
        name = "scenario" if chosen.path.absolute() == self.path else chosen.name
        return f"{name}[{chosen.label}]" if chosen.label else name


class ScenarioItem(pytest.Item):
    """One scenario."""

    def __init__(self, *, chosen: Chosen, **more: Any) -> None:
        super().__init__(**more)
        self._chosen = chosen
        file = chosen.loaded.file if chosen.loaded else None
        if file is not None and not isinstance(file, SuiteFile):
            self.extra_keyword_matches.update([*file.tags, *([file.name] if file.name else [])])

    def runtest(self) -> None:
        """Run it. *Errors*: `ScenarioFailed`."""
        member: Member = runs_of(self.config).run(self._chosen)
        self.user_properties += [("seed", member.seed), *([("trace", member.trace_path)] if member.trace_path else [])]
        if not member.passed:
            raise ScenarioFailed(screens.failed_member(member), _said(member))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *more: Any, **words: Any) -> Any:
        """fozzy's own screen."""
        if isinstance(excinfo.value, ScenarioFailed):
            return Screen(excinfo.value, self.path)
        if isinstance(excinfo.value, FozzyError):
            return screens.wrong(excinfo.value)
        return super().repr_failure(excinfo, *more, **words)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands."""
        return self.path, 0, f"{self.path.name}: {self.name}"


def _said(member: Member) -> str:
    if not member.findings:
        return f"it ended with {member.status}"
    first = member.findings[0]
    return f"{first.title}: {first.message}" if first.title else first.message

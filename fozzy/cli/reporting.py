"""Where the reports of a run go: `--reporter FORMAT[=FILE]`, `--json`, `--events`, and the config's `reporter`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.cli import actions
from fozzy.cli.console import Console
from fozzy.cli.options import Running
from fozzy.config import Config
from fozzy.core.events import Record
from fozzy.core.summary import Summary
from fozzy.errors import UsageError, suggestion
from fozzy.report import FORMATS, renderer
from fozzy.report.cases import is_suite


class Reports(NamedTuple):
    """What is reported where. `screen` says whether people's lines go to stdout while it runs."""

    to_stdout: str | None
    to_files: list[tuple[str, str]]
    screen: bool
    events: bool

    def finish(self, console: Console, summary: Summary, told: Summary | None = None) -> None:
        """Write every report; all but JSON are made from `told`, when it is given.

        In GitHub Actions failures are annotated, where stdout is no report, and the step's summary tells of suites and of
        what failed.

        *Errors*: `UsageError` for a file that cannot be written.
        """
        told = told or summary
        for name, file in self.to_files:
            write_report(Path(file), renderer(name)(summary if name == "json" else told))
        if self.to_stdout is not None:
            console.raw(renderer(self.to_stdout)(summary if self.to_stdout == "json" else told))
        if self.events:
            console.raw(msgspec.json.encode(summary).decode() + "\n")
        if actions.is_here():
            if self.screen:
                actions.annotate(console, told)
            asked = actions.summary_file() in [file for _, file in self.to_files]
            if not asked and (is_suite(summary) or summary.status != "pass"):
                actions.summarize(console, told)


def reports_of(command: Running, config: Config) -> Reports:
    """What was asked for. *Errors*: `UsageError` for an unknown format or two answers on one stdout."""
    words = [*(command.reporter or config.settings.reporter)]
    return asked_reports([*words, *(["json"] if command.json else [])], command.events)


def asked_reports(words: Sequence[str], events: bool) -> Reports:
    """The reports these words ask for, each FORMAT or FORMAT=FILE. *Errors*: `UsageError`."""
    pairs = [_pair(word) for word in words]
    stdout = list(dict.fromkeys(name for name, file in pairs if not file))
    if len(stdout) + events > 1:
        given = ", ".join([*stdout, *(["events"] if events else [])])
        message = f"stdout can hold one report, got {given}"
        raise UsageError("usage.two_reports", message, hint="give all but one a file: --reporter junit=report.xml")
    one = stdout[0] if stdout else None
    screen = one in (None, "pretty") and not events
    return Reports(None if screen else one, [(name, file) for name, file in pairs if file], screen, events)


def event_printer(console: Console, scenario: str) -> Callable[[Sequence[Record]], None]:
    """A sink that prints every record as a line of JSON with its scenario and number."""
    number = 0

    def sink(records: Sequence[Record]) -> None:
        nonlocal number
        lines: list[str] = []
        for record in records:
            head = msgspec.json.encode({"scenario": scenario, "n": number}).decode()[:-1]
            lines.append(f"{head},{msgspec.json.encode(record).decode()[1:]}\n")
            number += 1
        console.raw("".join(lines))

    return sink


def _pair(word: str) -> tuple[str, str]:
    name, _, file = word.partition("=")
    return known_format(name), file


def known_format(name: str) -> str:
    """The name of a format. *Errors*: `UsageError` when there is none of that name."""
    if name not in FORMATS:
        hint = suggestion(name, FORMATS) or f"one of {', '.join(FORMATS)}"
        raise UsageError("usage.unknown_reporter", f'there is no report format "{name}"', hint=hint)
    return name


def write_report(path: Path, text: str) -> None:
    """Write a report to a file. *Errors*: `UsageError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write the report {path}: {error.strerror or error}"
        raise UsageError("report.unwritable", message, hint="a report needs a file that can be written") from error

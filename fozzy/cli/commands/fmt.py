"""`fozzy fmt`: scenario files in one form, comments and meaning kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal, NamedTuple

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.commands.test import default_folder
from fozzy.cli.console import Console
from fozzy.cli.documents import ErrorBody, FmtDocument
from fozzy.cli.failures import help_lines, problem_body
from fozzy.cli.options import config_of
from fozzy.config import Config
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.dsl.document import Loaded
from fozzy.dsl.load import document, load, parse
from fozzy.engine.discover import expand, is_scenario
from fozzy.errors import Exit, FozzyError, InputError, Problem, UsageError, Where
from fozzy.report.problems import error_lines, tally
from fozzy.report.text import Line, Span, count, gutter, line, quoted, safe
from fozzy.trace.finalize import project_name, shown_path
from fozzy.trace.store import write_whole


class _Outcome(NamedTuple):
    """What became of the files."""

    files: int
    changed: list[str]
    invalid: int
    problems: list[Problem]


class Fmt(Command, frozen=True, kw_only=True):
    """Format scenario files: order of keys, indentation, line breaks.

    What a file means never changes: it is loaded again before it is written. Comments in TOML and YAML are kept. A file that is
    invalid is shown as by validate and left as it is.
    """

    name: ClassVar[str] = "fmt"
    paths: Annotated[list[str], Arg("Files, folders or globs; the config's scenarios when not given.", "PATH...")] = []
    check: Annotated[bool, Opt(("--check",), "Write nothing; end with 1 when a file would change.")] = False
    stdout: Annotated[bool, Opt(("--stdout",), "Print the one file that is named instead of writing it.")] = False

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        if self.stdout + self.check + self.json > 1 and self.stdout:
            message = "--stdout prints the file, which leaves no room for --check or --json"
            raise UsageError("usage.two_reports", message, hint="drop one of them")
        paths, missing = _files(self.paths or [default_folder(config)])
        if self.stdout:
            return _print(console, config, paths, missing)
        outcome = self._format(config, paths, missing)
        if console.json:
            console.raw(msgspec.json.encode(self._document(outcome)).decode() + "\n")
        console.answer(self._lines(outcome, console.quiet))
        return {"pass": Exit.PASS, "fail": Exit.FAIL, "error": Exit.USAGE}[self._status(outcome)]

    def _format(self, config: Config, paths: Sequence[Path], missing: list[Problem]) -> _Outcome:
        changed: list[str] = []
        problems = list(missing)
        invalid = len(missing)
        for path in paths:
            try:
                loaded = _load(path, config)
                text = formatted(loaded)
                if text != loaded.document.text:
                    changed.append(loaded.document.shown)
                    if not self.check:
                        _write(path, text)
            except FozzyError as error:
                problems += error.problems
                invalid += 1
        return _Outcome(len(paths) + len(missing), changed, invalid, problems)

    def _status(self, outcome: _Outcome) -> Literal["pass", "fail", "error"]:
        if outcome.problems:
            return "error"
        return "fail" if self.check and outcome.changed else "pass"

    def _document(self, outcome: _Outcome) -> FmtDocument:
        problems = [problem_body(problem) for problem in outcome.problems]
        first = problems[0] if problems else None
        return FmtDocument(
            schema_version=SCHEMA_VERSION,
            command="fmt",
            status=self._status(outcome),
            files=outcome.files,
            changed=outcome.changed,
            written=not self.check,
            invalid=outcome.invalid,
            problems=problems,
            error=ErrorBody(code=first.code, message=first.message, hint=first.hint, where=first.where)
            if first
            else None,
        )

    def _lines(self, outcome: _Outcome, quiet: bool) -> Iterator[Line]:
        if not quiet:
            word = "change" if self.check else "formatted"
            yield from (line(gutter(word), safe(path)) for path in outcome.changed)
            if outcome.problems:
                yield from [*error_lines(InputError.of(outcome.problems)), []]
        yield line(self._closing(outcome))
        if outcome.problems:
            yield line(tally(outcome.problems, outcome.invalid, outcome.files))
            yield from [] if quiet else help_lines("fmt", outcome.problems)
        if self.check and outcome.changed and not quiet:
            words = " ".join(["fozzy fmt", *map(quoted, self.paths)])
            yield from ([], line("  next  ", Span(words + self.place_flags, "code")))

    def _closing(self, outcome: _Outcome) -> str:
        changed = len(outcome.changed)
        if self.check and changed:
            return f"{changed} of {count(outcome.files, 'file')} would change"
        rest = outcome.files - changed - outcome.invalid
        made = f"{count(changed, 'file')} formatted, " if changed else ""
        return f"{made}{rest if changed else count(rest, 'file')} as they should be"


def formatted(loaded: Loaded) -> str:
    """A scenario's text as it should be. *Errors*: `InputError` when that would mean something else, or nothing."""
    given = loaded.document
    try:
        if given.form == "toml":
            from fozzy.dsl.format_toml import format_toml  # its library is slow to import, and only this needs it

            text = format_toml(given.text)
        elif given.form == "yaml":
            from fozzy.dsl.format_yaml import format_yaml

            text = format_yaml(given.text)
        else:
            from fozzy.dsl.format_json import format_json

            text = format_json(given.text)
        made = parse(document(text.encode(), given.name, given.shown, given.form), loaded.included.__getitem__)
    except (ValueError, LookupError, InputError) as error:
        raise _refused(given.shown, f"cannot be formatted: {error}") from error
    if _meaning(made) != _meaning(loaded):
        raise _refused(given.shown, "would mean something else when it is formatted")
    return text


def _meaning(loaded: Loaded) -> bytes:
    return msgspec.json.Encoder(order="deterministic").encode(loaded.file)


def _refused(shown: str, why: str) -> InputError:
    return InputError(
        "fmt.refused", f"{shown} {why}", hint="it was left as it is; please report it", where=Where(shown)
    )


def _files(words: Sequence[str]) -> tuple[list[Path], list[Problem]]:
    """The scenario files the words name, each once; what is a trace in a folder is none of ours."""
    paths: dict[str, Path] = {}
    problems: list[Problem] = []
    for word in words:
        for path, problem in expand(word):
            if problem is None and path == Path(word) and not is_scenario(word):
                problem = Problem(
                    code="scenario.not_a_scenario",
                    message=f"{word} is a trace; only scenarios are formatted",
                    where=Where(word),
                )
            if problem is not None:
                problems.append(problem)
            elif is_scenario(path.name):
                paths.setdefault(os.path.abspath(path), path)
    return list(paths.values()), problems


def _load(path: Path, config: Config) -> Loaded:
    return load(path, project_name(path, config.root), shown_path(path))


def _print(console: Console, config: Config, paths: Sequence[Path], problems: list[Problem]) -> Exit:
    if problems:
        raise InputError.of(problems)
    if len(paths) != 1:
        raise UsageError("fmt.one_file", f"--stdout prints one file, got {len(paths)}", hint="name one scenario file")
    console.raw(formatted(_load(paths[0], config)))
    return Exit.PASS


def _write(path: Path, text: str) -> None:
    """Replace a file's content, never half of it; what may be done with the file stays. *Errors*: `UsageError`."""
    target = path.resolve()
    try:
        mode = target.stat().st_mode
        write_whole(target, text.encode())
        target.chmod(mode)
    except OSError as error:
        message = f"cannot write {shown_path(path)}: {error.strerror or error}"
        raise UsageError("fmt.unwritable", message, where=Where(shown_path(path))) from error

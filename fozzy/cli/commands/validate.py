"""`fozzy validate`: every problem of every file, each with its place."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec

from fozzy.cli import actions
from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.commands.test import default_folder
from fozzy.cli.console import Console
from fozzy.cli.documents import ErrorBody, ValidateDocument
from fozzy.cli.failures import help_lines, problem_body
from fozzy.cli.options import config_of
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.engine.discover import Found, discover
from fozzy.errors import Exit, InputError
from fozzy.report.github import render_problems
from fozzy.report.problems import error_lines, tally
from fozzy.report.text import line


class Validate(Command, frozen=True, kw_only=True):
    """Check scenario files and show every problem with its place.

    What is accepted here, every other command accepts; what is rejected, they reject with the same words.
    """

    name: ClassVar[str] = "validate"
    paths: Annotated[list[str], Arg("Files, folders or globs; the config's scenarios when not given.", "PATH...")] = []
    reporter: Annotated[
        Literal["pretty", "json", "github"], Opt(("--reporter",), "pretty, json, or github for annotations.", "FORMAT")
    ] = "pretty"

    def call(self, console: Console) -> Exit:
        config = config_of(self)
        found = discover(self.paths or [default_folder(config)], config.root)
        if self.reporter == "github":
            console.raw(render_problems(found.problems, actions.folder()))
        elif console.json or self.reporter == "json":
            console.raw(msgspec.json.encode(_document(found)).decode() + "\n")
        else:
            _show(console, found)
            if actions.is_here():
                console.raw(render_problems(found.problems, actions.folder()))
        return Exit.USAGE if found.problems else Exit.PASS


def _show(console: Console, found: Found) -> None:
    if not found.problems:
        console.answer([line(f"{found.files} file{'' if found.files == 1 else 's'} valid")])
        return
    problems = tally(found.problems, found.invalid, found.files)
    if not console.quiet:
        console.answer([*error_lines(InputError.of(found.problems)), []])
    console.answer([line(problems), *([] if console.quiet else help_lines("validate", found.problems))])


def _document(found: Found) -> ValidateDocument:
    problems = [problem_body(problem) for problem in found.problems]
    return ValidateDocument(
        schema_version=SCHEMA_VERSION,
        command="validate",
        status="error" if problems else "pass",
        files=found.files,
        invalid=found.invalid,
        problems=problems,
        error=ErrorBody(**msgspec.structs.asdict(problems[0])) if problems else None,
    )

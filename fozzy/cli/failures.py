"""Errors as screens and as JSON documents: the same envelope for every command."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence

import msgspec

from fozzy.cli import actions
from fozzy.cli.console import Console
from fozzy.cli.documents import ErrorBody, ErrorDocument, ProblemBody
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import FozzyError, Problem, Where, whole
from fozzy.report.problems import error_lines
from fozzy.report.text import Line, Span, line

EXPLAINED_MAX = 3
_SCHEMA = ("fozzy schema", "prints all that a scenario may say")
_CHAOS_SCHEMA = ("fozzy schema --for chaos-file", "prints all that a chaos file may say")
_TCP_SCHEMA = ("fozzy schema --for chaos-file-tcp", _CHAOS_SCHEMA[1])
# What can be pasted after an error, by its code or by the part of it before the dot; else what explains a mistake in a
# file, and of words the command's own help.
_HELP = {
    "scenario.unknown_step": ("fozzy schema --steps", "lists the types of steps and invariants"),
    "scenario.no_base_url": ("fozzy env", "shows every setting"),
    "scenario.syntax": ("fozzy explain scenario.syntax", "tells what it means"),
    **{f"scenario.{reason}": _SCHEMA for reason in ("unknown_field", "missing_field", "bad_value", "empty", "invalid")},
    **{
        f"chaos.{reason}": _CHAOS_SCHEMA
        for reason in ("unknown_key", "missing_field", "bad_value", "conflict", "shares")
    },
    "config": ("fozzy schema --for config", "prints all that the configuration may say"),
}


def show_error(console: Console, command: str, error: FozzyError) -> None:
    """Show an error: on stderr for people, on stdout as the one document under `--json` and the last line of a stream.

    Where the document is out already, as when somebody interrupts what is done after it, people are told.
    """
    if console.is_stream or (console.json and not console.has_answered):
        console.raw(msgspec.json.encode(error_document(command, error)).decode() + "\n")
        return
    more = explain_lines(error.problems) if console.verbose else []
    console.talk([*error_lines(error), *help_lines(command, error.problems), *more])
    if actions.is_here():
        actions.annotate_error(console, error)


def explain_lines(problems: Sequence[Problem]) -> list[Line]:
    """Where each kind of problem is explained, for those who ask for more."""
    codes = dict.fromkeys(problem.code for problem in problems)
    return [
        line(Span("help", "strong"), ": ", Span(f"fozzy explain {code}", "code"), "   tells what it means")
        for code in list(codes)[:EXPLAINED_MAX]
    ]


def help_lines(command: str, problems: Sequence[Problem]) -> list[Line]:
    """A command to paste that leads on, unless a hint among the problems has one."""
    if any("fozzy " in problem.hint for problem in problems):
        return []
    codes = [code for problem in problems for code in (problem.code, problem.code.partition(".")[0])]
    if command in ("proxy http", "proxy tcp") and "config.unknown_key" in codes:
        said = "   names --chaos FILE for what goes wrong"
        return [line(Span("help", "strong"), ": ", Span(f"fozzy {command} --help", "code"), said)]
    if command == "proxy tcp" and not any(problem.where for problem in problems):
        codes = []  # its flags made it so, and they are what its help tells
    usage = (f"{' '.join(['fozzy', *command.split()])} --help".replace("fozzy fozzy", "fozzy"), "tells how it is used")
    pointed = next((problem.code for problem in problems if problem.text), "")  # at a part of a file
    usual = (f"fozzy explain {pointed}", "tells what it means") if pointed else usage
    is_tcp = command == "proxy tcp" or any(problem.message.startswith("proxies[") for problem in problems)
    words, said = next((_help(code, is_tcp) for code in codes if code in _HELP), usual)
    return [line(Span("help", "strong"), ": ", Span(words, "code"), f"   {said}")]


def _help(code: str, is_tcp: bool) -> tuple[str, str]:
    """What belongs to a code; chaos files for TCP have a schema of their own."""
    return _TCP_SCHEMA if is_tcp and _HELP[code] is _CHAOS_SCHEMA else _HELP[code]


def error_document(command: str, error: FozzyError) -> ErrorDocument:
    """The envelope of an error: the first problem, and all of them."""
    first = error.problems[0]
    return ErrorDocument(
        schema_version=SCHEMA_VERSION,
        command=command,
        status="error",
        error=ErrorBody(
            code=error.code, message=error.message, hint=error.hint or None, where=_where(first.where or error.where)
        ),
        problems=[problem_body(problem) for problem in error.problems],
    )


def problem_body(problem: Problem) -> ProblemBody:
    """A problem as JSON."""
    message, hint = whole(problem.message), whole(problem.hint) or None
    return ProblemBody(code=problem.code, message=message, hint=hint, where=_where(problem.where))


def _where(where: Where | None) -> Where | None:
    return None if where is None else Where(whole(where.file), where.line, where.col)


def show_bug(console: Console, command: str, bug: Exception) -> None:
    """Own up to a bug of ours; the traceback only for who asks."""
    message = f"{type(bug).__name__}: {bug}"
    error = FozzyError("fozzy.bug", message, hint="this is a fault of fozzy; -v shows where, please report it")
    show_error(console, command, error)
    show_traceback(console, bug)


def show_traceback(console: Console, bug: Exception) -> None:
    """Where it happened, for who asks with `-v`."""
    if (console.verbose or os.environ.get("FOZZY_LOG") == "debug") and not (console.json or console.is_stream):
        shown = "".join(traceback.format_exception(bug))
        console.talk([line(Span(each, "dim")) for each in shown.splitlines()])

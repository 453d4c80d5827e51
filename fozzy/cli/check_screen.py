"""Checks as people see them: one line each, what was found under it with what to do, and the count at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from fozzy.cli.check_documents import CheckBody
from fozzy.cli.console import Console
from fozzy.cli.failures import problem_body
from fozzy.errors import Exit, Problem
from fozzy.gate.checked import Cause, Checked, Parted, exit_of_checks, is_bad
from fozzy.report.text import WIDTH, Line, Role, Span, count, duration, line, one_line

WORDS: dict[str, tuple[str, Role]] = {
    "pass": ("ok", "pass"),
    "fail": ("FAIL", "fail"),
    "warn": ("warn", "warn"),
    "skip": ("skip", "dim"),
    "info": ("info", "dim"),
}
FOUND_MAX = 20  # of one check; the document has all
NAME_END = 27  # where a check's words begin
LABEL = 10
_INDENT = " " * 10


def check_lines(check: Checked, *, verbose: bool = False) -> Iterator[Line]:
    """One check, what it found, and what it left out."""
    word, role = WORDS[check.status]
    said = check.ran if check.status != "skip" else check.left_out[0]
    first, *rest = _wrapped(said, WIDTH - NAME_END)
    yield line("  ", Span(f"{word:<8}", role), f"{check.name:<16} {first}")
    yield from (line(" " * NAME_END, each) for each in rest)
    parted = dict(enumerate(check.parted))  # a problem of this check has its sides under the same number
    for index, problem in enumerate(check.found[:FOUND_MAX]):
        if check.status != "info" or verbose:
            yield from _problem(problem, parted.get(index), check)
    more = len(check.found) - FOUND_MAX
    if more > 0:
        yield line(f"{_INDENT}and {more} more: --json has all")
    if check.status != "skip":
        for each in check.left_out:
            yield from _indented(f"left out: {each}", "dim")


def _problem(problem: Problem, parted: Parted | None, check: Checked) -> Iterator[Line]:
    role = WORDS[check.status][1]
    first, *rest = _wrapped(f"{problem.code}: {problem.message}", WIDTH - len(_INDENT))
    code, _, message = first.partition(": ")
    yield line(_INDENT, Span(code, role), f": {message}" if message else "")
    yield from (line(_INDENT, each) for each in rest)
    if problem.where is not None:
        spot = f":{problem.where.line}:{problem.where.col}" if problem.where.line else ""
        yield line(f"{_INDENT}--> ", Span(f"{one_line(problem.where.file)}{spot}", "code"))
    if parted is not None:
        yield from _sides(parted)
    if problem.hint.startswith("fozzy "):
        yield line(_INDENT, Span(one_line(problem.hint), "code"))  # whole, so that it can be pasted
    elif problem.hint:
        yield from _labelled("hint", problem.hint)


def _sides(parted: Parted) -> Iterator[Line]:
    yield from _labelled("run 1", parted.first)
    yield from _labelled("run 2", parted.other)
    yield from _labelled("run 2 is", parted.way, "dim")
    if parted.node:
        yield from _labelled("where", _spot(parted))
    for cause in parted.causes:
        yield from _labelled("why", _why(cause))


def _spot(parted: Parted) -> str:
    """The machine, the virtual time and the line of the user's where two runs of a cluster part."""
    when = "" if parted.time_ns is None else f" at {duration(parted.time_ns)} of virtual time"
    return f"{parted.node}{when}{f', made at {parted.at}' if parted.at else ''}"


def _labelled(label: str, text: str, role: Role = "") -> Iterator[Line]:
    room = WIDTH - len(_INDENT) - LABEL
    for index, each in enumerate(_wrapped(text, room)):
        yield line(_INDENT, Span(f"{'' if index else label:<{LABEL}}", "dim"), Span(each, role))


def _indented(text: str, role: Role) -> Iterator[Line]:
    yield from (line(_INDENT, Span(each, role)) for each in _wrapped(text, WIDTH - len(_INDENT)))


def _wrapped(text: str, width: int) -> list[str]:
    """A text in lines of this width; words that are longer are cut."""
    return textwrap.wrap(one_line(text), width, break_on_hyphens=False) or [""]


def _why(cause: Cause) -> str:
    return f"{cause.message}, at {cause.at}" if cause.at else cause.message


def counted(checks: Sequence[Checked]) -> str:
    """`1 problem, 1 warning, 2 skipped (reason)`."""
    problems = sum(len(each.found) or 1 for each in checks if each.status == "fail")
    warnings = sum(len(each.found) or 1 for each in checks if each.status == "warn")
    skips = [each for each in checks if each.status == "skip"]
    said = [count(problems, "problem") if problems else "no problem"]
    said += [count(warnings, "warning")] if warnings else []
    said += [f"skipped: {len(skips)} ({', '.join(each.name for each in skips)})"] if skips else []
    return ", ".join(said)


def ending(checks: Sequence[Checked], *, strict: bool) -> list[Line]:
    """The last lines: the verdict and the counts."""
    bad = any(is_bad(check, strict=strict) for check in checks)
    word: Span = Span("FAIL", "fail") if bad else Span("PASS", "pass")
    lines: list[Line] = [[], line("  ", word, f"  {counted(checks)}")]
    only_warnings = bad and not any(check.status == "fail" for check in checks)
    if only_warnings:
        lines.append(line("  warnings fail a strict command; --unsafe lets them pass"))
    return lines


class Verdict:
    """Shows checks as they are made, and knows what they come to."""

    def __init__(self, console: Console, *, strict: bool, only: Exit | None = None) -> None:
        self._console = console
        self._strict = strict
        self._only = only  # the one exit status of every failure, when a command has but one
        self.exit_status = Exit.PASS

    def shown(self, checks: Iterable[Checked]) -> list[Checked]:
        """Make the checks, each shown as it ends, then the verdict."""
        made: list[Checked] = []
        for check in checks:
            made.append(check)
            if not self._console.quiet:
                self._console.answer(check_lines(check, verbose=self._console.verbose > 0))
        self.exit_status = exit_of_checks(made, strict=self._strict)
        if self.exit_status != Exit.PASS and self._only is not None:
            self.exit_status = self._only
        self._console.answer(ending(made, strict=self._strict)[self._console.quiet :])
        return made


def check_body(check: Checked) -> CheckBody:
    """A check as JSON."""
    return CheckBody(
        name=check.name,
        status=check.status,
        ran=check.ran,
        found=[problem_body(each) for each in check.found],
        left_out=check.left_out,
        parted=check.parted,
    )


def bodies(checks: Iterable[Checked]) -> list[CheckBody]:
    """Checks as JSON."""
    return [check_body(each) for each in checks]

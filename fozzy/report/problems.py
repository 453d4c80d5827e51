"""Problems with their carets: one shape for every error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fozzy.core.outcome import Finding
from fozzy.errors import FozzyError, Problem, Where
from fozzy.report.text import Line, Span, cells, line, one_line

PROBLEMS_MAX = 20
EXCERPT_CHARS = 100  # of a long source line, around the caret


def error_lines(error: FozzyError) -> list[Line]:
    """An error as people see it; of many problems the first twenty."""
    lines: list[Line] = []
    for problem in error.problems[:PROBLEMS_MAX]:
        lines += [*problem_lines(problem), []]
    rest = len(error.problems) - PROBLEMS_MAX
    if rest > 0:
        lines.append(line(f"and {rest} more"))
    return lines[:-1] if rest <= 0 else lines


def problem_lines(problem: Problem) -> list[Line]:
    """One problem: code and message, place, source line with its caret, hint."""
    lines = [line(Span(f"error[{problem.code}]", "fail"), Span(f": {one_line(problem.message)}", "strong"))]
    where = problem.where
    if where is not None:
        lines += place_lines(where)
        if problem.text and where.line:
            lines += _excerpts(problem, where)
    if problem.hint:
        lines.append(line(Span("hint", "strong"), f": {one_line(problem.hint)}"))
    return lines


def place_lines(where: Where, indent: str = "  ") -> list[Line]:
    """`--> file:line:col`."""
    spot = f":{where.line}:{where.col}" if where.line else ""
    return [line(f"{indent}--> ", Span(f"{one_line(where.file)}{spot}", "code"))]


class Spot(NamedTuple):
    """A place in a source line: what stands there, and what is said about it."""

    text: str
    number: int
    col: int
    length: int
    label: str


def excerpt(spot: Spot, indent: str = "") -> list[Line]:
    """A source line with a caret below it. A long line is cut to what stands around the caret."""
    text, number, col, length, label = spot
    end = col - 1 + min(length, EXCERPT_CHARS // 2)
    start = max(0, col - 1 - EXCERPT_CHARS // 2) if end > EXCERPT_CHARS else 0
    shown = text[start : start + EXCERPT_CHARS]
    before = ("… " if start else "") + one_line(shown[: max(0, col - 1 - start)])
    rest = one_line(shown[max(0, col - 1 - start) :]) + (" …" if start + EXCERPT_CHARS < len(text) else "")
    width = len(str(number))
    bar = f"{indent}{' ' * width} |"
    carets = "^" * max(1, cells(rest[: min(length, len(rest))]))
    marked = line(
        f"{bar} {' ' * cells(before)}", Span(carets, "mark"), Span(f" {one_line(label)}" if label else "", "mark")
    )
    return [line(bar), line(f"{indent}{number} | {before}{rest}"), marked]


def finding_place(finding: Finding, indent: str) -> list[Line]:
    """Where a finding stands, with its source line."""
    location = finding.location
    if location is None or not (location.path or location.text):
        return []
    lines = place_lines(Where(location.file, location.line, location.col), indent)
    if location.text and location.line:
        col = location.col - location.cut
        spot = Spot(location.text, location.line, col, location.length, location.label)
        lines += excerpt(spot, indent)
    return lines


def tally(problems: Sequence[Problem], invalid: int, files: int) -> str:
    """`4 problems in 2 of 11 files`."""
    many = "" if len(problems) == 1 else "s"
    return f"{len(problems)} problem{many} in {invalid} of {files} file{'' if files == 1 else 's'}"


def _excerpts(problem: Problem, where: Where) -> list[Line]:
    own = excerpt(Spot(problem.text, where.line, where.col, problem.length, problem.label))
    if problem.first is None:
        return [*own, own[0]]
    earlier = problem.first
    first = excerpt(Spot(problem.first_text, earlier.line, earlier.col, problem.first_length, "first here"))
    first[-1] = [Span(span.text.replace("^", "-"), span.role) for span in first[-1]]
    return [*first, *own[1:], own[0]]

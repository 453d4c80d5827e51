"""GitHub annotations: one workflow command a finding or problem, shown beside the line of the file."""

from __future__ import annotations

from collections.abc import Sequence

from fozzy.core.summary import Summary
from fozzy.errors import Problem


def render(summary: Summary) -> str:
    """An annotation for each finding of each scenario that did not end as it should."""
    lines: list[str] = []
    for member in summary.scenarios:
        for finding in [] if member.passed else member.findings:
            where = finding.location
            lines.append(
                _annotation(
                    where.file if where else member.path,
                    where.line if where else 1,
                    where.col if where else 1,
                    finding.title,
                    finding.message,
                )
            )
    for finding in [] if summary.scenarios or summary.status == "pass" else summary.findings:
        where = finding.location
        if where:
            lines.append(_annotation(where.file, where.line, where.col, finding.title, finding.message))
    return "".join(f"{each}\n" for each in lines)


def render_problems(problems: Sequence[Problem]) -> str:
    """An annotation for each problem of an input."""
    lines = [
        _annotation(each.where.file, each.where.line or 1, each.where.col or 1, each.code, each.message)
        for each in problems
        if each.where is not None
    ]
    return "".join(f"{each}\n" for each in lines)


def _annotation(file: str, line: int, col: int, title: str, message: str) -> str:
    return f"::error file={_property(file)},line={line},col={col},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

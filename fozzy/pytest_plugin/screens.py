"""How a failing scenario looks in pytest: fozzy's own screen, as plain text."""

from __future__ import annotations

import linecache
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from fozzy.core.outcome import Finding
from fozzy.core.summary import Member, code_flag
from fozzy.errors import FozzyError
from fozzy.report.pretty import member_line, run_failure
from fozzy.report.problems import error_lines
from fozzy.report.text import Line, line, one_line, plain, quoted

GAP = " " * 14


def failed_member(member: Member) -> str:
    """A scenario that did not end as it should."""
    lines = [member_line(member), [], *run_failure(member.findings)]
    if member.trace_path is not None and member.replay is None:
        lines += [*story_of_trace(Path(member.trace_path), member.nodes), []]
        lines += again(member.trace_path, calls_code=member.calls_code)
    return text(lines)


def again(trace: str, *, calls_code: bool) -> list[Line]:
    """The commands that do it again."""
    flag = code_flag(calls_code)
    commands = [f"fozzy replay {quoted(trace)}{flag}", f"fozzy shrink {quoted(trace)}{flag}"]
    return [line("  reproduce   " if index == 0 else GAP, each) for index, each in enumerate(commands)]


def story_of_trace(path: Path, nodes: int) -> list[Line]:
    """How it happened, of a cluster."""
    if not nodes:
        return []
    from fozzy.report.story import story_of
    from fozzy.report.story_screen import story_lines
    from fozzy.trace.reader import open_trace

    with suppress(FozzyError), open_trace(path) as trace:
        told = story_of(trace.whole_records())
        return [[], *story_lines(told.beats(), told.left_out)]
    return []


def raised_lines(finding: Finding) -> list[Line]:
    """An exception of a test as its own lines tell it, without the place in the scenario that was made of it."""
    details = finding.location.details if finding.location else None
    if not isinstance(details, dict) or not details.get("traceback"):
        return run_failure([finding])
    lines = [line("  ", each) for each in finding.message.splitlines()]
    for each in details["traceback"]:
        lines += [line("    ", str(each)), *_source(str(each))]
    return lines


def _source(place: str) -> list[Line]:
    """The line of a place such as `tests/test_it.py:14 in test_it`, where it can be read from here."""
    file, _, number = place.partition(" in ")[0].rpartition(":")
    said = linecache.getline(os.path.abspath(file), int(number)).strip() if number.isdecimal() else ""
    return [line("        ", one_line(said))] if said else []


def wrong(error: FozzyError) -> str:
    """What is wrong with a file, with its places."""
    return text(error_lines(error))


def text(lines: Sequence[Line]) -> str:
    """Lines as plain text."""
    return "\n".join(plain(each).rstrip() for each in lines)

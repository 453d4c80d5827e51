"""The story of a cluster's run in commands: gathered as it runs or from its trace, shown when something was found."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from fozzy.cli.console import Console
from fozzy.core.summary import Member, Summary
from fozzy.errors import FozzyError
from fozzy.insight.recall import Recalled
from fozzy.report.story import LINES_MAX, Story, story_of
from fozzy.report.story_screen import story_lines
from fozzy.report.text import Line
from fozzy.trace.reader import open_trace


def story_sink(console: Console) -> Story:
    """What gathers the story of a cluster's run, with `-v` the whole of it."""
    return Story(None if console.verbose else LINES_MAX)


def told_lines(summary: Summary, console: Console) -> list[Line]:
    """The story of a run that found something, of any run with `-v`."""
    if not summary.story or not (summary.findings or console.verbose):
        return []
    return [[], *story_lines(summary.story, summary.story_left_out)]


def trace_story(path: str | None) -> Story:
    """The story of a trace that was written a moment ago; an empty one where there is none that can be read."""
    if path is not None:
        with suppress(FozzyError), open_trace(Path(path)) as trace:
            return story_of(trace.whole_records())
    return Story()


def recalled_story(recalled: Recalled) -> Recalled:
    """A recorded run with its story where it is of a cluster: a trace has it in its records alone."""
    summary = recalled.summary
    if recalled.trace is None or summary.story or not summary.nodes:
        return recalled
    with open_trace(recalled.trace) as trace:
        return recalled._replace(summary=story_of(trace.whole_records()).put_into(summary))


def member_story(member: Member) -> Member:
    """A scenario of a suite with its story, where it is of a cluster, did not end as it should, and left a trace."""
    if member.passed or not member.nodes or member.trace_path is None:
        return member
    told = trace_story(member.trace_path)
    return msgspec.structs.replace(member, story=told.beats(), story_left_out=told.left_out)

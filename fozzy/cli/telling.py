"""The story of a cluster's run in commands: gathered as it runs or from its trace, shown when something was found.

Only clusters have one, so what makes it and what reads it from a trace is imported when there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from fozzy.cli.console import Console
from fozzy.core.events import Record
from fozzy.core.summary import Member, Summary
from fozzy.errors import FozzyError
from fozzy.report.text import Line

if TYPE_CHECKING:
    from fozzy.insight.recall import Recalled
    from fozzy.report.story import Story


def story_sink(console: Console) -> Story:
    """What gathers the story of a cluster's run, with `-v` the whole of it."""
    from fozzy.report.story import LINES_MAX, Story

    return Story(None if console.verbose else LINES_MAX)


class Listener:
    """A sink that gathers the story where what it hears is of a cluster, as its first record tells."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._story: Story | None = None
        self._heard = False

    def __call__(self, records: Sequence[Record]) -> None:
        """Hear a block of records."""
        if not self._heard and records:
            self._heard = True
            self._story = story_sink(self._console) if records[0].at.startswith("distributed") else None
        if self._story is not None:
            self._story(records)

    def put_into(self, summary: Summary) -> Summary:
        """A summary with the story, if there is one."""
        return summary if self._story is None else self._story.put_into(summary)


def told_lines(summary: Summary, console: Console) -> list[Line]:
    """The story of a run that found something, of any run with `-v`."""
    if not summary.story or not (summary.findings or console.verbose):
        return []
    from fozzy.report.story_screen import story_lines

    return [[], *story_lines(summary.story, summary.story_left_out)]


def trace_story(path: str | None) -> Story:
    """The story of a trace that was written a moment ago; an empty one where there is none that can be read."""
    if path is not None:
        with suppress(FozzyError):
            return _story_in(Path(path))
    from fozzy.report.story import Story

    return Story()


def member_lines(member: Member) -> list[Line]:
    """The story of a failure that a search found; none where there is none."""
    if not member.story:
        return []
    from fozzy.report.story_screen import story_lines

    return [[], *story_lines(member.story, member.story_left_out), []]


def recalled_story(recalled: Recalled) -> Recalled:
    """A recorded run with its story where it is of a cluster: a trace has it in its records alone."""
    summary = recalled.summary
    if recalled.trace is None or summary.story or not summary.nodes:
        return recalled
    return recalled._replace(summary=_story_in(recalled.trace).put_into(summary))


def member_story(member: Member) -> Member:
    """A scenario of a suite with its story, where it is of a cluster, did not end as it should, and left a trace."""
    if member.passed or not member.nodes or member.trace_path is None:
        return member
    told = trace_story(member.trace_path)
    return msgspec.structs.replace(member, story=told.beats(), story_left_out=told.left_out)


def _story_in(path: Path) -> Story:
    """The story of a trace. *Errors*: as of `open_trace`."""
    from fozzy.report.story import story_of
    from fozzy.trace.reader import open_trace

    with open_trace(path) as trace:
        return story_of(trace.whole_records())

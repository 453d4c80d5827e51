"""GitHub Actions: annotations beside the lines of files, and the summary of a step.

What is told comes from the variables that the runner sets: `GITHUB_ACTIONS`, `GITHUB_WORKSPACE`, `GITHUB_STEP_SUMMARY`.
"""

from __future__ import annotations

from pathlib import Path

from fozzy import wall
from fozzy.cli.console import Console
from fozzy.core.summary import Summary
from fozzy.errors import FozzyError
from fozzy.report.text import Span, line


def is_here() -> bool:
    """Whether this is a step of GitHub Actions."""
    return wall.environment("GITHUB_ACTIONS") == "true"


def annotate(console: Console, summary: Summary) -> None:
    """Print an annotation for each failure."""
    from fozzy.report.github import render

    console.raw(render(summary, folder()))


def annotate_error(console: Console, error: FozzyError) -> None:
    """Print an annotation for each problem that has a place, on stderr: the runner reads both streams."""
    from fozzy.report.github import render_problems

    console.aside(render_problems(error.problems, folder()))


def folder() -> str:
    """Where we are below the repository, with a slash at its end: annotations have paths from its root."""
    workspace = wall.environment("GITHUB_WORKSPACE")
    if not workspace:
        return ""
    here, root = Path.cwd().resolve(), Path(workspace).resolve()
    return f"{here.relative_to(root).as_posix()}/" if root in here.parents else ""


def summary_file() -> str | None:
    """The file whose Markdown the runner shows with this step."""
    return wall.environment("GITHUB_STEP_SUMMARY") or None


def summarize(console: Console, summary: Summary) -> None:
    """Add to the summary of this step, if it has one, as much as there is room for."""
    name = summary_file()
    if name is None:
        return
    from fozzy.report.markdown import SIZE_BYTES_MAX, within

    try:
        with open(name, "ab") as file:
            text = within(summary, SIZE_BYTES_MAX - file.tell())
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        said = f": the summary of the step could not be written: {error.strerror}"
        console.talk([line(Span("warning", "warn"), said)])

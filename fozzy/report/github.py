"""GitHub annotations: one workflow command a finding or problem, shown beside the line of the file.

The runner makes annotations of the first ten errors of a step and drops the rest without a word, so the tenth of more says
how many there are; it cuts messages at 4,096 characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fozzy.core.summary import Summary
from fozzy.errors import Problem

ANNOTATIONS_MAX = 10
MESSAGE_CHARS_MAX = 4096
TITLE_CHARS_MAX = 255


class Note(NamedTuple):
    """What is shown, and where; without a file it stands at the step as a whole."""

    title: str
    message: str
    file: str = ""
    line: int = 1
    col: int = 1


def render(summary: Summary, folder: str = "") -> str:
    """An annotation for each finding of each scenario that did not end as it should.

    `folder` is where paths are relative to, as seen from the root of the repository: empty, or with a slash at its end.
    """
    notes: list[Note] = []
    for member in summary.scenarios:
        for finding in [] if member.passed else member.findings:
            place = finding.location
            is_kept = (
                member.replay is not None and summary.mode == "test"
            )  # such a trace carries the file of its places
            is_here = place is not None and not is_kept
            at = (place.file, place.line, place.col) if place and is_here else (member.path, 1, 1)
            notes.append(Note(finding.title, finding.message, *at))
    for finding in [] if summary.scenarios or summary.status == "pass" else summary.findings:
        place = finding.location
        if place:
            notes.append(Note(finding.title, finding.message, place.file, place.line, place.col))
    return _commands(notes, folder)


def render_problems(problems: Sequence[Problem], folder: str = "") -> str:
    """An annotation for each problem of an input."""
    found = [(each, each.where) for each in problems]
    notes = [
        Note(each.code, each.message, where.file, where.line or 1, where.col or 1)
        for each, where in found
        if where is not None
    ]
    return _commands(notes, folder)


def _commands(notes: Sequence[Note], folder: str) -> str:
    shown = list(notes)
    if len(notes) > ANNOTATIONS_MAX:
        shown = shown[: ANNOTATIONS_MAX - 1]
        left = len(notes) - len(shown)
        shown.append(
            Note(f"{left} more", f"{left} more findings are in the log: a step has {ANNOTATIONS_MAX} annotations")
        )
    return "".join(f"{_command(each, folder)}\n" for each in shown)


def _command(note: Note, folder: str) -> str:
    title = _property(_cut(note.title, TITLE_CHARS_MAX))
    place = f"file={_property(folder + note.file)},line={note.line},col={note.col}," if note.file else ""
    return f"::error {place}title={title}::{_data(_cut(note.message, MESSAGE_CHARS_MAX))}"


def _cut(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else f"{text[: chars_max - 1]}…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

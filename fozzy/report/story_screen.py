"""A story as lines: its columns, what is cut to fit, and where every task waits when nothing goes on."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from fozzy.core.summary import Beat
from fozzy.report.story_words import FAIL, FAULT, when
from fozzy.report.text import WIDTH, Line, Role, Span, count, line, one_line

WHO_CHARS_MAX = 12
OUTCOME_CHARS_MIN = 24  # what an outcome gets before what happened is cut
FINDING_LINES_MAX = 4
TASKS_MAX = 12
FRAMES_MAX = 4
OURS = "(fozzy/sim/"  # what stands between a program and the simulator tells nothing of where it waits


def story_lines(beats: Sequence[Beat], left_out: int = 0) -> list[Line]:
    """A story under its heading; nothing when there is nothing to tell."""
    if not beats:
        return []
    total = len(beats) + left_out
    said = f"   the {len(beats)} of {total:,} lines that matter most; -v shows all" if left_out else ""
    return [line("  ", Span("how it happened", "strong"), Span(said, "dim")), *_lines(beats)]


def _lines(beats: Sequence[Beat]) -> list[Line]:
    times = [when(beat.at_ns) for beat in beats]
    time = max(map(len, times))
    who = min(WHO_CHARS_MAX, max(len(one_line(beat.who)) for beat in beats))
    told = [beat for beat in beats if beat.outcome and beat.outcome != FAIL]
    what = max((len(one_line(beat.what)) for beat in told), default=0)
    what = min(what, WIDTH - 4 - time - 2 - who - 2 - 2 - OUTCOME_CHARS_MIN)
    lines: list[Line] = []
    for at, beat in zip(times, beats, strict=True):
        head = [Span(f"    {at:>{time}}  "), Span(f"{_cut(one_line(beat.who), who):<{who}}  ", _role(beat))]
        room = WIDTH - sum(len(span.text) for span in head)
        if beat.outcome == FAIL:
            lines += _finding(head, beat, room)
        else:
            lines += _beat(head, beat, what, room)
    return lines


def _beat(head: Line, beat: Beat, width: int, room: int) -> list[Line]:
    """What happened and what came of it: in columns, side by side, or one below the other, as there is room."""
    what, outcome = one_line(beat.what), one_line(beat.outcome)
    if not outcome:
        return [[*head, Span(_cut(what, room))]]
    told = Span(_cut(outcome, room), "fail" if outcome.startswith("✗") else "")
    for column in (max(width, len(what)), len(what)):
        if column + 2 + len(outcome) <= room:
            return [[*head, Span(f"{what:<{column}}  "), told]]
    return [[*head, Span(_cut(what, room))], line(" " * (WIDTH - room), Span(_cut(f"  {outcome}", room), told.role))]


def _finding(head: Line, beat: Beat, room: int) -> list[Line]:
    """A finding goes on in the next lines."""
    wrapped = textwrap.wrap(one_line(beat.what), room - len(FAIL) - 2) or [""]
    if len(wrapped) > FINDING_LINES_MAX:
        wrapped = [*wrapped[: FINDING_LINES_MAX - 1], f"{wrapped[FINDING_LINES_MAX - 1]} …"]
    first = line(*head, Span(FAIL, "fail"), "  ", Span(wrapped[0], "strong"))
    indent = " " * (sum(len(span.text) for span in head) + len(FAIL) + 2)
    return [first, *(line(indent, Span(each, "strong")) for each in wrapped[1:])]


def stack_lines(stacks: Any, indent: str) -> list[Line]:
    """Where each task of a cluster waits, innermost place first, as `details.stacks` of a finding tells it."""
    tasks = [each for each in stacks if isinstance(each, dict)] if isinstance(stacks, list) else []
    lines: list[Line] = []
    for index, each in enumerate(tasks[:TASKS_MAX]):
        head = Span("tasks       " if index == 0 else " " * 12, "dim")
        who = f"{each.get('node', '')} {each.get('task', '')}"
        told = [str(frame) for frame in reversed(each.get("stack") or [])]
        frames = ([frame for frame in told if OURS not in frame] or told)[:FRAMES_MAX]
        lines.append(line(indent, head, _cut(one_line(who), WIDTH - len(indent) - 12)))
        lines += [line(indent, " " * 14, _cut(one_line(frame), WIDTH - len(indent) - 14)) for frame in frames]
    rest = len(tasks) - TASKS_MAX
    return [*lines, *([line(indent, " " * 12, f"… {count(rest, 'more task')}")] if rest > 0 else [])]


def _role(beat: Beat) -> Role:
    return "warn" if beat.who == FAULT else "fail" if beat.outcome == FAIL else ""


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(0, room - 1)] + "…"

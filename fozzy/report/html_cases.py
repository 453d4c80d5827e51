"""The cases of a page: the list with its filter, and each failure as the screen a terminal shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from fozzy.core.outcome import Finding, Status
from fozzy.core.summary import Member
from fozzy.report.cases import commands, ending, progress, unsaid
from fozzy.report.html_text import code, path, text
from fozzy.report.pretty import run_failure
from fozzy.report.story_screen import story_lines
from fozzy.report.text import STATUS_WORDS, Line, count, duration

SCREENS_MAX = 500  # failures with a screen of their own; the table lists all
FINDINGS_MAX = 20  # of one failure
WHY_CHARS_MAX = 160  # of a message in the table
ENDINGS: tuple[Status, ...] = ("fail", "timeout", "crash", "error", "pass")


def scenarios(found: Sequence[Member]) -> list[str]:
    """The list, what did not pass first."""
    good = [case for case in found if case.passed]
    bad = [case for case in found if not case.passed]
    lines = ['<section aria-labelledby="scenarios">', '<h2 id="scenarios">Scenarios</h2>', *_filter(found)]
    if bad:
        linked = {id(case) for case in bad[:SCREENS_MAX]}
        rows = "\n".join(_row(case, id(case) in linked) for case in bad)
        lines.append(_table("not-passed", f"{len(bad):,} did not pass", rows))
    if good:
        rows = "\n".join(_row(case, False) for case in good)
        lines.append(f'<details class="passed"{"" if bad else " open"}><summary>{len(good):,} passed</summary>')
        lines += [_table("", "", rows), "</details>"]
    if not found:
        lines.append("<p>No scenario ran. <code>fozzy test --help</code> tells how they are chosen.</p>")
    return [*lines, "</section>"]


def _filter(found: Sequence[Member]) -> list[str]:
    """A choice by status that works by style alone; only where there is something to choose."""
    many = Counter(ending(case) for case in found)
    if len(many) < 2:
        return []
    choices = [("all", "All", len(found))]
    choices += [(status, STATUS_WORDS[status][0], many[status]) for status in ENDINGS if many[status]]
    labels = [
        f'<label><input type="radio" name="show" id="show-{key}"{" checked" if key == "all" else ""}>{word} <b>{number:,}</b></label>'
        for key, word, number in choices
    ]
    return ['<fieldset class="filter"><legend>Show</legend>', *labels, "</fieldset>"]


def _table(kind: str, caption: str, rows: str) -> str:
    head = '<th scope="col">Status</th><th scope="col">Scenario</th><th scope="col" class="steps">Steps</th><th scope="col" class="time">Time</th>'
    said = f"<caption>{caption}</caption>" if caption else ""
    return f'<table class="{kind}">{said}<thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>'


def _row(case: Member, is_linked: bool) -> str:
    name = f"<bdi>{path(case.name)}</bdi>"
    linked = f'<a href="#case-{case.number}">{name}</a>' if is_linked else name
    return (
        f'<tr class="case is-{ending(case)}"><td>{_status(case)}</td>'
        f'<th scope="row" class="name">{linked}{_why(case)}</th>'
        f'<td class="steps">{text(steps(case))}</td><td class="time">{duration(case.duration_ns)}</td></tr>'
    )


def _status(case: Member) -> str:
    return f'<span class="status">{STATUS_WORDS[ending(case)][0]}</span>'


def steps(case: Member) -> str:
    """How far a case came, as a number."""
    if case.replay is not None:
        return case.replay.verdict
    return f"{case.failed_step} of {case.steps}" if case.failed_step and not case.passed else f"{case.steps:,}"


def _why(case: Member) -> str:
    if case.passed and case.expected and case.expected != "pass":
        return f' <span class="why">{text(progress(case))}</span>'
    if case.passed or not case.findings:
        return ""
    said = f"{case.findings[0].title}: {case.findings[0].message}".partition("\n")[0]
    said = said if len(said) <= WHY_CHARS_MAX else said[: WHY_CHARS_MAX - 1] + "…"
    return f' <span class="why">{text(said)}</span>'


# Failures, each as its screen


def failures(failed: Sequence[Member], listed: bool) -> list[str]:
    """Each failure as its screen; one that is not listed is what the whole page is about."""
    if not failed:
        return []
    title = "Failures" if len(failed) > 1 else "Failure"
    lines = [f'<section class="failures" aria-labelledby="failures">\n<h2 id="failures">{title}</h2>']
    lines += [_failure(case, listed) for case in failed[:SCREENS_MAX]]
    rest = len(failed) - SCREENS_MAX
    if rest > 0:
        lines.append(f"<p>{rest:,} more failures are in the list of scenarios only.</p>")
    return [*lines, "</section>"]


def _failure(case: Member, listed: bool) -> str:
    name = f"case-{case.number}"
    rest = len(case.findings) - FINDINGS_MAX
    label = f"{name}-name" if listed else "failures"
    return "\n".join(
        [
            f'<article id="{name}" class="case is-{ending(case)}" aria-labelledby="{label}">',
            *(_title(case, label) if listed else []),
            *(_finding(finding, case.name) for finding in case.findings[:FINDINGS_MAX]),
            *([f"<p>{count(rest, 'more finding')}</p>"] if rest > 0 else []),
            *([] if case.findings else ['<p class="finding message">' + unsaid(case) + "</p>"]),
            *_story(case),
            *again(commands(case)),
            *(['<p class="back"><a href="#scenarios">Back to the list</a></p>'] if listed else []),
            "</article>",
        ]
    )


def _title(case: Member, label: str) -> list[str]:
    told = [text(progress(case)), duration(case.duration_ns), f"seed {case.seed}"]
    return [
        f'<h3 id="{label}">{_status(case)} <bdi>{path(case.name)}</bdi></h3>',
        f'<p class="told">{" · ".join(told)}</p>',
    ]


def _finding(finding: Finding, name: str) -> str:
    """Message, place, source line with its caret, details: the words of the screen in a terminal."""
    where = finding.location
    said = [f'<p class="message"><b>{text(finding.title)}</b>: {text(finding.message)}</p>']
    if where is not None:
        spot = f":{where.line}:{where.col}" if where.line else ""
        said.append(f'<p class="place">at {code(where.file + spot)}</p>')
    screen = _screen(_below(finding))
    if screen:
        label = f"What {text(name)} found"
        said.append(f'<pre class="screen" tabindex="0" role="group" aria-label="{label}">{screen}</pre>')
    return f'<div class="finding">{"".join(said)}</div>'


def _story(case: Member) -> list[str]:
    """How a cluster's run went, as a terminal shows it."""
    lines = story_lines(case.story, case.story_left_out)
    if not lines:
        return []
    label = f"How {text(case.name)} went"
    screen = _screen(lines[1:])
    left = f" ({case.story_left_out:,} lines are left out)" if case.story_left_out else ""
    return [
        f'<p class="again">How it happened{left}:</p>',
        f'<pre class="screen" tabindex="0" role="group" aria-label="{label}">{screen}</pre>',
    ]


def _below(finding: Finding) -> list[Line]:
    """What a terminal shows below message and place: the source line with its caret, then the details."""
    where = finding.location
    lines = run_failure([finding])[2 if where and where.path else 1 :]
    caret = next((index for index, line in enumerate(lines, 1) if any(role == "mark" for _, role in line)), 0)
    return [*lines[:caret], [], *lines[caret:]] if 0 < caret < len(lines) else lines


def _screen(lines: Iterable[Line]) -> str:
    indent = 4
    whole = ["".join(_span(text, role) for text, role in line) for line in lines]
    return "\n".join(each[indent:] if each.startswith(" " * indent) else each for each in whole)


def _span(text: str, role: str) -> str:
    return f'<span class="{role}">{escape(text)}</span>' if role else escape(text)


def again(words: Sequence[str]) -> list[str]:
    """Commands to paste."""
    if not words:
        return []
    items = "".join(f"<li><code>{text(each)}</code></li>" for each in words)
    return [f'<p class="again">To see it again:</p>\n<ul class="commands">{items}</ul>']

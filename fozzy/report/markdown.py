"""Markdown, for the summary of a CI step: the verdict, and of each failure what was found and how to see it again.

Whatever a run says is data: names are spelled so that no sign of them is markup, and the rest stands in fenced blocks. A
report is never larger than GitHub takes (1 MiB a step); what does not fit is counted.
"""

from __future__ import annotations

import re

import msgspec

from fozzy.core.summary import Member, Summary
from fozzy.report.cases import cases, commands, ending, progress, unsaid
from fozzy.report.pretty import failures
from fozzy.report.text import STATUS_WORDS, count, duration, one_line, plain

SIZE_BYTES_MAX = 1024 * 1024
TAIL_BYTES = 200  # room for the sentence that counts what was left out
NAME_CHARS_MAX = 300
_MARKUP = re.compile(r"[^\w /.\-]", re.ASCII)


def render(summary: Summary) -> str:
    """The whole report, as much of it as GitHub takes."""
    return within(summary, SIZE_BYTES_MAX)


def within(summary: Summary, size_bytes_max: int) -> str:
    """The report in at most so many bytes; nothing where not even the verdict fits."""
    found = cases(summary)
    bad = [case for case in found if not case.passed]
    text = _head(summary, found, bad)
    size = len(_bytes(text)) + TAIL_BYTES
    if size > size_bytes_max:
        return ""
    blocks: list[str] = []
    for case in bad:
        block = _block(summary, case)
        size += len(_bytes(block))
        if size > size_bytes_max:
            left = count(len(bad) - len(blocks), "more failure")
            return f"{text}{''.join(blocks)}\n{left} did not fit here; the log has all.\n"
        blocks.append(block)
    return text + "".join(blocks)


def _head(summary: Summary, found: list[Member], bad: list[Member]) -> str:
    passed = len(found) - len(bad)
    skipped = summary.tests.skipped if summary.tests else 0
    said = [f"{passed} passed", *([f"{len(bad)} failed"] if bad else []), *([f"{skipped} skipped"] if skipped else [])]
    lines = [f"## fozzy {summary.command}: {', '.join(said) if found else 'nothing ran'}", ""]
    lines.append(f"seed {summary.identity.seed}, {duration(summary.duration_ms * 10**6)}")
    lines += ["", *(f"- warning: {_name(each)}" for each in summary.warnings)] if summary.warnings else []
    if bad:
        lines += ["", "| | scenario | | took |", "|---|---|---|---|"]
        lines += [_row(case) for case in bad[:100]]
    return "".join(f"{line}\n" for line in lines)


def _row(case: Member) -> str:
    return f"| {STATUS_WORDS[ending(case)][0]} | {_name(case.name)} | {progress(case)} | {duration(case.duration_ns)} |"


def _block(summary: Summary, case: Member) -> str:
    """One failure: what the screen says of it, and the commands to paste."""
    lines = failures(msgspec.structs.replace(summary, scenarios=[case]))[2:]  # without its heading
    said = [plain(each).rstrip() for each in lines] if case.findings else [f"  {unsaid(case)}"]
    again = commands(case)
    return f"\n### {_name(case.name)}\n\n{_fenced(said)}" + (f"\n{_fenced(again, 'sh')}" if again else "")


def _fenced(lines: list[str], language: str = "") -> str:
    """Lines as they are; the fence is longer than any run of its sign in them."""
    text = "\n".join(lines)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}\n"


def _name(text: str) -> str:
    """A text in one line in which nothing is markup, a link or a mention."""
    cut = text if len(text) <= NAME_CHARS_MAX else f"{text[:NAME_CHARS_MAX]}…"
    return f"<code>{_MARKUP.sub(lambda match: f'&#{ord(match[0])};', one_line(cut))}</code>"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")

"""JUnit XML, as CI systems read it: one suite, one case a scenario.

Nothing is in it that the schema of Jenkins' xUnit plugin (junit-10) does not know; it refuses a report as a whole. As there,
`tests` counts those that were left out too.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from fozzy.core.summary import Member, Summary
from fozzy.report.cases import commands
from fozzy.report.story_screen import story_lines
from fozzy.report.text import plain

# Characters XML 1.0 cannot hold, not even escaped (section 2.2).
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(summary: Summary) -> str:
    """The report as one XML document."""
    bad = [member for member in summary.scenarios if not member.passed]
    errors = sum(member.status in ("error", "crash") for member in bad)
    skipped = summary.tests.skipped if summary.tests else 0
    attributes = (
        f'name="fozzy" tests="{len(summary.scenarios) + skipped}" failures="{len(bad) - errors}" errors="{errors}" '
        f'skipped="{skipped}" time="{summary.duration_ms / 1000:.3f}" timestamp={_quoted(summary.started_at)}'
    )
    cases = "".join(_case(member) for member in summary.scenarios)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
        f"  <testsuite {attributes}>\n"
        f'    <properties><property name="seed" value="{summary.identity.seed}"/></properties>\n'
        f"{cases}  </testsuite>\n</testsuites>\n"
    )


def _case(member: Member) -> str:
    folder, _, name = member.name.rpartition("/")
    head = (
        f"    <testcase classname={_quoted(folder or 'scenarios')} name={_quoted(name)} "
        f'time="{member.duration_ns / 10**9:.3f}"'
    )
    if member.passed:
        return head + "/>\n"
    tag = "error" if member.status in ("error", "crash") else "failure"
    found = member.findings[0] if member.findings else None
    title = found.title if found else member.status
    message = found.message if found else "it could not run"
    said = "\n".join(_said(member))
    return f"{head}>\n      <{tag} type={_quoted(title)} message={_quoted(message)}>{_text(said)}</{tag}>\n    </testcase>\n"


def _said(member: Member) -> list[str]:
    lines: list[str] = []
    for finding in member.findings:
        where = finding.location
        place = f" at {where.file}:{where.line}:{where.col} ({where.path})" if where else ""
        lines.append(f"{finding.kind} {finding.title}: {finding.message}{place}")
    story = [plain(each) for each in story_lines(member.story, member.story_left_out)]
    return [*lines, *story, *commands(member)]


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text), {"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})


def _text(text: str) -> str:
    return escape(_clean(text))

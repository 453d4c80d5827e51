"""TAP version 14 (testanything.org): one test point a scenario, a YAML block with the diagnosis of each failure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fozzy.core.outcome import Finding
from fozzy.core.summary import Member, Summary
from fozzy.dsl.steps.base import show
from fozzy.report.cases import cases, commands, ending, progress, unsaid
from fozzy.report.text import safe

FINDINGS_MAX = 20  # of one test point
_DIRECTIVE = re.compile(r"#\s*(?=skip|todo)", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x7f-\x9f\ufeff\ufffe\uffff\u2028\u2029]")  # what YAML wants escaped or a reader splits at


def render(summary: Summary) -> str:
    """The report, plan first."""
    found = cases(summary)
    skipped = summary.tests.skipped if summary.tests else 0
    total = len(found) + skipped
    lines = ["TAP version 14", f"1..{total}" if total else "1..0 # SKIP no scenario was chosen"]
    lines.append(f"# fozzy {summary.command}  seed {summary.identity.seed}  run {_line(summary.identity.run_id)}")
    lines += [f"# warning: {_line(warning)}" for warning in summary.warnings]
    for number, case in enumerate(found, 1):
        lines += _point(number, case)
    for number in range(len(found) + 1, total + 1):
        lines.append(f"ok {number} - left out # SKIP by a filter, or the suite ended before it")
    return "".join(f"{line}\n" for line in lines)


def _point(number: int, case: Member) -> list[str]:
    head = f"{'ok' if case.passed else 'not ok'} {number} - {_described(case.name)}"
    return [head] if case.passed else [head, "  ---", *(f"  {line}" for line in _yaml(_diagnosis(case))), "  ..."]


def _described(text: str) -> str:
    """A description: in one line, and no `#` in it begins a directive, also for readers that know no escapes."""
    return _DIRECTIVE.sub("#-", _line(text)).replace("\\", "\\\\").replace("#", "\\#")


def _line(text: str) -> str:
    return _UNPRINTABLE.sub(" ", safe(text)).replace("\n", " ")


def _diagnosis(case: Member) -> dict[str, Any]:
    found = case.findings[:FINDINGS_MAX]
    first = _finding(found[0]) if found else {"message": unsaid(case)}
    return {
        **first,
        "severity": ending(case),
        "progress": progress(case),
        "seed": case.seed,
        "duration_ms": case.duration_ns // 10**6,
        "more": [{"message": f"{each.title}: {each.message}"} for each in found[1:]],
        "reproduce": commands(case),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    where = finding.location
    at = {"file": where.file, "line": where.line, "column": where.col, "step": where.path} if where else {}
    details = where.details if where and isinstance(where.details, dict) else {}
    seen = {name: details[name] for name in ("expected", "actual") if name in details}
    return {
        "message": f"{finding.title}: {finding.message}",
        "kind": finding.kind,
        "at": at,
        **{name: value if isinstance(value, str) else show(value) for name, value in seen.items()},
        "before": finding.before,
    }


def _yaml(data: dict[str, Any]) -> Iterator[str]:
    """Block style, texts in double quotes: what the smallest of YAML readers understands. What is empty is left out."""
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield f"{key}:"
            yield from (f"  {line}" for line in _yaml(value))
        elif isinstance(value, list) and value:
            yield f"{key}:"
            yield from (f"  - {_item(each)}" for each in value)
        elif value not in ("", [], {}):
            yield f"{key}: {_scalar(value)}"


def _item(value: str | dict[str, str]) -> str:
    """One item of a list. Perl's reader takes a text whose first word ends in a colon for a map, so those are maps."""
    if isinstance(value, str):
        return _scalar(value)
    return "".join(f"{key}: {_scalar(text)}" for key, text in value.items())


def _scalar(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(safe(value), ensure_ascii=False))

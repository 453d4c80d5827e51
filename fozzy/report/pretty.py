"""The report for people: lines with roles. Every failing screen ends in commands that can be pasted."""

from __future__ import annotations

from typing import Any

from fozzy.core.events import Ask, Draw, Event, Found, Record, Step
from fozzy.core.outcome import Finding
from fozzy.core.summary import Member, Summary
from fozzy.dsl.steps.base import show
from fozzy.report.problems import finding_place
from fozzy.report.text import STATUS_WORDS, WIDTH, Line, Span, count, duration, gutter, line, quoted, safe

DETAIL_LINES_MAX = 24


def render(summary: Summary) -> str:
    """The whole report as plain text."""
    from fozzy.report.text import plain

    members = [member_line(member) for member in summary.scenarios]
    lines = [*members, *failures(summary), *closing(summary)]
    return "".join(f"{plain(each)}\n" for each in lines)


def member_line(member: Member) -> Line:
    """One finished scenario."""
    word, role = STATUS_WORDS[member.status]
    if member.passed:
        word, role = STATUS_WORDS["pass"]
    steps = f"step {member.failed_step}/{member.steps}" if member.failed_step else count(member.steps, "step")
    if member.expected and member.passed:
        steps = f"{member.expected} as expected"
    if member.replay is not None:
        steps = member.replay.verdict
    name = safe(member.name)
    return line(gutter(word, role), f"{name:<43} {steps:>16} {duration(member.duration_ns):>7}")


def failures(summary: Summary) -> list[Line]:
    """Every scenario that did not end as it should, with its findings."""
    lines: list[Line] = []
    for member in summary.scenarios:
        if not member.passed:
            lines += [[], _rule(member.name), *_findings(member.findings)]
    return lines


def closing(summary: Summary, short_id: str = "") -> list[Line]:
    """The last lines of a suite: counts, and what to do next."""
    passed = sum(member.passed for member in summary.scenarios)
    others = _counts([member for member in summary.scenarios if not member.passed])
    skipped = summary.tests.skipped if summary.tests else 0
    said = ", ".join([f"{passed} passed", *others, *([f"{skipped} skipped"] if skipped else [])])
    left = f"  {count(len(summary.scenarios), 'scenario')}: {said}"
    took = duration(summary.duration_ms * 10**6)
    lines: list[Line] = [[], line(left, " " * max(1, WIDTH - len(left) - len(took)), took)]
    lines += [line(Span("warning", "warn"), f": {safe(warning)}") for warning in summary.warnings]
    failed = [member for member in summary.scenarios if not member.passed and member.trace_path]
    if failed:
        lines += [[], *_next_for_suite(summary, failed, short_id or summary.identity.run_id)]
    return lines


def quiet_line(summary: Summary, short_id: str) -> Line:
    """Everything in one line."""
    passed = sum(member.passed for member in summary.scenarios)
    others = _counts([member for member in summary.scenarios if not member.passed])
    said = ", ".join([f"{passed} passed", *others])
    return line(f"{said} in {duration(summary.duration_ms * 10**6)} (run {short_id})")


def step_line(number: int, record: Step) -> Line:
    """One finished step of a run."""
    took = duration(record.took) if record.took >= 10**6 else ""
    note = safe(record.failed.partition(": ")[2] if record.failed else record.note)
    indent = "  " * record.at.count(".steps[")
    mark = Span("  ✗", "fail") if record.failed else Span("   ")
    room = WIDTH - 3 - 4 - 16 - len(took) - 2
    note = note if len(note) <= room else note[: room - 1] + "…"
    return line(
        mark,
        f"{number:>3} ",
        Span(f"{indent + record.type:<15} ", "fail" if record.failed else ""),
        f"{note:<{room}} {took}",
    )


def run_failure(findings: list[Finding]) -> list[Line]:
    """What a single run found."""
    return _findings(findings)


def run_closing(summary: Summary, name: str, asked: int, records: str, again: list[str]) -> list[Line]:
    """The last lines of a single run: verdict, trace, how to see it again."""
    word, role = STATUS_WORDS[summary.status]
    step = f"step {summary.failed_step} of {summary.steps}" if summary.failed_step else count(summary.steps, "step")
    host = f"   ({asked} answer{'s' if asked != 1 else ''} came from the real host)" if asked else ""
    took = duration(summary.duration_ns)
    lines = [line("  ", Span(word, role), f"  {safe(name)}  {step}  {took}{host}")]
    if summary.identity.trace_path:
        lines.append(line(f"  trace {summary.identity.trace_path}   sealed, {records}"))
    lines += [line(Span("warning", "warn"), f": {safe(warning)}") for warning in summary.warnings]
    if summary.status != "pass":
        lines.append([])
        lines += [
            line("  reproduce   " if index == 0 else " " * 14, Span(each, "code")) for index, each in enumerate(again)
        ]
    return lines


def record_line(number: int, record: Record) -> Line:
    """One record in one line, for `-vv` and `trace show`."""
    head = f"{number:>6}  {duration(record.t):>8}  "
    match record:
        case Draw():
            said = f"draw     {record.label} {record.low}..{record.high} = {record.value}"
        case Ask():
            said = f"ask      {record.label} {show(record.request)} -> {show(record.answer)}"
        case Step():
            said = f"step     {record.type} {record.failed or record.note}"
        case Event():
            said = f"event    {record.name} {show(record.fields) if record.fields else ''}"
        case Found():
            said = f"finding  {record.title}: {record.message}"
    return line(head, f"{safe(said).rstrip()}", Span(f"  {record.at}", "dim"))


def difference(expected: Any, actual: Any) -> list[Line]:
    """A small structural diff of two values, as lines of JSON."""
    import difflib
    import json

    def lines_of(value: Any) -> list[str]:
        text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
        return text.splitlines() or [""]

    made: list[Line] = []
    for each in difflib.ndiff(lines_of(expected), lines_of(actual)):
        if each.startswith("?"):
            continue
        role = "fail" if each.startswith("-") else "pass" if each.startswith("+") else ""
        made.append(line("    ", Span(safe(each[0] + "  " + each[2:]), role)))  # type: ignore[arg-type]
    extra = len(made) - DETAIL_LINES_MAX
    return made if extra <= 0 else [*made[:DETAIL_LINES_MAX], line(f"    … {extra} more lines")]


def _rule(name: str) -> Line:
    name = safe(name)
    return line("  ── ", Span(name, "strong"), " ", "─" * max(3, WIDTH - 7 - len(name)))


def _findings(findings: list[Finding]) -> list[Line]:
    lines: list[Line] = []
    for index, finding in enumerate(findings):
        lines += [[]] * (index > 0)
        lines.append(line("  ", Span(f"{finding.title}", "fail"), Span(f": {safe(finding.message)}", "strong")))
        lines += finding_place(finding, "    ")
        lines += _details(finding)
        if finding.before:
            lines.append(line("    ", Span("before it", "dim"), f"   {safe(finding.before)}"))
    return lines


def _details(finding: Finding) -> list[Line]:
    details = finding.location.details if finding.location else None
    if not isinstance(details, dict):
        return []
    if "paste" in details:
        return [line("    paste this to answer it:"), line("      ", Span(show(details["paste"]), "code"))]
    expected, actual = details.get("expected"), details.get("actual")
    if isinstance(expected, dict | list) or (isinstance(expected, str) and "\n" in expected):
        return difference(expected, actual)
    said = [(key, value) for key, value in details.items() if key in ("stdout", "stderr", "body") and value]
    return [line("    ", Span(f"{key:<9}", "dim"), f"   {safe(str(value))}") for key, value in said]


def _counts(members: list[Member]) -> list[str]:
    words = {"fail": "failed", "timeout": "timed out", "crash": "crashed", "error": "could not run"}
    numbers = {status: sum(member.status == status for member in members) for status in words}
    unexpected = sum(member.status == "pass" for member in members)
    said = [f"{number} {words[status]}" for status, number in numbers.items() if number]
    return [*said, *([f"{unexpected} not as expected"] if unexpected else [])]


def _next_for_suite(summary: Summary, failed: list[Member], short_id: str) -> list[Line]:
    first = failed[0]
    word = f"{short_id}/{first.number}" if len(failed) > 1 or first.replay else short_id
    if first.replay is not None or summary.identity.trace_path or not _in_store(first, summary):
        word = first.trace_path or word
    again = f"fozzy run {quoted(first.path)} --seed {first.seed}"
    lines = [line("  next  ", Span(f"fozzy replay {quoted(word):<20}", "code"), "  see it again, step by step")]
    if first.replay is None:
        lines.append(line("        ", Span(again, "code")))
    return lines


def _in_store(member: Member, summary: Summary) -> bool:
    return bool(summary.identity.artifacts_dir and (member.trace_path or "").startswith(summary.identity.artifacts_dir))

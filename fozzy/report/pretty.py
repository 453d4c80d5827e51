"""The report for people: lines with roles. Every failing screen ends in commands that can be pasted."""

from __future__ import annotations

from typing import Any, NamedTuple

from fozzy.core.events import Ask, Draw, Event, Found, Net, Record, Step
from fozzy.core.exchange import Exchange
from fozzy.core.outcome import Finding
from fozzy.core.summary import Member, Summary
from fozzy.core.wires import Connected, Spoken
from fozzy.dsl.steps.base import show
from fozzy.report.problems import finding_place
from fozzy.report.text import (
    GUTTER,
    STATUS_WORDS,
    WIDTH,
    Line,
    Span,
    count,
    duration,
    extent,
    gutter,
    line,
    one_line,
    packed,
    quoted,
    safe,
)
from fozzy.report.wire import wire_text
from fozzy.trace.format import SUFFIX

DETAIL_LINES_MAX = 24
NEXT_CHARS, NEXT_CHARS_MAX = 33, 52  # room for a command of the last lines, so that what it does stands in one column
TARGET_CHARS_MAX = 120
CLUSTER = "distributed."  # what the paths of a cluster's steps begin with


class Flags(NamedTuple):
    """What stands behind a command that is to be pasted, so that it means the same as the one that was given."""

    every: str = ""  # behind all: where to work, under which configuration
    run: str = ""  # behind those that run scenarios


NO_FLAGS = Flags()


def render(summary: Summary) -> str:
    """The whole report as plain text."""
    from fozzy.report.text import plain

    members = [member_line(member) for member in summary.scenarios]
    lines = [*members, *failures(summary), *closing(summary)]
    return "".join(f"{plain(each).rstrip()}\n" for each in lines)


def member_line(member: Member) -> Line:
    """One finished scenario."""
    word, role = STATUS_WORDS[member.status]
    if member.passed:
        word, role = STATUS_WORDS["pass"]
    steps = f"step {member.failed_step}/{member.steps}" if member.failed_step else count(member.steps, "step")
    if member.nodes and (member.executions > 1 or not member.steps):
        steps = f"execution {member.executions}" if not member.passed else count(member.executions, "execution")
    if member.expected and member.passed:
        steps = f"{member.expected} as expected"
    if member.replay is not None:
        steps = member.replay.verdict
    name = one_line(member.name)
    took = duration(member.duration_ns)
    room = WIDTH - GUTTER - 2 - len(steps) - 1 - max(7, len(took)) - 2
    return line(gutter(word, role), f"{name:<{room}}  {steps} {took:>7}")


def failures(summary: Summary) -> list[Line]:
    """Every scenario that did not end as it should, with its findings."""
    lines: list[Line] = []
    for member in summary.scenarios:
        if not member.passed:
            lines += [[], _rule(member.name), *_findings(member.findings)]
            lines += _story(member)
    return lines


def _story(member: Member) -> list[Line]:
    if not member.story:
        return []
    from fozzy.report.story_screen import story_lines

    return [[], *story_lines(member.story, member.story_left_out)]


def closing(summary: Summary, short_id: str = "", flags: Flags = NO_FLAGS) -> list[Line]:
    """The last lines of a suite: counts, and what to do next."""
    passed = sum(member.passed for member in summary.scenarios)
    others = _counts([member for member in summary.scenarios if not member.passed])
    skipped = summary.tests.skipped if summary.tests else 0
    said = ", ".join([f"{passed} passed", *others, *([f"{skipped} skipped"] if skipped else [])])
    left = f"  {count(len(summary.scenarios), 'scenario')}: {said}"
    took = duration(summary.duration_ms * 10**6)
    lines: list[Line] = [[], line(left, " " * max(1, WIDTH - len(left) - len(took)), took)]
    lines += [line(Span("warning", "warn"), f": {safe(warning)}") for warning in summary.warnings]
    failed = [member for member in summary.scenarios if not member.passed]
    if not summary.scenarios and (summary.error is None or summary.error.code == "scenario.nothing_ran"):
        lines += [[], line("  nothing ran   ", Span("fozzy test --help", "code"), "   tells how scenarios are chosen")]
    if failed:
        lines += [[], *_next_for_suite(summary, failed, short_id or summary.identity.run_id, flags)]
    return lines


def quiet_line(summary: Summary, short_id: str) -> Line:
    """Everything in one line."""
    passed = sum(member.passed for member in summary.scenarios)
    others = _counts([member for member in summary.scenarios if not member.passed])
    said = ", ".join([f"{passed} passed", *others])
    return line(f"{said} in {duration(summary.duration_ms * 10**6)} (run {short_id})")


def is_numbered(record: Step) -> bool:
    """Whether a step counts in `step 3 of 5`: it stands by itself in setup or steps."""
    return "." not in record.at.removeprefix(CLUSTER) and not record.at.startswith("teardown")


def step_line(number: int, record: Step) -> Line:
    """One finished step of a run; `number` 0 is not shown."""
    took = duration(record.took) if record.took >= 10**6 else ""
    note = one_line(record.failed.partition(": ")[2] if record.failed else record.note)
    indent = "  " * record.at.removeprefix(CLUSTER).count(".steps[")
    mark = Span("  ✗ ", "fail") if record.failed else Span("    ")
    head, kind = f"{number or '':>2} ", f"{indent + record.type:<15} "
    room = WIDTH - 4 - len(head) - len(kind) - len(took) - 1
    note = note if len(note) <= room else note[: room - 1] + "…"
    return line(mark, head, Span(kind, "fail" if record.failed else ""), f"{note:<{room}} {took}")


def run_failure(findings: list[Finding]) -> list[Line]:
    """What a single run found."""
    return _findings(findings)


def run_closing(summary: Summary, name: str, asked: int, records: str, again: list[str]) -> list[Line]:
    """The last lines of a single run: verdict, trace, how to see it again."""
    word, role = STATUS_WORDS[summary.status]
    step = extent(summary.steps, summary.nodes)
    if summary.failed_step:
        step = f"step {summary.failed_step} of {summary.steps}"
    host = [f"({count(asked, 'answer')} came from the real host)"] if asked else []
    took = duration(summary.duration_ns) + (" of virtual time" if summary.nodes else "")
    lines = packed([Span(word, role), one_line(name), step, took, *host])
    if summary.identity.trace_path:
        lines.append(line(f"  trace {one_line(summary.identity.trace_path)}   sealed, {records}"))
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
            fields = {name: value for name, value in record.fields.items() if name not in ("plan", "state")}
            said = f"event    {record.name} {show(fields) if fields else ''}"
        case Net():
            said = f"net      {record.what} {record.link} {record.bytes} bytes {record.digest:08x}"
        case Found():
            said = f"finding  {record.title}: {record.message}"
        case Exchange():
            said = f"request  {exchange_text(record)}"
        case Connected():
            said = f"conn     {wire_text(record)}"
        case Spoken():
            said = f"message  {wire_text(record)}"
    return line(head, f"{one_line(said).rstrip()}", Span(f"  {record.at}", "dim"))


def exchange_text(exchange: Exchange) -> str:
    """A request and what became of it: `#3 POST /v1/chat 500  drop  delay 20ms  test t1`."""
    request, sent = exchange.request, exchange.sent
    target = request.target if len(request.target) <= TARGET_CHARS_MAX else f"{request.target[:TARGET_CHARS_MAX]}…"
    parts = [f"#{exchange.number} {request.method} {target} {sent.status if sent and sent.status else '-'}"]
    if exchange.applied:
        parts.append(exchange.applied)
    elif exchange.planned:
        parts.append(f"{exchange.planned} bypassed: {exchange.reason}")
    elif exchange.reason:
        parts.append(exchange.reason)
    parts += [f"delay {duration(exchange.delay_ns)}"] if exchange.delay_ns else []
    parts += [f"test {exchange.test}"] if exchange.test else []
    return "  ".join([*parts, *(["not recorded"] if exchange.not_recorded else [])])


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
    name = one_line(name)
    return line("  ── ", Span(name, "strong"), " ", "─" * max(3, WIDTH - 6 - len(name)))


def _findings(findings: list[Finding]) -> list[Line]:
    lines: list[Line] = []
    for index, finding in enumerate(findings):
        lines += [[]] * (index > 0)
        first, *rest = _lines_of(finding.message)
        lines.append(line("  ", Span(one_line(finding.title), "fail"), Span(f": {first}", "strong")))
        lines += [line("    ", Span(each, "strong")) for each in rest]
        lines += finding_place(finding, "    ")
        lines += _details(finding)
        if finding.before:
            lines.append(line("    ", Span("before it", "dim"), f"   {one_line(finding.before)}"))
    return lines


def _details(finding: Finding) -> list[Line]:
    details = finding.location.details if finding.location else None
    if not isinstance(details, dict):
        return []
    if "paste" in details:
        return [line("    paste this to answer it:"), line("      ", Span(show(details["paste"]), "code"))]
    expected, actual = details.get("expected"), details.get("actual")
    if details.get("comparison", "equals") != "equals":
        return []  # a difference would say that the two must be the same
    if isinstance(expected, dict | list) or (isinstance(expected, str) and "\n" in expected):
        return difference(expected, actual)
    if "stacks" in details:
        from fozzy.report.story_screen import stack_lines  # of clusters alone, as `_story`

        return stack_lines(details["stacks"], "    ")
    said = [(key, value) for key, value in details.items() if key in ("stdout", "stderr", "body") and value]
    return [
        line("    ", Span(f"{key if index == 0 else '':<9}", "dim"), f"   {each}")
        for key, value in said
        for index, each in enumerate(_lines_of(str(value)))
    ]


def _lines_of(text: str) -> list[str]:
    """A text of several lines, bounded; at least one."""
    lines = safe(text).split("\n")
    extra = len(lines) - DETAIL_LINES_MAX
    return lines if extra <= 0 else [*lines[:DETAIL_LINES_MAX], f"… {extra} more lines"]


def _counts(members: list[Member]) -> list[str]:
    words = {"fail": "failed", "timeout": "timed out", "crash": "crashed", "error": "could not run"}
    numbers = {status: sum(member.status == status for member in members) for status in words}
    unexpected = sum(member.status == "pass" for member in members)
    said = [f"{number} {words[status]}" for status, number in numbers.items() if number]
    return [*said, *([f"{unexpected} not as expected"] if unexpected else [])]


def _next_for_suite(summary: Summary, failed: list[Member], short_id: str, flags: Flags) -> list[Line]:
    """How to see the first failure again; one without a trace could not even run."""
    kept = [member for member in failed if member.trace_path]
    first = kept[0] if kept else failed[0]
    commands: list[tuple[str, str]] = []
    if first.trace_path:
        word = first.trace_path
        if _in_store(first, summary):
            word = short_id if sum(_in_store(each, summary) for each in kept) == 1 else f"{short_id}/{first.number}"
        commands.append((f"fozzy replay {quoted(word)}{first.code_flag}{flags.every}", "see it again, step by step"))
        if first.replay is None and all(finding.title != "unexpected_pass" for finding in first.findings):
            commands.append((f"fozzy shrink {quoted(word)}{first.code_flag}{flags.every}", "make it smaller"))
    elif first.path.endswith(SUFFIX):
        commands.append((f"fozzy trace verify {quoted(first.path)}{flags.every}", "see what of it holds"))
    if not first.path.endswith(SUFFIX):
        commands.append(
            (f"fozzy run {quoted(first.path)} --seed {first.seed}{first.case_flag}{flags.run}{flags.every}", "")
        )
    if summary.command == "test":
        these = "run only these" if len(failed) > 1 else "run only this one"
        commands.append((f"fozzy test --last-failed{flags.run}{flags.every}", these))
    chars = max([NEXT_CHARS, *(len(words) for words, said in commands if said and len(words) <= NEXT_CHARS_MAX)])
    return [
        line(
            "        " if index else "  next  ",
            Span(f"{words:<{chars}}" if said else words, "code"),
            f"  {said}" if said else "",
        )
        for index, (words, said) in enumerate(commands)
    ]


def _in_store(member: Member, summary: Summary) -> bool:
    return bool(summary.identity.artifacts_dir and (member.trace_path or "").startswith(summary.identity.artifacts_dir))

"""What a replay came to, as people see it: the verdict, and for a drift both sides, the cause and what to do."""

from __future__ import annotations

import difflib
from typing import Literal, NamedTuple

from fozzy.core.lines import lines_of
from fozzy.engine.replay import Replayed
from fozzy.errors import Exit
from fozzy.report.text import Line, Span, count, extent, line, one_line, packed, quoted
from fozzy.trace.format import Footer, Header

CHANGED_LINES_MAX = 12
LINE_CHARS_MAX = 110


class Given(NamedTuple):
    """What the replay was asked for, as commands that are to be pasted need it."""

    trace: str
    scenario: str | None = None
    flags: str = ""  # where to work, under which configuration
    unsafe: bool = False
    code: str = ""  # the flag that lets user code run, behind commands that run something


def opening_lines(selector: str, header: Header, footer: Footer | None) -> list[Line]:
    """Which recording this is."""
    made = f"recorded {footer.finished_at[:10]} by fozzy {footer.engine}" if footer else "not sealed"
    said = [f"replaying {one_line(selector)}", one_line(header.scenario.path), f"seed {header.seed}", made]
    return packed([Span(each, "dim") for each in said])


def verdict_lines(replayed: Replayed, given: Given, text: str | None) -> list[Line]:
    """The verdict. `text` is the scenario it was replayed against, when that is not the recorded one."""
    return [*_verdict_lines(replayed, text), *_ending(replayed, given)]


def _verdict_lines(replayed: Replayed, text: str | None) -> list[Line]:
    divergence = replayed.divergence
    is_proxy = replayed.header.mode == "proxy"
    steps = replayed.passed or extent(replayed.steps, replayed.nodes)
    records = count(divergence.records, "record")
    match divergence.verdict:
        case "SAME" if is_proxy:
            return [line("  ", Span("SAME", "pass"), f"  {steps} decided again, as they were")]
        case "SAME":
            at_step = f" at step {replayed.failed_step}" if replayed.failed_step else ""
            failed = f", same failure{at_step}" if at_step or replayed.nodes else ""
            return [line("  ", Span("SAME", "pass"), f"  {steps}, {records}{failed if replayed.findings else ''}")]
        case "FIXED":
            said = f"  {steps}, {records} as recorded, and the recorded failure is gone"
            doubt = [line(Span(f"  {one_line(divergence.cause)}", "warn"))] if divergence.cause else []
            return [line("  ", Span("FIXED", "pass"), said), *doubt]
        case "CHANGED":
            return [
                line("  ", Span("CHANGED", "fail"), f"  {divergence.cause or 'another failure than the recorded one'}")
            ]
        case "INCOMPLETE" if divergence.cause and divergence.record is None:
            return [line("  ", Span("INCOMPLETE", "warn"), f"  {one_line(divergence.cause)}")]
        case "INCOMPLETE" if divergence.cause:
            stopped = f"  stopped at record #{divergence.record}; what was decided before it was the same"
            return [*_sides(replayed), line("  ", Span("INCOMPLETE", "warn"), stopped)]
        case "INCOMPLETE":
            said = f"  the recording ends after {records}; so far everything was the same"
            return [line("  ", Span("INCOMPLETE", "warn"), said)]
        case "DRIFT":
            stopped = f"  stopped at record #{divergence.record}; nothing after it can be trusted"
            verdict = line("  ", Span("DRIFT", "fail"), stopped)
            return [*_sides(replayed), *_scenario_change(replayed, text), verdict]


def _sides(replayed: Replayed) -> list[Line]:
    divergence = replayed.divergence
    recorded, now = one_line(divergence.recorded or ""), one_line(divergence.now or "")
    same = next((index for index, (a, b) in enumerate(zip(recorded, now, strict=False)) if a != b), len(now))
    return [
        line(f"  record #{divergence.record}: {one_line(divergence.cause or '')}"),
        line("          recorded   ", Span(recorded, "pass")),
        line("          now        ", Span(now, "fail")),
        line("                     ", Span(" " * same + "^^", "mark")),
    ]


def _scenario_change(replayed: Replayed, text: str | None) -> list[Line]:
    """The lines in which the two scenarios differ."""
    if text is None:
        return []
    then, now = lines_of(replayed.header.scenario.text), lines_of(text)
    changed = [each for each in difflib.unified_diff(then, now, n=0, lineterm="") if each[:2] not in ("--", "++")]
    first = next((each.split()[1].lstrip("-").split(",")[0] for each in changed if each.startswith("@@")), "")
    shown = [each for each in changed if not each.startswith("@@")]
    if not shown:
        return []
    lines = [line(f"  The scenario changed since the recording (line {first}):")]
    for each in shown[:CHANGED_LINES_MAX]:
        lines.append(line("     ", Span(one_line(f"{each[0]}  {each[1:].strip()}"[:LINE_CHARS_MAX]), _role(each))))
    rest = len(shown) - CHANGED_LINES_MAX
    return [*lines, *([line(f"     … {rest} more lines")] if rest > 0 else []), []]


def _role(changed: str) -> Literal["fail", "pass"]:
    return "fail" if changed.startswith("-") else "pass"


def _ending(replayed: Replayed, given: Given) -> list[Line]:
    """What to do next, when the replay does not end with 0."""
    if replayed.exit_status(given.unsafe) == Exit.PASS:
        return []
    trace = quoted(given.trace)
    if replayed.divergence.verdict == "INCOMPLETE" and not replayed.divergence.cause:
        return _hint(
            "the run was cut off; to take what there is for good:", f"fozzy replay {trace} --unsafe{given.code}", given
        )
    if replayed.divergence.verdict == "SAME" or given.scenario is None or replayed.header.mode == "proxy":
        return _hint("what was recorded, record by record:", f"fozzy trace show {trace}", given)
    again = f"fozzy run {quoted(given.scenario)} --seed {replayed.header.seed} --record new.fozzy{given.code}"
    return [
        *_hint("the trace carries its own scenario; replay that instead:", f"fozzy replay {trace}{given.code}", given),
        *_hint("if the change is intended, record again:", again, given)[1:],
    ]


def _hint(said: str, words: str, given: Given) -> list[Line]:
    return [[], line(Span("hint", "strong"), f": {said}"), line("        ", Span(words + given.flags, "code"))]

"""What a replay came to, as people see it: the verdict, and for a drift both sides, the cause and what to do."""

from __future__ import annotations

import difflib
from typing import Literal

from fozzy.engine.replay import Replayed
from fozzy.report.text import Line, Span, count, line, quoted, safe
from fozzy.trace.format import Footer, Header

CHANGED_LINES_MAX = 12
LINE_CHARS_MAX = 110


def opening_line(selector: str, header: Header, footer: Footer | None) -> Line:
    """Which recording this is."""
    made = f"  recorded {footer.finished_at[:10]} by fozzy {footer.engine}" if footer else "  not sealed"
    return line(Span(f"  replaying {safe(selector)}  {safe(header.scenario.path)}  seed {header.seed}{made}", "dim"))


def verdict_lines(replayed: Replayed, trace: str, scenario: str | None, text: str | None) -> list[Line]:
    """The verdict. `text` is the scenario it was replayed against, when that is not the recorded one."""
    divergence = replayed.divergence
    steps, records = count(replayed.steps, "step"), count(divergence.records, "record")
    match divergence.verdict:
        case "SAME":
            failed = f", same failure at step {replayed.failed_step}" if replayed.failed_step else ""
            return [line("  ", Span("SAME", "pass"), f"  {steps}, {records}{failed if replayed.findings else ''}")]
        case "FIXED":
            said = f"  {steps}, {records} as recorded, and the recorded failure is gone"
            return [line("  ", Span("FIXED", "pass"), said)]
        case "CHANGED":
            return [line("  ", Span("CHANGED", "fail"), "  another failure than the recorded one")]
        case "INCOMPLETE":
            said = f"  the recording ends after {records}; so far everything was the same"
            return [line("  ", Span("INCOMPLETE", "warn"), said)]
        case "DRIFT":
            return [*_sides(replayed), *_scenario_change(replayed, text), *_ending(replayed, trace, scenario)]


def _sides(replayed: Replayed) -> list[Line]:
    divergence = replayed.divergence
    recorded, now = safe(divergence.recorded or ""), safe(divergence.now or "")
    same = next((index for index, (a, b) in enumerate(zip(recorded, now, strict=False)) if a != b), len(now))
    return [
        line(f"  record #{divergence.record}: {safe(divergence.cause or '')}"),
        line("              recorded   ", Span(recorded, "pass")),
        line("              now        ", Span(now, "fail")),
        line("                         ", Span(" " * same + "^^", "mark")),
    ]


def _scenario_change(replayed: Replayed, text: str | None) -> list[Line]:
    """The lines in which the two scenarios differ."""
    if text is None:
        return []
    then, now = replayed.header.scenario.text.splitlines(), text.splitlines()
    changed = [each for each in difflib.unified_diff(then, now, n=0, lineterm="") if each[:2] not in ("--", "++")]
    first = next((each.split()[1].lstrip("-").split(",")[0] for each in changed if each.startswith("@@")), "")
    shown = [each for each in changed if not each.startswith("@@")]
    if not shown:
        return []
    lines = [line(f"  The scenario changed since the recording (line {first}):")]
    for each in shown[:CHANGED_LINES_MAX]:
        lines.append(line("     ", Span(safe(f"{each[0]}  {each[1:].strip()}"[:LINE_CHARS_MAX]), _role(each))))
    rest = len(shown) - CHANGED_LINES_MAX
    return [*lines, *([line(f"     … {rest} more lines")] if rest > 0 else []), []]


def _role(changed: str) -> Literal["fail", "pass"]:
    return "fail" if changed.startswith("-") else "pass"


def _ending(replayed: Replayed, trace: str, scenario: str | None) -> list[Line]:
    stopped = f"  stopped at record #{replayed.divergence.record}; nothing after it can be trusted"
    lines: list[Line] = [line("  ", Span("DRIFT", "fail"), stopped), []]
    hint = Span("hint", "strong")
    if scenario is None:
        return [*lines, line(hint, ": what was recorded:"), _command(f"fozzy trace show {quoted(trace)}")]
    again = f"fozzy run {quoted(scenario)} --seed {replayed.header.seed} --record new.fozzy"
    return [
        *lines,
        line(hint, ": the trace carries its own scenario; replay that instead:"),
        _command(f"fozzy replay {quoted(trace)}"),
        line(hint, ": if the change is intended, record again:"),
        _command(again),
    ]


def _command(words: str) -> Line:
    return line("        ", Span(words, "code"))

"""How two traces differ, as people see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fozzy.dsl.steps.base import show
from fozzy.report.pretty import record_line
from fozzy.report.text import Line, Role, Span, count, line, plain, quoted, safe
from fozzy.trace.diff import CONTEXT, Difference, Numbered, Parting, Side, TraceDiff

FIELD_CHARS = 18


def diff_lines(found: TraceDiff, flags: str = "") -> Iterator[Line]:
    """The whole screen; `flags` stand behind commands that are to be pasted."""
    yield from _side_lines(found)
    fields = [each for each in found.header if each.field != "scenario.digest" or not found.scenario]
    if fields:
        yield from ([], line("  what they depend on"))
        yield from difference_lines(fields)
    if found.scenario:
        yield from ([], line("  the scenario"))
        yield from (line("    ", Span(safe(each), _role(each))) for each in found.scenario)
    if found.parting is not None:
        yield from ([], *parting_lines(found.parting))
    yield from ([], *verdict_lines(found))
    if not found.same:
        yield from ([], *_next_lines(found, flags))


def verdict_lines(found: TraceDiff) -> Iterator[Line]:
    """Everything in one line, and one more when the times differ."""
    if found.parting is not None:
        yield line("  ", Span("DIFFERENT", "fail"), f"  they part at record #{found.parting.record}")
    elif found.same:
        yield line("  ", Span("SAME", "pass"), f"  {count(found.a.counts.records, 'record')}")
    else:
        but = "" if found.times_from is None else " but for times"
        said = f"  the {count(found.a.counts.records, 'record')} are the same{but}"
        yield line("  ", Span("DIFFERENT", "fail"), said)
    if found.times_from is not None:
        yield line(f"  from record #{found.times_from} on the times differ")


def _side_lines(found: TraceDiff) -> Iterator[Line]:
    width = max(len(safe(side.path)) for side in (found.a, found.b))
    for name, side in (("a", found.a), ("b", found.b)):
        parts = [f"{safe(side.path):<{width}}", f"seed {side.seed}", _counts(side)]
        yield line(f"  {name}  ", "   ".join([*parts, *_end(side)]))


def _counts(side: Side) -> str:
    counts = side.counts
    return ", ".join(
        [
            count(counts.records, "record"),
            count(counts.draws, "draw"),
            count(counts.asks, "ask"),
            count(counts.events, "event"),
        ]
    )


def _end(side: Side) -> list[str]:
    return {None: ["not sealed"], "incomplete": ["incomplete"]}.get(side.end, [])


def difference_lines(differences: list[Difference]) -> Iterator[Line]:
    """Fields that differ, each with both values."""
    for each in differences:
        name = safe(each.field) if len(each.field) < FIELD_CHARS else f"{safe(each.field)}\n"
        if name.endswith("\n"):
            yield line("    ", name[:-1])
            name = ""
        yield line("    ", f"{name:<{FIELD_CHARS}}", Span(f"a  {_value(each.a)}", "fail"))
        yield line("    ", " " * FIELD_CHARS, Span(f"b  {_value(each.b)}", "pass"))


def _value(value: Any) -> str:
    return "-" if value is None else safe(show(value))


def parting_lines(parting: Parting) -> Iterator[Line]:
    """The first record that differs, with what stands around it on both sides."""
    yield line(f"  the first record that differs is #{parting.record}")
    yield from _record_lines("  ", parting.before, "dim")
    yield from _record_lines("a ", parting.a, "fail") if parting.a else [_over("a ", parting.record)]
    yield from _record_lines("b ", parting.b, "pass") if parting.b else [_over("b ", parting.record)]
    if parting.differences:
        yield from ([], line(f"  what differs in #{parting.record}"))
        yield from difference_lines(parting.differences)


def _record_lines(name: str, records: list[Numbered], role: Role) -> Iterator[Line]:
    for each in records:
        yield line("  ", Span(f"{name}{plain(record_line(each.n, each.record))}", role))


def _over(name: str, number: int) -> Line:
    return line("  ", Span(f"{name}{number:>6}  it is over", "warn"))


def _role(changed: str) -> Role:
    return "fail" if changed.startswith("-") else "pass" if changed.startswith("+") else "dim"


def _next_lines(found: TraceDiff, flags: str) -> Iterator[Line]:
    number = found.parting.record if found.parting else found.times_from
    span = "" if number is None else f" --from {max(0, number - CONTEXT)} --to {number + CONTEXT}"
    for index, side in enumerate((found.a, found.b)):
        words = f"fozzy trace show {quoted(side.path)}{span}{flags}"
        yield line("        " if index else "  next  ", Span(words, "code"))

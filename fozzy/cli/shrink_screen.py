"""What people see of shrinking: the live line, the table of passes, what is left and why."""

from __future__ import annotations

from fozzy.cli.documents import PassBody, ReasonBody, ShrinkBody, SlipBody
from fozzy.cli.live import Ticker
from fozzy.report.text import Line, Span, count, duration, line, one_line
from fozzy.search.scenario import one_of
from fozzy.search.shrink.gate import Gate, Size, faults_in, size_of
from fozzy.search.shrink.reasons import Reason
from fozzy.search.shrink.shrinker import Row, Shrunk
from fozzy.search.subject import Outcome

SLIPS_SHOWN_MAX = 5
NAME_CHARS = 18


class Live(Ticker):
    """How far shrinking is."""

    def __call__(self, name: str, gate: Gate) -> None:
        """A candidate is about to run."""
        if self.is_due():
            size = shown_size(gate.size)
            took = duration(gate.spent_ns)
            self.say(f"{name}  {count(gate.tried, 'run')}  {size}  {took}  Ctrl-C keeps the best so far")


def shown_size(size: Size) -> str:
    """How large a run is: its nodes where it is a cluster, steps, choices."""
    return f"{_nodes(size)}{count(size.steps, 'step')}, {count(size.choices, 'choice')}"


def _nodes(size: Size) -> str:
    return f"{count(size.nodes, 'node')}, " if size.nodes else ""


def opening(name: str, finding_title: str, message: str) -> list[Line]:
    """Which failure is kept."""
    return [line("  keeping   ", one_line(f"{name}: {finding_title}"), f" failed: {one_line(one_of(message))}"), []]


def table(done: Shrunk, start: Row) -> list[Line]:
    """The passes, in the order they ran."""
    is_cluster = start.size.nodes > 0
    nodes = f" {'nodes':>7}" if is_cluster else ""
    head = f"  {'pass':<{NAME_CHARS}} {'tried':>7} {'kept':>6}{nodes} {'steps':>7} {'choices':>9} {'faults':>7}"
    lines: list[Line] = [line(Span(head, "dim"))]
    lines.append(line(f"  {'start':<{NAME_CHARS}} {'':>7} {'':>6} {_row(start)}"))
    for row in [row for row in done.rows if row.tried]:
        lines.append(line(f"  {row.name:<{NAME_CHARS}} {row.tried:>7} {row.kept:>6} {_row(row)}"))
    lines[-1].append(Span(_end_word(done), "pass" if done.end == "converged" else "warn"))
    return lines


def _row(row: Row) -> str:
    nodes = f"{row.size.nodes:>7} " if row.size.nodes else ""
    return f"{nodes}{row.size.steps:>7} {row.size.choices:>9} {row.faults:>7}"


def _end_word(done: Shrunk) -> str:
    return {
        "converged": "     converged",
        "budget": "     stopped: the budget is over (--budget gives more)",
        "interrupted": "     stopped early",
        "terminated": "     stopped early",
    }[done.end]


def totals(done: Shrunk, start: Row) -> Line:
    """From what to what; where only values became smaller, how much is written."""
    first, best = size_of(done.first), size_of(done.best)
    before = _sizes(first, start.faults)
    after = _sizes(best, faults_in(done.best.script))
    if before == after:
        before, after = (f"{count(len(each.script.written), 'character')}" for each in (done.first, done.best))
    return line(f"  {before}  ->  ", Span(after, "strong"), f"   {duration(done.spent_ns)}")


def _sizes(size: Size, faults: int) -> str:
    return f"{shown_size(size)}, {count(faults, 'fault')}"


def left(done: Shrunk) -> list[Line]:
    """What is left and why each of it is needed."""
    lines: list[Line] = [line("  what is left, and why")]
    for number, reason in enumerate(done.reasons, 1):
        lines += _reason(number, reason)
    return lines if done.reasons else []


def _reason(number: int, reason: Reason) -> list[Line]:
    name = reason.name if reason.value is None else f"{reason.name} = {reason.value}"
    return [
        line(f"  {number:>3}  {reason.what:<7} ", Span(one_line(name), "strong"), Span(f"   {reason.at}", "dim")),
        line(f"               {one_line(reason.why)}"),
    ]


def slips(done: Shrunk) -> list[Line]:
    """Other failures that came up; none of them was taken for the one that is kept."""
    if not done.slips:
        return []
    lines: list[Line] = [line(f"  kept aside   {count(len(done.slips), 'other failure')} came up on the way")]
    for slip in done.slips[:SLIPS_SHOWN_MAX]:
        lines.append(line(f"               {one_line(slip.outcome.said.removeprefix('it fails with '))}"))
    return lines


def of_the_world(before: int, now: int) -> list[Line]:
    """What must be said when questions to the outside world are gone: nobody asked it again."""
    if now >= before:
        return []
    said = f"  {count(before - now, 'question')} to the outside world gone; the answers that are left are the recorded ones."
    return [
        line(Span(said, "warn")),
        line("  Whether it still gives them without the others, only a run can tell."),
        [],
    ]


def body_of(done: Shrunk, trace_paths: list[str]) -> ShrinkBody:
    """What shrinking came to, as a document says it."""
    first, best = size_of(done.first), size_of(done.best)
    passes = [PassBody(name=row.name, tried=row.tried, kept=row.kept, steps=row.size.steps,
                       choices=row.size.choices, faults=row.faults, nodes=row.size.nodes or None) for row in done.rows if row.tried]  # fmt: skip
    left = [
        ReasonBody(what=each.what, name=each.name, at=each.at, why=each.why, value=each.value) for each in done.reasons
    ]
    return ShrinkBody(
        end=done.end,
        runs=done.tried,
        duration_ms=done.spent_ns // 10**6,
        steps_before=first.steps,
        choices_before=first.choices,
        faults_before=faults_in(done.first.script),
        steps=best.steps,
        choices=best.choices,
        choices_not_boring=best.loud,
        faults=faults_in(done.best.script),
        passes=passes,
        left=left,
        slips=[_slip(slip.outcome) for slip in done.slips],
        trace_paths=trace_paths,
        nodes_before=first.nodes or None,
        nodes=best.nodes or None,
    )


def _slip(outcome: Outcome) -> SlipBody:
    assert outcome.failure is not None
    kind, title, at = outcome.failure[:3]
    return SlipBody(kind=kind, title=title, at=at, message=outcome.message)

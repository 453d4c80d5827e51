"""What people see of exploring: the live line, what came of it, what it did not cover, what to do next."""

from __future__ import annotations

from fozzy.cli.explore_documents import ExploreBody, FailureBody
from fozzy.cli.live import Ticker
from fozzy.report.text import Line, Span, count, duration, line, one_line
from fozzy.search.explore.campaign import Campaign
from fozzy.search.explore.plan import RECORDS_MAX, Plan

PLACES_SHOWN_MAX = 5
COUNT_ENDLESS = 10**12  # as many executions as the time allows


class Live(Ticker):
    """How far a campaign is."""

    def __call__(self, campaign: Campaign) -> None:
        """An execution was counted."""
        if self.is_due():
            of = f" / {campaign.plan.count:,}" if campaign.plan.count < COUNT_ENDLESS else ""
            speed = campaign.executions * 10**9 // max(1, campaign.spent_ns)
            said = [f"{campaign.so.next:,}{of}", f"{speed:,}/s", count(campaign.schedules.count, "schedule")]
            said += [count(campaign.states.count, "state"), failures(len(campaign.so.seen))]
            self.say("   ".join([*said, duration(campaign.spent_ns), "Ctrl-C stops here"]))


def opening(name: str, plan: Plan, resumed: str | None, total: int) -> list[Line]:
    """What is explored, and how."""
    lines = [line("  exploring   ", Span(one_line(name), "strong"), f"   {schedule_words(plan)}   seed {plan.seed}")]
    if resumed is not None:
        lines.append(line(f"  goes on     after {count(total, 'execution')} of run {one_line(resumed)}"))
    return lines


def schedule_words(plan: Plan) -> str:
    """The schedule with what bounds it."""
    schedule = plan.schedule
    if schedule.kind == "pct":
        return f"pct, depth {schedule.depth}"
    return schedule.kind if plan.bound is None else f"{schedule.kind}, bound {plan.bound}"


def failures(number: int, which: str = "") -> str:
    """`1 failure`, `2 different failures`."""
    return count(number, f"{which}failure")


def numbers(body: ExploreBody) -> list[Line]:
    """What the campaign came to, in a few lines."""
    took = f"   {duration(body.duration_ms * 10**6)} ({body.executions_per_second:,}/s)"
    lines = [line("  ", *_result(body), Span(took, "dim"))]
    if body.failing > 1 or body.executions < body.total:
        different = f"{failures(len(body.failures), 'different ')}, seen {_times(body.failing)}"
        lines += [line(Span(f"  {different}", "fail"))] if body.failures else []
    lines += [line(Span(f"  {said}", "warn")) for said in _doubts(body)]
    if body.not_covered:
        shown = ", ".join(body.not_covered[:PLACES_SHOWN_MAX])
        more = len(body.not_covered) - PLACES_SHOWN_MAX
        lines.append(line(f"  not covered: {one_line(shown)}{f' and {more} more' if more > 0 else ''}"))
    return lines


def _result(body: ExploreBody) -> list[Span]:
    states = _about(body.states, body.states_exact, "state")
    if body.exhausted:
        every = f"all {count(body.total, 'schedule')}" if body.total > 1 else "the only schedule"
        head = f"exhausted: {every}{f' within bound {body.bound}' if body.bound is not None else ''}"
        return [Span(head, "" if body.failures else "pass"), Span(f" ({states})")]
    total = count(body.total, "execution")
    seen = f" ({_about(body.schedules, body.schedules_exact, 'schedule')}, {states})"
    if not body.failures:
        return [Span(f"no counterexample in {total}", "pass"), Span(seen)]
    return [Span(f"{'failed after ' if body.ended_by == 'failure' else ''}{total}{seen}")]


def _doubts(body: ExploreBody) -> list[str]:
    """What makes the result say less than it seems to."""
    said = []
    if body.cut:
        said.append(f"{count(body.cut, 'execution')} cut at the most records: what lies behind is not explored")
    if body.schedules == 1 and body.total > 1 and body.schedule != "fifo":
        said.append("every execution ran in one order: nothing here chooses who goes on")
    if body.isolated:
        said.append("programs keep state from one execution to the next, so each had a process of its own")
    if body.schedule in ("dfs", "bfs") and body.exhausted and body.total == 1 and body.bound is None:
        said.append("nobody to choose among: only seeds vary this (--schedule random)")
    if body.ended_by == "time":
        said.append("stopped by the clock")
    if body.ended_by in ("interrupted", "terminated"):
        said.append("stopped early")
    if body.ended_by == "count" and body.schedule in ("dfs", "bfs"):
        said.append("not exhausted: there are more schedules")
    return said


def found(body: FailureBody, many: bool) -> list[Line]:
    """Where a failure was found."""
    times = f", seen {_times(body.seen)}" if many else ""
    lines = [line(f"    found in execution {body.execution:,} (seed {body.seed}){times}")]
    if body.trace_path is None:
        lines.append(line(Span("    not recorded: it did not come again alike, or there were too many", "warn")))
    else:
        lines.append(line(f"    trace     {one_line(body.trace_path)}"))
    if body.small_path is not None:
        lines.append(line(f"    smaller   {one_line(body.small_path)}"))
    return lines


def records_flag(records_max: int) -> str:
    """The flag for the most records, when it is not the usual one."""
    return "" if records_max == RECORDS_MAX else f" --steps {records_max}"


def _about(number: int, exact: bool, noun: str) -> str:
    return f"{'' if exact else 'about '}{count(number, noun)}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"

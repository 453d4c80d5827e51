"""What people see of a campaign: the live line, the numbers at the end, each crash with what to do next."""

from __future__ import annotations

from fozzy.cli.documents import CrashBody, FuzzBody
from fozzy.cli.live import Ticker
from fozzy.report.text import Line, Span, count, duration, line, one_line
from fozzy.search.fuzz.campaign import Campaign

INPUT_CHARS_MAX = 200


class Live(Ticker):
    """How far a campaign is."""

    def __call__(self, campaign: Campaign) -> None:
        """A portion was merged."""
        if self.is_due():
            speed = campaign.runs * 10**9 // max(1, campaign.spent_ns)
            said = [count(campaign.runs, "run"), f"{speed:,}/s", f"{len(campaign.seen):,} reached"]
            said += [f"corpus {len(campaign.corpus):,}", crashes(len(campaign.crashes))]
            self.say("   ".join([*said, duration(campaign.spent_ns)]))


def opening(target: str, takes: str, seed: int, mode: str) -> list[Line]:
    """What is fuzzed, and how."""
    return [
        line("  fuzzing   ", Span(one_line(target), "strong"), f"   {mode}   seed {seed}"),
        line(f"  takes     {one_line(takes)}"),
    ]


def numbers(body: FuzzBody) -> list[Line]:
    """What the campaign came to, in a few lines."""
    found = crashes(len(body.crashes), "different ") if body.crashes else "no crash"
    took = f"{count(body.runs, 'run')} in {duration(body.duration_ms * 10**6)} ({body.runs_per_second:,}/s)"
    lines = [line(f"  {took}   ", Span(found, "fail" if body.crashes else "pass"))]
    if body.mode == "coverage":
        lines.append(line(f"  {count(body.features, 'place')} reached by {count(body.corpus, 'input')}"))
    if body.forks:
        said = f"  the target forked in {count(body.forks, 'run')}; what it forked was ended at once"
        lines.append(line(Span(said, "warn")))
    return lines


def crashes(number: int, which: str = "") -> str:
    """`1 crash`, `2 crashes`."""
    return f"{number:,} {which}crash{'' if number == 1 else 'es'}"


def crash_lines(body: CrashBody, is_sized: bool) -> list[Line]:
    """One crash; `is_sized` where the length of the input says something."""
    lines: list[Line] = [
        [],
        line("  ", Span(one_line(body.title), "fail"), Span(f": {one_line(body.message)}", "strong")),
        line(f"    first seen in run {body.run:,}"),
    ]
    if body.input is not None:
        shown = body.input.text if not body.input.base64 else f"base64 {body.input.base64}"
        shown = one_line(shown)
        cut = shown if len(shown) <= INPUT_CHARS_MAX else shown[: INPUT_CHARS_MAX - 1] + "…"
        lines.append(line(f"    input   {cut or '(nothing)'}", Span(_size(body) if is_sized else "", "dim")))
    if body.trace_path is None:
        lines.append(line(Span("    it did not come again by itself: it depends on runs before it", "warn")))
    else:
        lines.append(line(f"    trace   {one_line(body.trace_path)}"))
    if body.kept_path is not None:
        lines.append(line(f"    kept    {one_line(body.kept_path)}"))
    return lines


def _size(body: CrashBody) -> str:
    """How much smaller the input became."""
    size, before = len(body.input.data()) if body.input else 0, body.input_bytes_before
    return f"   {size} of {count(before, 'byte')}" if size < before else ""

"""`fozzy memory`: what a recorded run held, by step of its modelled heap and by line of your code."""

from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.profile_documents import (
    LivingBody,
    MemoryDiffDocument,
    MemoryGraphDocument,
    MemoryLineBody,
    MemorySiteBody,
    MemoryTopDocument,
    SiteChangeBody,
)
from fozzy.cli.profiling import RunWord, again, fine, headline, next_line, pasted, profile_of, run_body
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.insight.memory import Memory, chart, memory_of
from fozzy.insight.profile.load import Profile
from fozzy.report.text import Line, Span, count, gutter, line, one_line, quoted, size
from fozzy.trace.finalize import shown_path

LIMIT = 10
CHART_WIDTH, CHART_HEIGHT = 60, 8
Limit = Annotated[int, Opt(("--limit",), "Show at most so many lines of each table.", "N")]


class Top(Command, frozen=True, kw_only=True):
    """Show who allocated and what was never freed.

    The modelled heap by step; your own code by line, for a run made with --profile-memory. --budget fails when more of
    the modelled heap than that still lives at the end.
    """

    name: ClassVar[str] = "memory top"
    run: RunWord
    limit: Limit = LIMIT
    budget: Annotated[int | None, Opt(("--budget",), "End with 1 when more than this was never freed.", "BYTES")] = None

    def call(self, console: Console) -> Exit:
        _check(self.limit, self.budget)
        profile = profile_of(self, self.run)
        found = memory_of(profile)
        over = self.budget is not None and found.in_use_bytes > self.budget
        if console.json:
            console.raw(msgspec.json.encode(self._document(profile, found, over)).decode() + "\n")
        lines = [headline(profile), _summed(found)]
        if not console.quiet:
            lines += [*_sites(found, self.limit), *_living(found, self.limit), *_code(profile, found, self.limit)]
        if over:
            said = f"{found.in_use_bytes:,} bytes were never freed; the budget is {self.budget:,}"
            lines += [[], line(gutter("FAIL", "fail"), said), [], _next(self, "graph", profile, "when it was held")]
        console.answer(lines)
        return Exit.FAIL if over else Exit.PASS

    def _document(self, profile: Profile, found: Memory, over: bool) -> MemoryTopDocument:
        return MemoryTopDocument(
            schema_version=SCHEMA_VERSION,
            command="memory top",
            status="fail" if over else "pass",
            run=run_body(profile),
            in_use_bytes=found.in_use_bytes,
            peak_bytes=found.peak_bytes,
            exact=found.is_exact,
            budget_bytes=self.budget,
            sites=[MemorySiteBody(**each._asdict()) for each in found.sites[: self.limit]],
            living=[LivingBody(**each._asdict()) for each in found.living[: self.limit]],
            code_bytes=found.code_bytes,
            code_peak_bytes=found.code_peak_bytes if found.code_bytes is not None else None,
            lines=[MemoryLineBody(**each._asdict()) for each in found.lines[: self.limit]],
        )


class Graph(Command, frozen=True, kw_only=True):
    """Draw the modelled heap of a run over its time."""

    name: ClassVar[str] = "memory graph"
    run: RunWord

    def call(self, console: Console) -> Exit:
        profile = profile_of(self, self.run)
        found = memory_of(profile)
        end_ns = profile.root.virtual_ns
        if console.json:
            document = MemoryGraphDocument(
                schema_version=SCHEMA_VERSION,
                command="memory graph",
                status="pass",
                run=run_body(profile),
                peak_bytes=found.peak_bytes,
                in_use_bytes=found.in_use_bytes,
                exact=found.is_exact,
                points=[list(point) for point in found.points],
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        lines = [headline(profile), _summed(found)]
        if not console.quiet and len(found.points) > 1:
            most = max(each for _, each in found.points)
            rows = chart(found.points, end_ns, CHART_WIDTH, CHART_HEIGHT)
            labels = [size(most), *[""] * (CHART_HEIGHT - 2), size(most // CHART_HEIGHT)]
            lines += [[], *(line(f"{label:>11} |{row}") for label, row in zip(labels, rows, strict=True))]
            lines += [line(" " * 12, "+", "-" * CHART_WIDTH), line(f"{'0':>13}{fine(end_ns):>{CHART_WIDTH}}")]
        console.answer(lines)
        return Exit.PASS


class Diff(Command, frozen=True, kw_only=True):
    """Say what two runs hold differently, step by step and line by line.

    Ends with 1 when more of the modelled heap is never freed in the second one. The modelled heap is exact.
    """

    name: ClassVar[str] = "memory diff"
    before: Annotated[str, Arg("The run before.", "BEFORE")]
    after: Annotated[str, Arg("The run after.", "AFTER")]
    limit: Limit = LIMIT

    def call(self, console: Console) -> Exit:
        _check(self.limit, None)
        profiles = [profile_of(self, word) for word in (self.before, self.after)]
        old, new = (memory_of(profile) for profile in profiles)
        steps, lines_ = _step_changes(old, new), _line_changes(old, new)
        grown = new.in_use_bytes > old.in_use_bytes
        if console.json:
            document = MemoryDiffDocument(
                schema_version=SCHEMA_VERSION,
                command="memory diff",
                status="fail" if grown else "pass",
                before=run_body(profiles[0]),
                after=run_body(profiles[1]),
                in_use_bytes=[old.in_use_bytes, new.in_use_bytes],
                peak_bytes=[old.peak_bytes, new.peak_bytes],
                steps=steps,
                lines=lines_,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        heads = [
            line(gutter(word), *headline(each)[1:]) for word, each in zip(("before", "after"), profiles, strict=True)
        ]
        told = [*_changes("step", steps, self.limit), *_changes("line of your code", lines_, self.limit)]
        if not steps and not lines_:
            told = [[], line("  nothing is held differently")]
        end = line(
            f"  never freed {_arrow(old.in_use_bytes, new.in_use_bytes)}, "
            f"at most {_arrow(old.peak_bytes, new.peak_bytes)}"
        )
        then = [[], _next(self, "top", profiles[1], "who holds it")] if grown else []
        console.answer([end] if console.quiet else [*heads, *told, [], end, *then])
        return Exit.FAIL if grown else Exit.PASS


def _next(command: Command, view: str, profile: Profile, said: str) -> Line:
    word = quoted(shown_path(profile.trace))
    return next_line(f"fozzy memory {view} {word}{command.place_flags}", said)


def _check(limit: int, budget: int | None) -> None:
    if limit < 1:
        raise UsageError("usage.bad_value", f"--limit must be 1 or more, got {limit}")
    if budget is not None and budget < 0:
        raise UsageError("usage.bad_value", f"--budget must be 0 or more, got {budget}")


def _summed(found: Memory) -> Line:
    refused = f", {found.failed:,} refused" if found.failed else ""
    said = f"  modelled heap: {size(found.in_use_bytes)} never freed, {size(found.peak_bytes)} at most{refused}"
    if found.is_exact:
        return line(said)
    unsure = f"; {count(found.unmatched, 'free')} by reference: which allocation it was only the run knew"
    return line(said, Span(unsure, "warn"))


def _sites(found: Memory, limit: int) -> list[Line]:
    if not found.sites:
        return [[], line("  the run allocates nothing on the modelled heap")]
    head = Span(f"{'never freed':>12}{'in all':>12}{'times':>8}  step", "dim")
    rows = [
        line(
            f"{size(each.living_bytes):>12}{size(each.size_bytes):>12}{each.times:>8,}  {each.at}",
            Span(one_line(f"  {each.tag}"), "dim"),
        )
        for each in found.sites[:limit]
    ]
    return [[], line(head), *rows, *_more(len(found.sites), limit)]


def _living(found: Memory, limit: int) -> list[Line]:
    if not found.living:
        return []
    head = Span(f"{'never freed':>12}{'since':>12}{'id':>8}  step", "dim")
    rows = [
        line(
            f"{size(each.size_bytes):>12}{fine(each.since_ns):>12}{each.alloc_id:>8}  {each.at}",
            Span(one_line(f"  {each.tag}"), "dim"),
        )
        for each in found.living[:limit]
    ]
    return [[], line(head), *rows, *_more(len(found.living), limit)]


def _code(profile: Profile, found: Memory, limit: int) -> list[Line]:
    """What user code left behind; how to watch it where that was not done."""
    if not profile.calls:
        return []
    if found.code_bytes is None:
        return [[], line("  your code was not watched; this does it"), pasted(again(profile, "--profile-memory"))]
    at_most = f"one call had {size(found.code_peak_bytes)} at most"
    head = Span(f"{'left behind':>12}{'blocks':>12}          line of your code, or of what it calls", "dim")
    rows = [
        line(f"{_signed(each.size_bytes):>12}{each.blocks:>12,}          {one_line(each.at)}")
        for each in found.lines[:limit]
    ]
    first = line(f"  your code: {_signed(found.code_bytes)} left behind, {at_most}")
    return [[], first, [], line(head), *rows, *_more(len(found.lines), limit)]


def _more(number: int, limit: int) -> list[Line]:
    return [line(gutter("..."), f"{number - limit:,} more   --limit {number}")] if number > limit else []


def _step_changes(old: Memory, new: Memory) -> list[SiteChangeBody]:
    before = {f"{each.at} {each.tag}".rstrip(): (each.living_bytes, each.size_bytes) for each in old.sites}
    after = {f"{each.at} {each.tag}".rstrip(): (each.living_bytes, each.size_bytes) for each in new.sites}
    return _compared(before, after)


def _line_changes(old: Memory, new: Memory) -> list[SiteChangeBody]:
    """Lines of user code, where both runs watched it."""
    if old.code_bytes is None or new.code_bytes is None:
        return []
    return _compared(
        {each.at: (each.size_bytes, each.size_bytes) for each in old.lines},
        {each.at: (each.size_bytes, each.size_bytes) for each in new.lines},
    )


def _compared(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> list[SiteChangeBody]:
    changed = [
        SiteChangeBody(
            at=at,
            living_bytes=[before.get(at, (0, 0))[0], after.get(at, (0, 0))[0]],
            size_bytes=[before.get(at, (0, 0))[1], after.get(at, (0, 0))[1]],
        )
        for at in dict.fromkeys([*before, *after])
        if before.get(at) != after.get(at)
    ]
    return sorted(changed, key=lambda each: (-abs(each.living_bytes[1] - each.living_bytes[0]), each.at))


def _changes(title: str, changes: list[SiteChangeBody], limit: int) -> list[Line]:
    if not changes:
        return []
    head = Span(f"{'left':>22}{'in all':>22}  {title}", "dim")
    rows = [
        line(f"{_arrow(*each.living_bytes):>22}{_arrow(*each.size_bytes):>22}  {one_line(each.at)}")
        for each in changes[:limit]
    ]
    return [[], line(head), *rows, *_more(len(changes), limit)]


def _arrow(before: int, after: int) -> str:
    return f"{_signed(before)} -> {_signed(after)}"


def _signed(size_bytes: int) -> str:
    return f"-{size(-size_bytes)}" if size_bytes < 0 else size(size_bytes)

"""Runs and their files, as people see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fozzy.cli.naming import named_line
from fozzy.insight.artifacts import Artifact, StoredRun
from fozzy.insight.recall import Named
from fozzy.report.text import STATUS_WORDS, Line, Span, count, gutter, line, one_line, size

DIGEST_CHARS = 8  # enough to see that two are the same; --json has all


def runs_lines(runs: Sequence[StoredRun], short: Callable[[str], str], quiet: bool) -> Iterator[Line]:
    """The runs of a store, one a line, and how many there are."""
    if not runs:
        yield line("  no run yet")
        yield from [] if quiet else [[], line("  next  ", Span("fozzy test", "code"), "   makes one")]
        return
    ids = {run.run_id: short(run.run_id) for run in runs}
    if not quiet:
        width = max(map(len, ids.values()))
        head = f"{'run':<{width}}  {'command':<7}  {'when':<16}  {'size':>8}  {'seed':>16}  kept"
        yield line(gutter(""), Span(head, "dim"))
        yield from (line(_status(run), *_run(run, f"{ids[run.run_id]:<{width}}")) for run in runs)
    aliases = [f", @{alias} is {ids[run.run_id]}" for run in runs for alias in run.aliases]
    yield line(f"  {count(len(runs), 'run')}, {size(sum(run.size_bytes for run in runs))}{''.join(aliases)}")


def files_lines(named: Named, files: Sequence[Artifact], quiet: bool) -> Iterator[Line]:
    """The files of one run, and which run that is."""
    width = max(len(one_line(file.name)) for file in files)
    for file in [] if quiet else files:
        said = f"{file.kind:<8}  {one_line(file.name):<{width}}  {size(file.size_bytes):>12}  "
        yield line("  ", said, Span(f"blake3 {file.blake3[:DIGEST_CHARS]}…", "dim"))
    yield line(f"  {count(len(files), 'file')}, {size(sum(file.size_bytes for file in files))}")
    yield from [] if quiet else [named_line(named)]


def _status(run: StoredRun) -> Span:
    if run.status == "unfinished":
        return gutter("CUT OFF", "warn")
    if run.status == "damaged":
        return gutter("DAMAGED", "fail")
    return gutter(*STATUS_WORDS[run.status])


def _run(run: StoredRun, short: str) -> Iterator[str | Span]:
    seed = "-" if run.seed is None else str(run.seed)
    when = run.started_at[:16].replace("T", " ")
    yield f"{short}  {one_line(run.command) or '-':<7}  {when}  {size(run.size_bytes):>8}  {seed:>16}  "
    kept = count(run.traces, "trace") if run.traces else "-"
    yield Span(f"{kept} +{run.side_files}" if run.side_files else kept, "dim")

"""`fozzy artifacts diff`: how two runs differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command
from fozzy.cli.console import Console
from fozzy.cli.naming import RUN_HELP, named_body, named_line
from fozzy.cli.options import config_of
from fozzy.cli.run_documents import RunsDiffDocument
from fozzy.cli.trace_diff import difference_lines, parting_lines
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit
from fozzy.insight.compare import Kept, RunsDiff, compare
from fozzy.insight.recall import Recalled, recall
from fozzy.report.text import Line, Span, count, line, one_line, quoted, size
from fozzy.trace.diff import Difference
from fozzy.trace.store import Store

SHOWN_MAX = 20  # differences of one sort; --json has more


class Diff(Command, frozen=True, kw_only=True):
    """Show how two runs differ: how they went, where they part, what they kept.

    What runs are called and when they ran is no difference. Real times of profiles are told and do not count. Ends
    with 0 when both are the same, 1 when they differ, 6 when one cannot be trusted.
    """

    name: ClassVar[str] = "artifacts diff"
    a: Annotated[str, Arg(RUN_HELP, "A")]
    b: Annotated[str, Arg("The other one.", "B")]

    def call(self, console: Console) -> Exit:
        store = Store(config_of(self).base_dir())
        a, b = (recall(store, word, unsafe=not self.strict) for word in (self.a, self.b))
        found = compare(a, b, unsafe=not self.strict)
        if console.json:
            document = RunsDiffDocument(
                schema_version=SCHEMA_VERSION,
                command="artifacts diff",
                status="pass" if found.same else "fail",
                a=named_body(a.named),
                b=named_body(b.named),
                diff=found,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer([_verdict(found)] if console.quiet else _lines(a, b, found, self.place_flags))
        return Exit.PASS if found.same else Exit.FAIL


def _lines(a: Recalled, b: Recalled, found: RunsDiff, flags: str) -> Iterator[Line]:
    for name, run in (("a", a), ("b", b)):
        yield [Span(f"  {name}"), *named_line(run.named)]
    if found.summary:
        yield from ([], line("  how they went"), *_differences(found.summary, found.summary_more))
    alone = [each for each in found.files if each.a is None or each.b is None]
    if alone:
        yield from ([], line("  what only one kept"), *(_file(each) for each in alone))
    for numbers in found.sides:
        if numbers.differences:
            yield from ([], line(f"  {_SAID[numbers.kind]}"), *_differences(numbers.differences, numbers.more))
    if found.trace is not None and found.trace.parting is not None:
        yield from ([], *parting_lines(found.trace.parting))
    yield from ([], _verdict(found))
    if not found.same:
        yield from _next(a, b, found, flags)


def _next(a: Recalled, b: Recalled, found: RunsDiff, flags: str) -> Iterator[Line]:
    """What looks closer: at the traces, or at one scenario of two suites that both kept."""
    if found.trace is not None:
        words, command, said = [a.named.shown, b.named.shown], "trace diff", "what they depend on, too"
    else:
        ours, theirs = ({f"{each.path} {each.case}": each for each in run.summary.scenarios} for run in (a, b))
        both = [name for name in ours if name in theirs and ours[name].trace_path and theirs[name].trace_path]
        if not both:
            return
        words = [f"{a.named.run_id}/{ours[both[0]].number}", f"{b.named.run_id}/{theirs[both[0]].number}"]
        command, said = "artifacts diff", "one scenario, record by record"
    paste = f"fozzy {command} {' '.join(map(quoted, words))}{flags}"
    yield from ([], line("  next  ", Span(paste, "code"), f"   {said}"))


_SAID = {"profile": "where time went (real times always differ)", "coverage": "which lines were run"}


def _differences(found: list[Difference], more: int) -> Iterator[Line]:
    yield from difference_lines(found[:SHOWN_MAX])
    rest = more + len(found) - SHOWN_MAX
    if rest > 0:
        yield line(f"    ... {rest:,} more   --json lists them")


def _file(kept: Kept) -> Line:
    side, artifact = ("a", kept.a) if kept.a else ("b", kept.b)
    assert artifact is not None
    return line(f"    {side}  {artifact.kind:<8}  {one_line(kept.name)}  ", Span(size(artifact.size_bytes), "dim"))


def _verdict(found: RunsDiff) -> Line:
    if found.same:
        return line("  ", Span("SAME", "pass"), "  they went alike, record by record" if found.trace else "")
    parts = [count(len(found.summary) + found.summary_more, "difference") + " in how they went"]
    if found.trace is not None and found.trace.parting is not None:
        parts.append(f"they part at record #{found.trace.parting.record}")
    return line("  ", Span("DIFFERENT", "fail"), f"  {', '.join(parts)}")

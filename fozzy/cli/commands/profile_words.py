"""`fozzy profile diff|explain|doctor`: what changed, what it means, what is missing."""

from typing import Annotated, ClassVar

import msgspec

from fozzy.cli.command import Arg, Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.profile_documents import (
    AdviceBody,
    ChangeBody,
    ProfileDiffDocument,
    ProfileDoctorDocument,
    ProfileExplainDocument,
)
from fozzy.cli.profiling import RunWord, again, fine, headline, next_line, not_timed, pasted, profile_of, run_body
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.insight.profile.compare import Change, Comparison, compare
from fozzy.insight.profile.load import Profile
from fozzy.report.text import WIDTH, Line, Role, Span, gutter, line, one_line, quoted
from fozzy.trace.finalize import shown_path

RUNS_MAX = 100
LIMIT = 20
_ROLES: dict[str, Role] = {"slower": "fail", "faster": "pass", "added": "warn", "removed": "warn", "same": "dim"}


class Diff(Command, frozen=True, kw_only=True):
    """Say what changed between two runs, and whether it is more than noise.

    Each side is a run, or several with commas between them: with four on each side a rank test decides, with fewer a
    threshold from how the runs' own repeats scatter, which is said. Virtual times of runs that asked no host are exact.
    Ends with 1 when something is slower by more than noise.
    """

    name: ClassVar[str] = "profile diff"
    before: Annotated[str, Arg("The run before, or several: 7f3,7f4.", "BEFORE")]
    after: Annotated[str, Arg("The run after, or several.", "AFTER")]
    limit: Annotated[int, Opt(("--limit",), "Show at most so many changes.", "N")] = LIMIT

    def call(self, console: Console) -> Exit:
        if self.limit < 1:
            raise UsageError("usage.bad_value", f"--limit must be 1 or more, got {self.limit}")
        before, after = ([profile_of(self, word) for word in _words(side)] for side in (self.before, self.after))
        found = compare(before, after)
        slower = found.of("slower")
        if console.json:
            document = ProfileDiffDocument(
                schema_version=SCHEMA_VERSION,
                command="profile diff",
                status="fail" if slower else "pass",
                before=[run_body(each) for each in before],
                after=[run_body(each) for each in after],
                how=found.how,
                changes=[_change(each) for each in found.of("slower", "faster", "added", "removed")],
                same=len(found.of("same")),
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        heads = [
            line(gutter(word), *headline(each)[1:])
            for word, side in (("before", before), ("after", after))
            for each in side
        ]
        end = [[], _closing(found), *(_next(self, after[0]) if slower else [])]
        console.answer([_closing(found)] if console.quiet else [*heads, *_lines(found, self.limit), *end])
        return Exit.FAIL if slower else Exit.PASS


class Explain(Command, frozen=True, kw_only=True):
    """Say in a few sentences where the time of a run went and what to look at."""

    name: ClassVar[str] = "profile explain"
    run: RunWord

    def call(self, console: Console) -> Exit:
        from fozzy.insight.profile.explain import explain

        profile = profile_of(self, self.run)
        sentences = explain(profile, fine)
        if console.json:
            document = ProfileExplainDocument(
                schema_version=SCHEMA_VERSION,
                command="profile explain",
                status="pass",
                run=run_body(profile),
                sentences=sentences,
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        console.answer([headline(profile), [], *_paragraph(sentences[:1] if console.quiet else sentences)])
        console.answer([] if console.quiet else not_timed(profile))
        return Exit.PASS


class Doctor(Command, frozen=True, kw_only=True):
    """Say what a run lacks to be profiled well, with the command that mends it."""

    name: ClassVar[str] = "profile doctor"
    run: RunWord

    def call(self, console: Console) -> Exit:
        from fozzy.insight.profile.advice import advise

        profile = profile_of(self, self.run)
        found = advise(profile)
        commands = {each.flag: again(profile, each.flag) for each in found if each.flag}
        if console.json:
            document = ProfileDoctorDocument(
                schema_version=SCHEMA_VERSION,
                command="profile doctor",
                status="pass",
                run=run_body(profile),
                advice=[
                    AdviceBody(state=each.state, name=each.name, said=each.said, command=commands.get(each.flag))
                    for each in found
                ],
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        roles: dict[str, Role] = {"ok": "pass", "missing": "warn", "note": "dim"}
        lines = [
            line(gutter(each.state, roles[each.state]), f"{each.name:<13} {one_line(each.said)}") for each in found
        ]
        paste: list[Line] = [pasted(command) for command in commands.values()]
        missing = sum(each.state == "missing" for each in found)
        end = line(f"  {missing} missing; this mends it" if missing else "  nothing is missing")
        console.answer([end] if console.quiet else [headline(profile), [], *lines, [], end, *paste])
        return Exit.PASS


def _words(side: str) -> list[str]:
    """The runs of one side. *Errors*: `UsageError`."""
    words = [word for word in side.split(",") if word]
    if not words or len(words) > RUNS_MAX:
        message = f'"{side}" names {len(words)} runs; a side has 1 to {RUNS_MAX}'
        raise UsageError("usage.bad_value", message, hint="fozzy profile diff 7f3,7f4 8a1,8a2")
    return words


def _change(change: Change) -> ChangeBody:
    return ChangeBody(
        what=change.what,
        name=change.name,
        at=change.at,
        clock=change.clock,
        before_ns=change.before_ns,
        after_ns=change.after_ns,
        verdict=change.verdict,
        p=None if change.p is None else round(change.p, 6),
    )


def _lines(found: Comparison, limit: int) -> list[Line]:
    lines: list[Line] = [[], *(line(gutter("noise"), Span(said, "dim")) for said in found.how), []]
    changes = found.of("slower", "faster", "added", "removed")
    for change in changes[:limit]:
        share = f"{change.share:+.0%}" if change.verdict in ("slower", "faster") and change.before_ns else ""
        times = f"{fine(change.before_ns):>9} -> {fine(change.after_ns):<9} {share:>7}  {change.clock:<8}"
        p = f"  p={change.p:.3f}" if change.p is not None else ""
        lines.append(line(gutter(change.verdict, _ROLES[change.verdict]), times, one_line(change.name), Span(p, "dim")))
    if len(changes) > limit:
        lines.append(line(gutter("..."), f"{len(changes) - limit:,} more   --limit {len(changes)}"))
    return lines if changes else [*lines, line("  nothing changed by more than noise")]


def _closing(found: Comparison) -> Line:
    numbers = [(len(found.of("slower")), "slower"), (len(found.of("faster")), "faster")]
    numbers += [(len(found.of("added")), "added"), (len(found.of("removed")), "removed")]
    numbers += [(len(found.of("same")), "the same within noise")]
    return line("  " + ", ".join(f"{number:,} {word}" for number, word in numbers if number or word == "slower"))


def _next(command: Command, slower: Profile) -> list[Line]:
    """Where to look at what is slower."""
    word = quoted(shown_path(slower.trace))
    return [[], next_line(f"fozzy profile explain {word}{command.place_flags}", "says where")]


def _paragraph(sentences: list[str]) -> list[Line]:
    """Sentences as lines that fit a screen."""
    import textwrap

    return [line(f"  {one_line(each)}") for each in textwrap.wrap(" ".join(sentences), WIDTH - 2)]

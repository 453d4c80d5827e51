"""`fozzy profile`: where time went in a recorded run, as tables and sentences."""

from typing import Annotated, ClassVar, Literal

import msgspec

from fozzy.cli.command import Command, Opt
from fozzy.cli.console import Console
from fozzy.cli.profile_documents import ProfileRow, ProfileTopDocument
from fozzy.cli.profiling import RunWord, chosen_by, fine, headline, not_timed, profile_of, run_body
from fozzy.core.summary import SCHEMA_VERSION
from fozzy.errors import Exit, UsageError
from fozzy.insight.profile.top import By, Row, top
from fozzy.report.text import Line, Span, gutter, line, one_line

LIMIT = 10
ByOption = Annotated[
    Literal["real", "virtual"] | None,
    Opt(("--by",), "By real time (needs --profile on the run) or by virtual.", "TIME"),
]


class Top(Command, frozen=True, kw_only=True):
    """Show where time went: by step, by capability, by function of yours.

    The run's own time is virtual time, which every trace has; real time is there when the run was made with --profile.
    A repeated step is one line. Questions to the world and functions are part of their step.
    """

    name: ClassVar[str] = "profile top"
    run: RunWord
    by: ByOption = None
    limit: Annotated[int, Opt(("--limit",), "Show at most so many lines of each table.", "N")] = LIMIT

    def call(self, console: Console) -> Exit:
        if self.limit < 1:
            raise UsageError("usage.bad_value", f"--limit must be 1 or more, got {self.limit}")
        profile = profile_of(self, self.run)
        by = chosen_by(self.by, profile)
        tables = top(profile.root, by)
        if console.json:
            document = ProfileTopDocument(
                schema_version=SCHEMA_VERSION,
                command="profile top",
                status="pass",
                run=run_body(profile),
                by=by,
                steps=[_body(row, profile.is_timed) for row in tables.steps[: self.limit]],
                capabilities=[_body(row, profile.is_timed) for row in tables.capabilities[: self.limit]],
                functions=[_body(row, profile.is_timed) for row in tables.functions[: self.limit]],
            )
            console.raw(msgspec.json.encode(document).decode() + "\n")
        lines = [headline(profile)]
        if not console.quiet:
            for title, rows in (
                ("step", tables.steps),
                ("capability", tables.capabilities),
                ("function", tables.functions),
            ):
                lines += _table(title, rows, self.limit, profile.is_timed, by)
            lines += not_timed(profile)
        console.answer(lines)
        return Exit.PASS


def _body(row: Row, timed: bool) -> ProfileRow:
    real = (row.real_ns, row.own_real_ns) if timed else (None, None)
    return ProfileRow(
        name=row.name,
        at=row.at,
        count=row.times,
        virtual_ns=row.virtual_ns,
        own_virtual_ns=row.own_virtual_ns,
        real_ns=real[0],
        own_real_ns=real[1],
    )


def _table(title: str, rows: list[Row], limit: int, timed: bool, by: By) -> list[Line]:
    """One table; functions have no virtual time, so a run that was not timed has none to show."""
    if not rows:
        return []
    is_function = title == "function"
    heads = [*(["real", "own"] if timed else []), *([] if is_function else ["virtual"]), "count"]
    lines: list[Line] = [[], line(Span("".join(f"{head:>10}" for head in heads) + f"  {title}", "dim"))]
    for row in rows[:limit]:
        cells = [*([fine(row.real_ns), fine(row.own_real_ns)] if timed else [])]
        cells += [] if is_function else [fine(row.virtual_ns if title == "step" else row.own_virtual_ns)]
        where = f"  {row.at}" if is_function and row.at else ""
        said = "".join(f"{cell:>10}" for cell in [*cells, f"{row.times:,}"])
        lines.append(line(said, f"  {one_line(row.name)}", Span(one_line(where), "dim")))
    more = len(rows) - limit
    if more > 0:
        lines.append(line(gutter("..."), f"{more:,} more   --limit {len(rows)}"))
    return lines

"""How commands that look at runs take them, and say which run they found."""

from __future__ import annotations

from fozzy.cli.run_documents import NamedBody
from fozzy.insight.recall import Named
from fozzy.report.text import Line, Span, line, one_line
from fozzy.trace.finalize import shown_path

RUN_HELP = "A run id or its first digits, @latest, a member as 7f3/2, or a trace file."


def named_body(named: Named) -> NamedBody:
    """Which run was found, for a document."""
    return NamedBody(
        run_id=named.run_id,
        member=named.member or None,
        trace_path=shown_path(named.trace) if named.trace else None,
        word=named.word,
        by=named.by,
    )


def named_line(named: Named) -> Line:
    """Which run was found, for a screen."""
    return line("  ", Span(one_line(named.told), "dim"))

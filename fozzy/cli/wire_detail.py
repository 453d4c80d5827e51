"""What stands below a connection or a message in `fozzy trace show -v`: its draws, who spared it; with -vv where it is."""

from __future__ import annotations

from collections.abc import Iterator

from fozzy.cli.proxy_detail import roll_text
from fozzy.core.wires import Connected, Spoken
from fozzy.report.text import Line, Span, duration, line, one_line


def wire_below(record: Connected | Spoken, verbose: int) -> Iterator[Line]:
    """The lines below it."""
    for roll in record.rolls if verbose else []:
        yield line(Span(f"    {roll_text(roll)}", "warn" if roll.hit else "dim"))
    if verbose and isinstance(record, Spoken) and record.spared:
        yield line(Span(f"    counted and spared by {', '.join(map(one_line, record.spared))}", "dim"))
    if verbose > 1:
        yield line(Span(f"    {_place(record)}", "dim"))


def _place(record: Connected | Spoken) -> str:
    came = f"came at {duration(record.arrived)}"
    if isinstance(record, Connected):
        return f"{came}, {record.upstream.messages:,} messages upstream, {record.downstream.messages:,} downstream"
    answers = f", answers upstream message {record.answers}" if record.answers else ""
    digest = f", digest {record.digest}" if record.digest else ""
    return f"{came}, from byte {record.offset:,} of its stream{answers}{digest}"

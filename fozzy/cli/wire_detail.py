"""A connection or a message in full, for the live view, and what stands below it in `fozzy trace show -v`: its draws,
who spared it; with -vv where it is."""

from __future__ import annotations

from collections.abc import Iterator

from fozzy.cli.proxy_detail import roll_text, short, shortened
from fozzy.core.wires import Connected, Spoken, Struck
from fozzy.report.text import Line, Span, duration, line, one_line, size


def wire_detail(record: Connected | Spoken, room: int) -> list[Line]:
    """The record in so many lines at most."""
    return shortened(list(_whole(record)), room)


def _whole(record: Connected | Spoken) -> Iterator[Line]:
    took = duration(record.t - record.arrived)
    if isinstance(record, Connected):
        yield line(Span(f"  #{record.number}  connection {record.connection} of {one_line(record.at)}", "strong"))
        yield line(f"    from {one_line(record.client)}, ended by {one_line(record.by)} after {took}")
        for name, flowed in (("upstream  ", record.upstream), ("downstream", record.downstream)):
            ended = f", ended by its sender with {flowed.ended.upper()}" if flowed.ended else ""
            yield line(f"    {name}  {size(flowed.bytes)} came, {size(flowed.sent)} passed on{ended}")
    else:
        head = f"  #{record.number}  {record.of} {record.message} {record.stream} on connection {record.connection}"
        yield line(Span(f"{head} of {one_line(record.at)}", "strong"))
        yield line(f"    {short(record.about) or 'bytes'}, {size(record.bytes)}, took {took}")
        if record.said:
            yield line(f"    says {short(record.said)}")
        if not record.whole:
            yield line("    its end was not seen")
    for struck in record.struck:
        yield line(Span(f"    {_struck(struck)}", "warn" if struck.applied else "dim"))
    yield from wire_below(record, 2)
    for note in record.notes if isinstance(record, Connected) else []:
        yield line(Span(f"    {short(note)}", "dim"))


def _struck(struck: Struck) -> str:
    what = f"{struck.type} ({struck.toxic})" if struck.toxic != struck.type else struck.type
    done = "struck" if struck.applied else f"could not strike: {struck.reason}"
    delay = f", delay {duration(struck.delay_ns)}" if struck.delay_ns else ""
    return one_line(f"{what} {done}{delay}{f', {struck.said}' if struck.said else ''}")


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

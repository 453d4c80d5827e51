"""Connections and messages of a TCP proxy in a line each, for `trace show`, the replay and the live view."""

from __future__ import annotations

from fozzy.core.wires import Connected, Flowed, Spoken, Struck
from fozzy.report.text import count, duration

ABOUT_CHARS_MAX = 120


def wire_text(record: Connected | Spoken) -> str:
    """`#3 connection 1  upstream request 2  INCR orders  14 bytes  late  delay 20ms`."""
    parts = _message(record) if isinstance(record, Spoken) else _connection(record)
    return "  ".join([f"#{record.number} connection {record.connection}", *parts])


def struck_text(struck: Struck) -> str:
    """A toxic that was decided, and what became of it."""
    if not struck.applied:
        return f"{struck.toxic} bypassed: {struck.reason}"
    return f"{struck.toxic}: {struck.said}" if struck.said else struck.toxic


def _message(spoken: Spoken) -> list[str]:
    about = spoken.about if len(spoken.about) <= ABOUT_CHARS_MAX else f"{spoken.about[:ABOUT_CHARS_MAX]}…"
    parts = [f"{spoken.stream} {spoken.of} {spoken.message}", *([about] if about else []), count(spoken.bytes, "byte")]
    parts += map(struck_text, spoken.struck)
    parts += [f"delay {duration(spoken.delay_ns)}"] if spoken.delay_ns else []
    return [*parts, *([] if spoken.whole else ["its end was not seen"])]


def _connection(connected: Connected) -> list[str]:
    parts = [connected.client] if connected.client else []
    parts += [_flow("upstream", connected.upstream), _flow("downstream", connected.downstream)]
    parts += map(struck_text, connected.struck)
    return [*parts, f"ended by {connected.by or 'nobody'}", *connected.notes]


def _flow(stream: str, flow: Flowed) -> str:
    """How much was sent, how much arrived where that is not the same, and how each side saw the end."""
    size = f"{flow.bytes:,}" if flow.sent == flow.bytes else f"{flow.sent:,} of {flow.bytes:,}"
    end = flow.given if flow.given == flow.ended else f"{flow.ended or 'open'} given as {flow.given or 'nothing'}"
    return f"{stream} {size} {'byte' if flow.bytes == 1 else 'bytes'}{f' {end}' if end else ''}"

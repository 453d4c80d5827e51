"""The `traceparent` header (W3C Trace Context): which trace an exchange belongs to, and what upstream is told.

Rule 1: a request's own trace is kept; without a valid header one is begun, and its `tracestate` is not passed on.
Rule 2: ids that we make are keyed draws of the request's key and occurrence: the same run makes the same ids.
Rule 3: who says that a trace is not sampled is believed: it is passed on and not exported.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fozzy.core.exchange import Headers
from fozzy.faults.keyed import base_of, draw

SAMPLED = 1
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


class Context(NamedTuple):
    """Where an exchange stands in a trace. `parent` is empty where the trace begins here."""

    trace: str
    parent: str
    span: str
    flags: int


def read(text: str) -> tuple[str, str, int] | None:
    """Trace id, parent id and flags of a header, or none when it is not valid."""
    form = _FORM.fullmatch(text.strip(" \t"))
    if form is None:
        return None
    version, trace, parent, flags, more = form.groups()
    if version == "ff" or (version == "00" and more) or trace == _NO_TRACE or parent == _NO_SPAN:
        return None
    return trace, parent, int(flags, 16)


def context_of(headers: Headers, seed: int, key: str, occurrence: int) -> Context:
    """The context of an exchange. Two headers are as good as none: nobody knows which one is meant."""
    base = base_of(seed, ("traceparent", key), occurrence)
    span = (draw(base, "span.high") << 11 | draw(base, "span.low") >> 42) or 1
    said = [value for name, value in headers if name.lower() == "traceparent"]
    given = read(said[0]) if len(said) == 1 else None
    if given is not None:
        return Context(given[0], given[1], f"{span:016x}", given[2])
    trace = draw(base, "trace.high") << 75 | draw(base, "trace.middle") << 22 | draw(base, "trace.low") >> 31
    return Context(f"{trace or 1:032x}", "", f"{span:016x}", SAMPLED)


def passed_on(headers: Headers, context: Context) -> Headers:
    """The headers as upstream gets them: our span is the parent of what it does."""
    drop = ("traceparent",) if context.parent else ("traceparent", "tracestate")
    kept = [pair for pair in headers if pair[0].lower() not in drop]
    flags = context.flags & 3  # of later versions only what we know: sampled, and that the trace id is random
    kept.append(("traceparent", f"00-{context.trace}-{context.span}-{flags:02x}"))
    return kept

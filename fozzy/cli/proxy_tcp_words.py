"""A toxic in a few words, for the lines a proxy begins with and for lists: `latency 100 ±20 up first 3 of INCR`."""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.cli.proxy_words import percent
from fozzy.faults.tcp.kinds import KINDS
from fozzy.faults.tcp.plan import Toxic
from fozzy.report.text import one_line

TEXT_CHARS_MAX = 40

_WHEN = (("first", "first {}"), ("after", "after {}"), ("every", "every {}"), ("times", "at most {}"))


def toxic_words(toxic: Toxic) -> str:
    """What it does, where and when."""
    named = (
        f"{toxic.type} as {toxic.name}" if toxic.name not in ("", toxic.type, f"{toxic.type}_{toxic.stream}") else ""
    )
    said = [named or toxic.type, *_attributes(toxic), *_where(toxic), *_when(toxic)]
    return one_line(" ".join(said))


def _attributes(toxic: Toxic) -> list[str]:
    """Its attributes, as they were said; the one of the type's own name without it."""
    said = []
    for name, value in toxic.attributes.items():
        shown = _short(value)
        said.append(shown if name == toxic.type else f"{name} {shown}")
    return said


def _where(toxic: Toxic) -> list[str]:
    kind = KINDS.get(toxic.type)
    has_stream = kind is None or not (kind.is_of_requests or kind.is_of_listener)
    return ["upstream"] if toxic.stream == "upstream" and has_stream else []


def _when(toxic: Toxic) -> list[str]:
    """When it strikes; nothing where it always does."""
    said = [f"of {_short(toxic.match)}"] if toxic.match is not None else []
    said += [form.format(getattr(toxic, name)) for name, form in _WHEN if getattr(toxic, name) is not None]
    if toxic.pattern is not None:
        said.append(f"as {_short(toxic.pattern)}")
    if toxic.rate is not None:
        said.append(f"on {percent(toxic.rate)}")
    if toxic.window is not None:
        said.append(f"between {toxic.window[0]} and {toxic.window[1]}")
    if toxic.on is not None:
        said.append(f"by {toxic.on}")
    if toxic.toxicity != 1:
        said.append(f"in {percent(toxic.toxicity)} of connections")
    return said


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= TEXT_CHARS_MAX else f"{text[:TEXT_CHARS_MAX]}…"

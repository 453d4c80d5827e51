"""The JSON document of a run: the summary itself."""

from __future__ import annotations

import msgspec

from fozzy.core.summary import Summary


def render(summary: Summary) -> str:
    """One document and a line end."""
    return msgspec.json.encode(summary).decode() + "\n"

"""The lines of a text as parsers, editors and diffs count them."""

from __future__ import annotations

import re

_END = re.compile(r"\r\n|\r|\n")


def lines_of(text: str) -> list[str]:
    """Its lines without their ends. `str.splitlines` also ends one at a form feed and at U+2028, where nobody else does."""
    lines = _END.split(text)
    return lines if lines[-1] else lines[:-1]

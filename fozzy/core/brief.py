"""Long values in messages: written whole between two marks by whoever sees them, shortened by the engine once their
secrets are gone. Shortened first, a secret could be cut in two, and half of it would be written.
"""

from __future__ import annotations

import re
from typing import Any

CHARS_MAX = 200

_OPEN, _CLOSE = "\x02", "\x03"  # cannot stand in a JSON text as they are
_MARKED = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")


def mark(text: str) -> str:
    """A text that may be shortened later."""
    return f"{_OPEN}{text}{_CLOSE}"


def brief(text: str) -> str:
    """A text of bounded length that says how long it was."""
    return text if len(text) <= CHARS_MAX else f"{text[:CHARS_MAX]}… ({len(text)} characters)"


def shorten(tree: Any) -> Any:
    """Shorten every marked text in a value of builtin types."""
    if isinstance(tree, str):
        return _MARKED.sub(lambda match: brief(match[1]), tree) if _OPEN in tree else tree
    if isinstance(tree, dict):
        return {key: shorten(value) for key, value in tree.items()}
    return [shorten(item) for item in tree] if isinstance(tree, list) else tree

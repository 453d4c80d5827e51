"""Long values in messages: written whole between two marks by whoever sees them, shortened by the engine once their
secrets are gone. Shortened first, a secret could be cut in two, and half of it would be written.
"""

from __future__ import annotations

import re
from typing import Any

CHARS_MAX = 200

_OPEN, _CLOSE = "\x02", "\x03"  # cannot stand in a JSON text as they are
_MARKED = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_LENGTH = "\x04"  # before the length of a text that was clipped
_CLIP_CHARS = 1024 * 1024  # far more than is shown, so that a secret that is cut in two here is not seen


def mark(text: str) -> str:
    """A text that may be shortened later."""
    clipped = f"{text[:_CLIP_CHARS]}{_LENGTH}{len(text)}" if len(text) > _CLIP_CHARS else text
    return f"{_OPEN}{clipped}{_CLOSE}"


def brief(text: str, length: int = 0) -> str:
    """A text of bounded length that says how long it was."""
    length = length or len(text)
    return text if length <= CHARS_MAX else f"{text[:CHARS_MAX]}… ({length} characters)"


def _brief(match: re.Match[str]) -> str:
    text, _, length = match[1].partition(_LENGTH)
    return brief(text, int(length or 0))


def shorten(tree: Any) -> Any:
    """Shorten every marked text in a value of builtin types."""
    if isinstance(tree, str):
        return _MARKED.sub(_brief, tree) if _OPEN in tree else tree
    if isinstance(tree, dict):
        return {key: shorten(value) for key, value in tree.items()}
    return [shorten(item) for item in tree] if isinstance(tree, list) else tree

"""A space that is missing in YAML, behind a colon or a dash: what was meant as a key or an item is a text then."""

from __future__ import annotations

import re
from typing import Any

NO_SPACE = 'YAML wants a space behind ":" and "-"'
_KEY = re.compile(r"-?[$A-Za-z_]\w*:(?!//)\S")
_ITEM = re.compile(r"-[^\s\d.-]")


def lacks_space(text: str) -> bool:
    """Whether a text looks like a key or an item without its space: `version:1`, `-type`."""
    return (_KEY.match(text) or _ITEM.match(text)) is not None


def space_hint(value: Any) -> str:
    """The hint for a value where a list or an object was wanted: a text, or an object by its first key; else empty."""
    text = next(iter(value), "") if isinstance(value, dict) else value
    return NO_SPACE if isinstance(text, str) and lacks_space(text) else ""

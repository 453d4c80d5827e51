"""A plan, or a part of one, as a chaos file says it: TOML that `load` reads back as the same."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def as_toml(value: msgspec.Struct, table: tuple[str, ...]) -> str:
    """A struct as a table of this name: a line for each field that is said, inline tables inside."""
    head = f"[{'.'.join(map(_key, table))}]\n" if table else ""
    fields: dict[str, Any] = msgspec.to_builtins(value)
    return head + "".join(f"{line}\n" for name, each in fields.items() for line in _lines(name, each))


def _lines(name: str, value: Any) -> list[str]:
    """A field in a line; an object of objects in a line for each."""
    if isinstance(value, dict) and any(isinstance(each, dict) for each in value.values()):
        return [f"{_key(name)}.{_key(key)} = {_inline(each)}" for key, each in value.items()]
    return [f"{_key(name)} = {_inline(value)}"]


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_inline(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)

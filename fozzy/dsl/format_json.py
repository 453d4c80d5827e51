"""Formats scenarios in JSON: keys in the order of the types, two spaces, what is short on one line.

Rule 1: text in, text out; the text must be a valid scenario. Formatting twice changes nothing.
Rule 2: only what the types name is put in order; free values (`vars`, `json`, headers, …) keep their author's order.
Rule 3: numbers keep their spelling; texts are written as they read, with escapes only for what cannot be seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, get_args, get_origin

import msgspec

from fozzy.core.types import bare, fields, members, structs
from fozzy.dsl.scenario import form_of

WIDTH = 100
INDENT = "  "

Kind = Any  # a type annotation, or `FREE`
FREE: Kind = Any


class _Number(str):
    """A number as it was written."""


def format_json(text: str) -> str:
    """The scenario as it should be written. *Errors*: `ValueError` when the text is no JSON at all."""
    value = json.loads(text, parse_int=_Number, parse_float=_Number)
    return f"{_broken(value, form_of(value), '')}\n"


def in_order(keys: Iterable[str], kind: type[msgspec.Struct] | None) -> list[str]:
    """Keys in the order of a type's fields, what tells the type first; free ones stay as they are."""
    if kind is None:
        return list(keys)
    known = {name: rank for rank, name in enumerate(["$schema", _tag_field(kind), *fields(kind)])}
    return sorted(keys, key=lambda key: known.get(key, len(known)))


def struct_of(value: Any, kind: Kind) -> type[msgspec.Struct] | None:
    """The struct a value is held to, none when it is free."""
    if kind is FREE or not isinstance(value, dict):
        return None
    kinds = [each for each in structs(kind) if each.__struct_config__.tag == value.get(_tag_field(each))]
    return kinds[0] if kinds else None


def kind_of_member(kind: type[msgspec.Struct] | None, whole: Kind, key: str) -> Kind:
    """The type of one member of a value: a field's, or that of a dictionary's values."""
    if kind is not None:
        field = fields(kind).get(key)
        return field.type if field is not None else FREE
    return next((get_args(each)[1] for each in _generic(whole, dict) if len(get_args(each)) == 2), FREE)


def kind_of_item(whole: Kind) -> Kind:
    """The type of a list's items."""
    return next((get_args(each)[0] for each in _generic(whole, list) if get_args(each)), FREE)


def holds_steps(kind: Kind) -> bool:
    """Whether a value is a list of steps: such a list always has a line for each."""
    return any(_tag_field(each) for each in structs(kind_of_item(kind)))


def quoted(text: str) -> str:
    """A text as JSON and TOML both write it, escaped where it could not be seen or would deceive."""
    shown = json.dumps(text, ensure_ascii=False)
    if shown.isprintable():
        return shown
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in shown)


def _generic(kind: Kind, origin: type) -> list[Any]:
    return [] if kind is FREE else [bare(each) for each in members(kind) if get_origin(bare(each)) is origin]


def _tag_field(kind: type[msgspec.Struct]) -> str:
    return kind.__struct_config__.tag_field or ""


def _flat(value: Any, kind: Kind) -> str | None:
    """A value on one line, none when it holds steps."""
    if isinstance(value, dict):
        return _joined([_flat_member(key, value[key], own) for key, own in _members(value, kind)], "{ ", " }")
    if isinstance(value, list):
        if holds_steps(kind) and value:
            return None
        return _joined([_flat(item, kind_of_item(kind)) for item in value], "[", "]")
    return _scalar(value)


def _flat_member(key: str, value: Any, kind: Kind) -> str | None:
    shown = _flat(value, kind)
    return None if shown is None else f"{quoted(key)}: {shown}"


def _joined(parts: list[str | None], opening: str, closing: str) -> str | None:
    if not parts:
        return opening.strip() + closing.strip()
    whole = [part for part in parts if part is not None]
    return f"{opening}{', '.join(whole)}{closing}" if len(whole) == len(parts) else None


def _scalar(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def _members(value: dict[str, Any], kind: Kind) -> list[tuple[str, Kind]]:
    own = struct_of(value, kind)
    return [(key, kind_of_member(own, kind, key)) for key in in_order(value, own)]


def _fitting(value: Any, kind: Kind, indent: str, taken: int) -> str:
    """A value on one line where `taken` columns are left to it, else broken."""
    flat = _flat(value, kind)
    if flat is not None and len(indent) + taken + len(flat) <= WIDTH:
        return flat
    return _broken(value, kind, indent)


def _broken(value: Any, kind: Kind, indent: str) -> str:
    """A value over several lines, the first of which stands behind `indent` already."""
    if isinstance(value, dict) and value:
        return _hugging(value, kind, indent) or _broken_object(value, kind, indent)
    if isinstance(value, list) and value:
        inner = indent + INDENT
        items = [inner + _fitting(item, kind_of_item(kind), inner, 1) for item in value]
        return "[\n" + ",\n".join(items) + f"\n{indent}]"
    return _flat(value, kind) or ""


def _broken_object(value: dict[str, Any], kind: Kind, indent: str) -> str:
    inner = indent + INDENT
    lines: list[str] = []
    for key, own in _members(value, kind):
        head = f"{quoted(key)}: "
        lines.append(inner + head + _fitting(value[key], own, inner, len(head) + 1))
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _hugging(value: dict[str, Any], kind: Kind, indent: str) -> str | None:
    """A block: its own fields on the first line, its steps below, as long as only the last member has steps."""
    parts = _members(value, kind)
    if not indent or not holds_steps(parts[-1][1]):
        return None
    shown = [_flat_member(key, value[key], own) for key, own in parts[:-1]]
    last, own = parts[-1]
    head = _joined([*shown, f"{quoted(last)}: ["], "{ ", "")
    if head is None or len(indent) + len(head) > WIDTH or not value[last]:
        return None
    return f"{head[:-1]}{_broken(value[last], own, indent)} }}"

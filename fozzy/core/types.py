"""Reads the types a format is made of: which hold others, and what a value must be, in the user's words."""

from __future__ import annotations

import types
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta, UnsetType

_WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
    Any: "any value",
}
# Texts with a grammar, by how their types are described: an example says more than a pattern.
_DESCRIBED = {
    "A whole number and a unit": 'a whole number and a unit such as "250ms"',
    "A speed such as": 'a speed such as "1MB/s"',
    "So many in a unit of time": 'so many in a unit of time such as "50/s"',
    "Bytes per second, such as": 'bytes per second such as "100KB/s"',
}


def bare(kind: Any) -> Any:
    """A type without its constraints."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return kind


@lru_cache(maxsize=1024)
def members(kind: Any) -> list[Any]:
    """The alternatives of a type; itself alone when it is no union. Absence is no alternative.

    *Limits*: 1,024 types are remembered, more than exist; so for the functions below.
    """
    kind = bare(kind)
    if get_origin(kind) in (Union, types.UnionType):
        return [member for each in get_args(kind) for member in members(each)]
    return [] if kind in (UnsetType, type(None)) else [kind]


@lru_cache(maxsize=1024)
def structs(kind: Any) -> list[type[msgspec.Struct]]:
    """The structs among the alternatives of a type."""
    return [member for member in members(kind) if isinstance(member, type) and issubclass(member, msgspec.Struct)]


def is_nullable(kind: Any) -> bool:
    """Whether null may stand for the value."""
    return type(None) in get_args(bare(kind))


@lru_cache(maxsize=512)
def fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a struct by the names they have in a file, in the order in which they are best read.

    *Limits*: 512 types are remembered, more than exist.
    """
    named = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    lead = getattr(kind, "lead", "")  # a field of its own that reads better before those it inherits
    leads: tuple[str, ...] = getattr(kind, "leads", (lead,) if lead else ())  # the same, of several
    return {**{name: named[name] for name in leads}, **named}


@lru_cache(maxsize=1024)
def holds_structs(kind: Any) -> bool:
    """Whether a problem inside the value can be pointed at more exactly than by the value itself."""
    if structs(kind):
        return True
    return any(
        holds_structs(argument)
        for member in members(kind)
        if get_origin(member) in (list, dict)
        for argument in get_args(member)
        if argument is not str
    )


def without_references(kind: Any) -> Any:
    """A type without the texts that refer to a value: what the value itself must be."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    return Union[tuple(each for each in get_args(kind) if not _is_reference(each))]  # noqa: UP007 - made at run time


@lru_cache(maxsize=1024)
def wanted(kind: Any) -> str:
    """What a value must be: `a whole number of at least 1`, `one of "fifo", "random"`."""
    for description, example in _DESCRIBED.items():
        if description in _description(kind):
            return example
    constraints = _constraints(kind)
    kind = bare(kind)
    if get_origin(kind) in (Union, types.UnionType):
        words = [wanted(each) for each in get_args(kind) if bare(each) is not UnsetType and not _is_reference(each)]
        return " or ".join(dict.fromkeys(word for word in words if word != "null")) or "null"
    if get_origin(kind) is Literal:
        values = [f'"{value}"' if isinstance(value, str) else str(value) for value in get_args(kind)]
        return values[0] if len(values) == 1 else f"one of {', '.join(values)}"
    if get_origin(kind) is tuple:
        return f"a list of {len(get_args(kind))} items, each {wanted(get_args(kind)[0])}"
    usual: str = getattr(kind, "words", "an object")
    return _WORDS.get(get_origin(kind) or kind, usual) + constraints


@lru_cache(maxsize=1024)
def length_max(kind: Any) -> int | None:
    """How many items or members a value may have; none when as many as it likes."""
    found = [meta.max_length for meta in _metas(kind)]
    if get_origin(bare(kind)) in (Union, types.UnionType):
        found += [length_max(each) for each in get_args(bare(kind))]
    return min((each for each in found if each is not None), default=None)


@lru_cache(maxsize=1024)
def length_min(kind: Any) -> int | None:
    """How many items or members a value must have; none when it may be empty."""
    if get_origin(bare(kind)) in (Union, types.UnionType):
        found = [length_min(each) for each in get_args(bare(kind))]
    else:
        found = [meta.min_length for meta in _metas(kind)] if get_origin(bare(kind)) in (list, dict) else []
    return min((each for each in found if each is not None), default=None)


def got(value: Any) -> str:
    """What a value is: `text "3"`, `number 1.5`, `a list`."""
    if value is None or isinstance(value, bool):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str):
        return f'text "{value}"' if len(value) <= 60 else f'text "{value[:60]}…"'
    if isinstance(value, int | float):
        return f"number {value}" if abs(value) < 10**30 else "a number too large"
    return "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else "a date or time"


def _metas(kind: Any) -> list[Meta]:
    return [note for note in get_args(kind)[1:] if isinstance(note, Meta)] if get_origin(kind) is Annotated else []


def _description(kind: Any) -> str:
    return "".join(meta.description or "" for meta in _metas(kind))


def _is_reference(kind: Any) -> bool:
    return any(meta.pattern and meta.pattern.startswith(r"^\$") for meta in _metas(kind))


def _constraints(kind: Any) -> str:
    words: list[str] = []
    for meta in _metas(kind):
        if meta.ge is not None and meta.le is not None:
            words.append(f"from {meta.ge} to {meta.le}")
        elif meta.ge is not None:
            words.append(f"of at least {meta.ge}")
        if meta.min_length and meta.min_length == meta.max_length:
            words.append(f"of {meta.min_length} items")
        elif meta.min_length:
            words.append("that is not empty")
        elif meta.pattern:
            words.append(f"matching {meta.pattern}")
    return "".join(f" {word}" for word in words)

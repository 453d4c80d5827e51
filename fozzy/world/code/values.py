"""Values between a scenario and user code: JSON, and forms for what JSON has none for.

    {"$bytes": "<base64>"}   {"$float": "nan" | "inf" | "-inf"}   {"$int": "18446744073709551616"}
    {"$str": "<as in JSON, for halves of characters>"}   {"$dict": [[key, value], …]}   {"$type": "module.Name"}

Every form but `$type` goes both ways. Nothing is told by its `repr`, which may hold an address.
Runs in the interpreter of the user's code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import enum
import json
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from typing import Any

DEPTH_MAX = 100  # below what fozzy's own values may have, since forms add levels
INT_MAX, INT_MIN = (1 << 63) - 1, -(1 << 63)  # what every reader of JSON here keeps exactly
NODE_BYTES = 2  # no value is shorter than this in a list
HALF = re.compile("[\ud800-\udfff]")
_FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
FORMS = ("$bytes", "$float", "$int", "$str", "$dict", "$type")


class TooMuch(Exception):
    """A result that is larger or deeper than it may be."""


class Unclear(ValueError):
    """An argument that has a form, and makes no sense in it."""


def decoded(value: Any) -> Any:
    """An argument as user code gets it. *Errors*: `Unclear`."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, inside) = next(iter(value.items()))
        if name in FORMS:
            return _formed(name, inside)
    return {key: decoded(item) for key, item in value.items()}


def _formed(name: str, inside: Any) -> Any:
    try:
        if name == "$bytes":
            return a2b_base64(inside, strict_mode=True) if inside else b""
        if name == "$float":
            return _FLOATS[inside]
        if name == "$int":
            return int(inside, 0)
        if name == "$str":
            return json.loads(f'"{inside}"')
        if name == "$dict":
            return {decoded(key): decoded(item) for key, item in inside}
    except (Base64Error, ValueError, KeyError, TypeError) as error:
        raise Unclear(f'{json.dumps({name: inside})[:200]} is not in the form "{name}" has') from error
    raise Unclear(f'"{name}" is how a result is told, not a value that can be given')


class Encoder:
    """A result as JSON. *Limits*: `bytes_max` of it as JSON, `DEPTH_MAX` levels. *Errors*: `TooMuch`, and whatever
    user code raises when it is looked at."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._left = bytes_max

    def encode(self, value: Any) -> bytes:
        """The value as a JSON text."""
        text = json.dumps(self._plain(value, DEPTH_MAX), allow_nan=False, separators=(",", ":")).encode()
        self._check(self._bytes_max - len(text))
        return text

    def _check(self, left: int) -> None:
        if left < 0:
            raise TooMuch("larger")

    def _take(self, size: int) -> None:
        self._left -= size
        self._check(self._left)

    def _plain(self, value: Any, depth: int) -> Any:
        if depth < 0:
            raise TooMuch("deeper")
        self._take(NODE_BYTES)
        if value is None or value is True or value is False:
            return value
        if isinstance(value, enum.Enum):
            return self._plain(value.value, depth - 1)
        if isinstance(value, int):
            return _int(int.__int__(value))
        if isinstance(value, float):
            return _float(float.__float__(value))
        if isinstance(value, str):
            self._take(str.__len__(value))
            return _text(value)
        if isinstance(value, (bytes, bytearray)):
            self._take(len(bytes(value)))
            return {"$bytes": b2a_base64(bytes(value), newline=False).decode()}
        return self._held(value, depth - 1)

    def _held(self, value: Any, depth: int) -> Any:
        """A value that holds others, or that is known by its type alone."""
        if isinstance(value, (list, tuple)):
            return [self._plain(item, depth) for item in value]
        if isinstance(value, dict):
            return self._dict(list(value.items()), depth)
        if isinstance(value, (set, frozenset)):
            return self._set(value, depth)
        fields = _fields(value)
        if fields is not None:
            return self._dict([(name, getattr(value, name)) for name in fields if hasattr(value, name)], depth)
        if type(value).__module__ in ("datetime", "decimal", "uuid"):
            return _told(value)
        return {"$type": type_name(type(value))}

    def _dict(self, pairs: list[tuple[Any, Any]], depth: int) -> Any:
        plain = all(isinstance(key, str) and not HALF.search(key) for key, _ in pairs)
        if plain and not (len(pairs) == 1 and pairs[0][0] in FORMS):
            self._take(sum(str.__len__(key) for key, _ in pairs))
            return {str.__str__(key): self._plain(item, depth) for key, item in pairs}
        return {"$dict": [[self._plain(key, depth), self._plain(item, depth)] for key, item in pairs]}

    def _set(self, value: Any, depth: int) -> Any:
        """In order: numbers by size, all else by how it is written."""
        items = [self._plain(item, depth) for item in value]
        if all(type(item) in (int, float) for item in items):
            return sorted(items)
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True))


def type_name(kind: type) -> str:
    """A type as `module.Name`, of the builtin ones the name alone."""
    module, name = str(kind.__module__), str(kind.__qualname__)
    return name if module == "builtins" else f"{module}.{name}"


def _int(value: int) -> Any:
    if INT_MIN <= value <= INT_MAX:
        return value
    digits = f"{value:#x}" if value.bit_length() > 4096 else str(value)  # Python refuses to write more digits
    return {"$int": digits}


def _float(value: float) -> Any:
    if value != value:
        return {"$float": "nan"}
    if value in (_FLOATS["inf"], _FLOATS["-inf"]):
        return {"$float": "inf" if value > 0 else "-inf"}
    return value


def _text(value: str) -> Any:
    value = str.__str__(value)
    return {"$str": json.dumps(value)[1:-1]} if HALF.search(value) else value


def _fields(value: Any) -> tuple[str, ...] | None:
    """The fields of a dataclass or of a msgspec or attrs class, none of anything else."""
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        from dataclasses import fields  # whoever has such a value has imported it

        return tuple(each.name for each in fields(value))
    if hasattr(kind, "__struct_fields__"):
        return tuple(kind.__struct_fields__)
    attributes = getattr(kind, "__attrs_attrs__", None)
    return None if attributes is None else tuple(each.name for each in attributes)


def _told(value: Any) -> Any:
    """Dates and times as in ISO 8601, decimals and UUIDs as they are written; of the rest the type."""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if type(value).__name__ in ("Decimal", "UUID"):
        return str(value)
    return {"$type": type_name(type(value))}

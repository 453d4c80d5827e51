"""What a Python function takes, and how inputs for it are made: bytes, or values of the types it names.

The input of a function of typed parameters is JSON: the list of its arguments, in the forms `call` has for what JSON
has none for. Runs beside user code.
"""

from __future__ import annotations

import inspect
import json
import types
import typing
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import Any, NamedTuple, Protocol

from fozzy.search.fuzz.mutate import FIRST_INPUTS, Means, mutate, near, new_text, number_of, text_of
from fozzy.search.fuzz.rng import Rng
from fozzy.world.code.values import Encoder, TooMuch, decoded

VALUE_BYTES_MAX = 1 << 20
ITEMS_MAX = 4  # of a list out of nothing; longer ones grow
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, float("inf"), float("-inf"), float("nan"), 2.0**53)


class Unsupported(Exception):
    """A parameter whose values cannot be made; the text says which and why."""


class Unfit(ValueError):
    """A value that is not of a type."""


class Kind(NamedTuple):
    """A type: its name, and the types or values inside it."""

    name: str
    of: tuple[Any, ...] = ()


ANY = Kind("any")


class Shape(Protocol):
    """How a function takes its input."""

    first: list[bytes]
    words: str

    def arguments(self, data: bytes) -> list[Any]:
        """What it is called with."""
        ...

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        """Another input."""
        ...


class BytesShape:
    """One parameter that takes bytes."""

    first = list(FIRST_INPUTS)
    words = "bytes"

    def arguments(self, data: bytes) -> list[Any]:
        return [data]

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        return mutate(data, rng, means)


class ValuesShape:
    """Parameters of types that are known."""

    def __init__(self, kinds: Sequence[Kind], names: Sequence[str]) -> None:
        self._kinds = list(kinds)
        self.words = ", ".join(f"{name}: {shown(kind)}" for name, kind in zip(names, kinds, strict=True))
        self.first = [written([zero(kind) for kind in kinds])]

    def arguments(self, data: bytes) -> list[Any]:
        """*Errors*: none; what is no list of arguments of these types stands for the plainest."""
        try:
            values = decoded(json.loads(data))
            if isinstance(values, list):
                return [fitted(kind, value) for kind, value in zip(self._kinds, values, strict=True)]
        except (ValueError, RecursionError):  # `Unclear` and `Unfit` too
            pass
        return [zero(kind) for kind in self._kinds]

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        values = self.arguments(data)
        for _ in range(rng.small(4)):
            index = rng.below(len(values))
            values[index] = changed(self._kinds[index], values[index], rng, means)
        try:
            made = written(values)
        except TooMuch:
            return data
        return made if len(made) <= means.bytes_max else data


def written(values: list[Any]) -> bytes:
    """Arguments as the bytes of an input."""
    return Encoder(VALUE_BYTES_MAX).encode(values)


def shape_of(function: Callable[..., Any]) -> Shape:
    """How a function takes its input. *Errors*: `Unsupported`."""
    kinds, names = kinds_of(function)
    return BytesShape() if kinds == [Kind("bytes")] else ValuesShape(kinds, names)


def kinds_of(function: Callable[..., Any]) -> tuple[list[Kind], list[str]]:
    """The types of what a function must be given, and its names; one without a type takes bytes. *Errors*: `Unsupported`."""
    try:
        hints = typing.get_type_hints(function)
        parameters = inspect.signature(function).parameters.values()
    except Exception as error:  # whatever a text that names a type raises
        raise Unsupported(f"its parameters cannot be read: {error}") from error
    by_place = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    taken = list(takewhile(lambda each: each.default is each.empty or each.name in hints, by_place))
    if any(each.kind is each.KEYWORD_ONLY and each.default is each.empty for each in parameters):
        raise Unsupported("it has a parameter that must be given by name")
    if not taken:
        raise Unsupported("it takes nothing that could be varied")
    if len(taken) == 1 and taken[0].name not in hints:
        return [Kind("bytes")], [taken[0].name]
    for each in taken:
        if each.name not in hints:
            raise Unsupported(f'parameter "{each.name}" has no type')
    return [kind_of(hints[each.name], each.name) for each in taken], [each.name for each in taken]


_PLAIN: dict[Any, str] = {
    bytes: "bytes",
    bytearray: "bytearray",
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    type(None): "none",
    Any: "any",
    object: "any",
}
_LITERALS = (str, bytes, int, bool, type(None))  # of these types themselves: JSON does not keep what an enum is


def kind_of(hint: Any, name: str) -> Kind:
    """The kind of a type. *Errors*: `Unsupported`."""
    if isinstance(hint, type | type(Any)) and hint in _PLAIN:
        return Kind(_PLAIN[hint])
    origin, inside = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (list, Sequence):
        return Kind("list", (kind_of(inside[0], name) if inside else ANY,))
    if origin is dict and (not inside or inside[0] is str):
        return Kind("dict", (kind_of(inside[1], name) if inside else ANY,))
    if origin in (typing.Union, types.UnionType):
        return Kind("union", tuple(kind_of(each, name) for each in inside))
    if origin is typing.Literal and all(type(each) in _LITERALS for each in inside):
        return Kind("literal", inside)
    raise Unsupported(f'parameter "{name}" is of type {getattr(hint, "__name__", hint)}, whose values cannot be made')


def fitted(kind: Kind, value: Any) -> Any:
    """A value as one of a kind: what JSON tells apart no longer is told apart again. *Errors*: `Unfit`."""
    plain = _TYPES.get(kind.name)
    if type(value) is plain or kind.name == "any":
        return value
    match kind.name, value:
        case "float", int() if type(value) is int and abs(value) < 1 << 1000:
            return float(value)
        case "bytearray", bytes():
            return bytearray(value)
        case "list", list():
            return [fitted(kind.of[0], each) for each in value]
        case "dict", dict() if all(type(key) is str for key in value):
            return {key: fitted(kind.of[0], each) for key, each in value.items()}
        case "union", _:
            return fitted(_member(kind, value), value)
        case "literal", _ if any(type(each) is type(value) and each == value for each in kind.of):
            return value
    raise Unfit


def _member(union: Kind, value: Any) -> Kind:
    """The first kind of a union that a value is of, before those it can be made one of. *Errors*: `Unfit`."""
    for each in sorted(union.of, key=lambda kind: _TYPES.get(kind.name) is not type(value)):
        with suppress(Unfit):
            fitted(each, value)
            return each  # type: ignore[no-any-return]
    raise Unfit


def shown(kind: Kind) -> str:
    """A kind as people write it."""
    inside = [shown(each) if isinstance(each, Kind) else repr(each) for each in kind.of]
    return " | ".join(inside) if kind.name == "union" else f"{kind.name}[{', '.join(inside)}]" if inside else kind.name


_TYPES = {name: kind for kind, name in _PLAIN.items() if name != "any"}
_ZEROS: dict[str, Callable[[], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "none": lambda: None,
    "list": list,
    "dict": dict,
    "any": lambda: None,
}


def zero(kind: Kind) -> Any:
    """The plainest value."""
    if kind.name == "union":
        return zero(kind.of[0])
    return kind.of[0] if kind.name == "literal" else _ZEROS[kind.name]()


def fresh(kind: Kind, rng: Rng, means: Means) -> Any:
    """A value out of nothing."""
    match kind.name:
        case "bytes":
            return mutate(rng.pick(means.words) if means.words and rng.below(2) else b"", rng, means)
        case "bytearray":
            return bytearray(fresh(Kind("bytes"), rng, means))
        case "str":
            return text_of(rng, means)
        case "int":
            return number_of(rng, means)
        case "float":
            return rng.pick(FLOATS) if rng.below(2) else float(number_of(rng, means))
        case "bool":
            return bool(rng.below(2))
        case "list":
            return [fresh(kind.of[0], rng, means) for _ in range(rng.below(ITEMS_MAX))]
        case "dict":
            return {text_of(rng, means): fresh(kind.of[0], rng, means) for _ in range(rng.below(ITEMS_MAX))}
        case "union":
            return fresh(rng.pick(kind.of), rng, means)
        case "literal":
            return rng.pick(kind.of)
        case "any":
            return fresh(rng.pick(ANYTHING), rng, means)
        case _:
            return None


ANYTHING = (
    Kind("none"),
    Kind("bool"),
    Kind("int"),
    Kind("str"),
    Kind("float"),
    Kind("list", (Kind("int"),)),
    Kind("dict", (Kind("str"),)),
)


def changed(kind: Kind, value: Any, rng: Rng, means: Means) -> Any:
    """Another value of a kind, near this one, which is of that kind."""
    if rng.one_in(5) or isinstance(value, bool) or value is None or kind.name == "literal":
        return fresh(kind, rng, means)
    if kind.name == "union":
        return changed(_member(kind, value), value, rng, means)
    if isinstance(value, int):
        return near(value, rng)
    if isinstance(value, float):
        return rng.pick((value + 1, -value, value * 2, value / 2, float(near(0, rng))))
    if isinstance(value, str):
        return new_text(value, rng, means)
    if isinstance(value, bytes | bytearray):
        return type(value)(mutate(bytes(value), rng, means))
    inside: Kind = kind.of[0] if kind.of else ANY
    change = _changed_list if isinstance(value, list) else _changed_dict
    return change(inside, value, rng, means)


def _changed_list(inside: Kind, value: list[Any], rng: Rng, means: Means) -> list[Any]:
    made, kind = list(value), rng.below(5)
    if not made or kind == 0:
        made.insert(rng.below(len(made) + 1), fresh(inside, rng, means))
    elif kind == 1:
        del made[rng.below(len(made))]
    elif kind == 2:
        made.append(rng.pick(made))
    else:
        place = rng.below(len(made))
        made[place] = changed(inside, made[place], rng, means)
    return made


def _changed_dict(inside: Kind, value: dict[str, Any], rng: Rng, means: Means) -> dict[str, Any]:
    made, kind = dict(value), rng.below(4)
    if not made or kind == 0:
        made[text_of(rng, means)] = fresh(inside, rng, means)
    elif kind == 1:
        del made[rng.pick(list(made))]
    else:
        name = rng.pick(list(made))
        made[name] = changed(inside, made[name], rng, means)
    return made

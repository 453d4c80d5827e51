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
from typing import Any, NamedTuple, Protocol

from fozzy.search.fuzz.mutate import FIRST_INPUTS, Means, mutate, near, new_text, number_of, text_of
from fozzy.search.fuzz.rng import Rng
from fozzy.world.code.values import Encoder, Unclear, decoded

VALUE_BYTES_MAX = 1 << 20
ITEMS_MAX = 4  # of a list out of nothing; longer ones grow
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, float("inf"), float("-inf"), float("nan"), 2.0**53)


class Unsupported(Exception):
    """A parameter whose values cannot be made; the text says which and why."""


class Kind(NamedTuple):
    """A type: its name, and the types or values inside it."""

    name: str
    of: tuple[Any, ...] = ()


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
        """*Errors*: none; what is no list of arguments stands for the plainest."""
        try:
            values = decoded(json.loads(data))
        except (ValueError, Unclear, RecursionError):
            values = None
        fits = isinstance(values, list) and len(values) == len(self._kinds)
        return values if fits else [zero(kind) for kind in self._kinds]

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        values = self.arguments(data)
        for _ in range(rng.small(4)):
            index = rng.below(len(values))
            values[index] = changed(self._kinds[index], values[index], rng, means)
        made = written(values)
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
    except (TypeError, ValueError, NameError) as error:
        raise Unsupported(f"its parameters cannot be read: {error}") from error
    by_place = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    taken = [each for each in by_place if each.default is each.empty or each.name in hints]
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


_PLAIN = {bytes: "bytes", bytearray: "bytes", str: "str", int: "int", float: "float", bool: "bool", type(None): "none"}


def kind_of(hint: Any, name: str) -> Kind:
    """The kind of a type. *Errors*: `Unsupported`."""
    if hint in _PLAIN:
        return Kind(_PLAIN[hint])
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint in (list, dict) or hint is Any or hint is object:
        return (
            Kind("list", (Kind("any"),))
            if hint is list
            else Kind("dict", (Kind("any"),))
            if hint is dict
            else Kind("any")
        )
    if origin in (list, Sequence) or str(origin) == "<class 'collections.abc.Sequence'>":
        return Kind("list", (kind_of(inside[0], name),))
    if origin is dict and inside[0] is str:
        return Kind("dict", (kind_of(inside[1], name),))
    if origin in (typing.Union, types.UnionType):
        return Kind("union", tuple(kind_of(each, name) for each in inside))
    if origin is typing.Literal:
        return Kind("literal", inside)
    if origin is typing.Annotated:
        return kind_of(inside[0], name)
    raise Unsupported(f'parameter "{name}" is of type {getattr(hint, "__name__", hint)}, whose values cannot be made')


def shown(kind: Kind) -> str:
    """A kind as people write it."""
    inside = [shown(each) if isinstance(each, Kind) else repr(each) for each in kind.of]
    return " | ".join(inside) if kind.name == "union" else f"{kind.name}[{', '.join(inside)}]" if inside else kind.name


_ZEROS: dict[str, Callable[[], Any]] = {
    "bytes": bytes,
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
    """Another value of a kind, near this one."""
    if rng.one_in(5):
        return fresh(kind, rng, means)
    if isinstance(value, bool) or value is None or kind.name == "literal":
        return fresh(kind, rng, means)
    if isinstance(value, int):
        return near(value, rng)
    if isinstance(value, float):
        return rng.pick((value + 1, -value, value * 2, value / 2, float(near(0, rng))))
    if isinstance(value, str):
        return new_text(value, rng, means)
    if isinstance(value, bytes):
        return mutate(value, rng, means)
    inside = _inside(kind)
    if isinstance(value, list):
        return _changed_list(inside, value, rng, means)
    return _changed_dict(inside, value, rng, means) if isinstance(value, dict) else fresh(kind, rng, means)


def _inside(kind: Kind) -> Kind:
    """The kind of what a list or dictionary holds, as far as it is known."""
    if kind.name in ("list", "dict"):
        held: Kind = kind.of[0]
        return held
    holding = [each for each in kind.of if isinstance(each, Kind) and each.name in ("list", "dict")]
    return _inside(holding[0]) if holding else Kind("any")


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

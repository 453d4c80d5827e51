"""Documents as the types of a plan, with errors for people: the field's place, the value, and what is allowed there."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from fozzy.errors import InputError, suggestion

T = TypeVar("T")
SHOWN_MAX = 80  # characters of a value in a message
SOMEWHERE = "..."  # how msgspec writes the key of an object

_AT = re.compile(r" - at `(?:key in )?(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`$", re.DOTALL)
_WORDS = (
    (re.compile(r"Expected `float` (?:<= 1\.0|>= 0\.0)$"), "a number from 0 to 1"),
    (re.compile(r"Expected `float \| object.*"), "a number from 0 to 1, or an object"),
    (re.compile(r"Expected `float(?: \| null)?`, got .*"), "a number from 0 to 1"),
    (re.compile(r"Expected `int` (?:<= 599|>= 200)$"), "a status, 200 to 599"),
    (re.compile(r"Expected `int` >= (\d+)$"), r"a whole number, \1 or more"),
    (re.compile(r"Expected `int` (?:< |<= )(\d+)$"), r"a whole number up to \1"),
    (re.compile(r"Expected `int(?: \| null)?`, got .*"), "a whole number"),
    (re.compile(r"Expected `bool(?: \| null)?`, got .*"), "true or false"),
    (re.compile(r"Expected `str(?: \| null)?`, got .*"), "a text"),
    (re.compile(r"Expected `object(?: \| null)?`, got .*"), "an object"),
    (re.compile(r"Expected `array(?: \| null)?`, got .*"), "a list"),
    (re.compile(r".*matching regex .*\(ns\|.*", re.DOTALL), 'a whole number and a unit, such as "250ms"'),
    (re.compile(r".*matching regex .*\(ms\|.*", re.DOTALL), 'so many in a unit of time, such as "50/s"'),
    (re.compile(r".*matching regex .*KB.*", re.DOTALL), 'bytes per second, such as "100KB/s"'),
    (re.compile(r".*matching regex .*\[F\.\].*", re.DOTALL), 'F for a fault and . for none, such as "FF.F"'),
)


def formed(kind: type[T], document: Any, place: str = "") -> T:
    """A document as `kind`. *Errors*: `chaos.unknown_key`, `chaos.bad_value`, with the field's place below `place`."""
    try:
        return msgspec.convert(document, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _explained(kind, document, place, str(error)) from None


def _explained(kind: Any, document: Any, place: str, said: str) -> InputError:
    found = _AT.search(said)
    words = said[: found.start()] if found else said
    steps = [name or index for name, index in _STEP.findall(found[1] if found else "")]
    steps = _keyed(kind, document, steps, said)
    field = _written(place, steps)
    unknown, missing = _UNKNOWN.fullmatch(words), _MISSING.fullmatch(words)
    if unknown:
        hint = suggestion(unknown[1], _names_at(_info(kind), steps))
        return InputError("chaos.unknown_key", f"{_written(field, [unknown[1]])}: there is no such key", hint=hint)
    if missing:
        return InputError("chaos.bad_value", f"{_written(field, [missing[1]])} is missing")
    value, wanted = shown(_value_at(document, steps)), _in_words(words, _form_at(kind, steps))
    return InputError("chaos.bad_value", f"{field or 'the document'} is {value}: expected {wanted}")


def _keyed(kind: Any, document: Any, steps: list[str], said: str) -> list[str]:
    """The steps with the keys that msgspec does not name: the first that alone gives the same error."""
    if SOMEWHERE not in steps:
        return steps
    at = steps.index(SOMEWHERE)
    inner = _value_at(document, steps[:at])
    for key in inner if isinstance(inner, dict) else ():
        try:
            msgspec.convert(_with(document, steps[:at], {key: inner[key]}), kind)
        except (msgspec.ValidationError, RecursionError) as error:
            if str(error) == said:
                alone = _with(document, steps[:at], {key: inner[key]})
                return _keyed(kind, alone, [*steps[:at], str(key), *steps[at + 1 :]], said)
    return steps


def _with(document: Any, steps: list[str], value: Any) -> Any:
    if not steps:
        return value
    first, *rest = steps
    if isinstance(document, dict):
        return {**document, first: _with(document[first], rest, value)}
    at = int(first)
    return [*document[:at], _with(document[at], rest, value), *document[at + 1 :]]


def _written(place: str, steps: list[str]) -> str:
    """A place in a document, as `routes[0].faults.drop`."""
    for step in steps:
        if step.isdigit():
            place += f"[{step}]"
        else:
            place += f".{step}" if place else step
    return place


def _in_words(said: str, form: Any) -> str:
    choices = [value for each in _flat([form]) if isinstance(each, inspect.LiteralType) for value in each.values]
    if choices and said.startswith(("Invalid enum", "Expected `str")):
        return f"one of {', '.join(map(str, choices))}"
    for pattern, words in _WORDS:
        if pattern.match(said):
            return pattern.sub(words, said)
    return said.removeprefix("Expected ").replace("`", "")


def shown(value: Any) -> str:
    """A value for a message, as JSON, short."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        text = str(value)
    if isinstance(value, float) and text == "null":
        text = str(value)  # what is no number has no JSON
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


def _value_at(document: Any, steps: list[str]) -> Any:
    for step in steps:
        if isinstance(document, list | tuple) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        elif isinstance(document, dict) and step in document:
            document = document[step]
        else:
            break
    return document


@lru_cache(maxsize=64)
def _info(kind: Any) -> Any:
    """What a type is made of. *Limits*: 64 types are remembered; it takes 30 ms, in which a proxy answers nobody."""
    return inspect.type_info(kind)


def _form_at(kind: Any, steps: list[str]) -> Any:
    forms: list[Any] = [_info(kind)]
    for step in steps:
        forms = [inner for each in forms for inner in _below(each, step)]
    return inspect.UnionType(tuple(_flat(forms))) if forms else inspect.AnyType()


def _names_at(form: Any, steps: list[str]) -> list[str]:
    forms = [form]
    for step in steps:
        forms = [inner for each in forms for inner in _below(each, step)]
    return [field.encode_name for each in _flat(forms) if hasattr(each, "fields") for field in each.fields]


def _flat(forms: list[Any]) -> list[Any]:
    """The forms without unions and descriptions around them."""
    flat: list[Any] = []
    for each in forms:
        if isinstance(each, inspect.Metadata):
            flat += _flat([each.type])
        elif isinstance(each, inspect.UnionType):
            flat += _flat(list(each.types))
        else:
            flat.append(each)
    return flat


def _below(form: Any, step: str) -> list[Any]:
    below: list[Any] = []
    for each in _flat([form]):
        if hasattr(each, "fields"):
            below += [field.type for field in each.fields if field.encode_name == step]
        elif hasattr(each, "value_type"):
            below.append(each.value_type)
        elif isinstance(each, inspect.TupleType):
            below += list(each.item_types)
        elif hasattr(each, "item_type"):
            below.append(each.item_type)
    return below

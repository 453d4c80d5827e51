"""Documents as the types of a plan, with errors for people: the field's place, the value, and what is allowed there."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from fozzy.errors import InputError, suggestion

T = TypeVar("T")
SHOWN_MAX = 80  # characters of a value in a message

_AT = re.compile(r" - at `(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
_WORDS = (
    (re.compile(r"Expected `float` (?:<= 1\.0|>= 0\.0)"), "a number from 0 to 1"),
    (re.compile(r"Expected `int` (?:<= 599|>= 100)"), "a status, 100 to 599"),
    (re.compile(r"Expected `int` >= (\d+)"), r"a whole number, \1 or more"),
    (re.compile(r"Expected `int` (?:< |<= )(\d+)"), r"a whole number up to \1"),
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
    path = found[1] if found else "$"
    words = said[: found.start()] if found else said
    steps = [name or index for name, index in _STEP.findall(path)]
    inner = path.removeprefix("$").removeprefix(".")
    field = ".".join(part for part in (place, inner) if part).replace(".[", "[")
    unknown = _UNKNOWN.fullmatch(words)
    if unknown:
        name = unknown[1]
        hint = suggestion(name, _names_at(inspect.type_info(kind), steps))
        return InputError("chaos.unknown_key", f"{_joined(field, name)}: there is no such key", hint=hint)
    value = shown(_value_at(document, steps))
    return InputError("chaos.bad_value", f"{field or 'the document'} is {value}: expected {_in_words(words)}")


def _joined(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _in_words(said: str) -> str:
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


def _names_at(form: Any, steps: list[str]) -> list[str]:
    forms = [form]
    for step in steps:
        forms = [inner for each in forms for inner in _below(each, step)]
    return [field.encode_name for each in _flat(forms) if hasattr(each, "fields") for field in each.fields]


def _flat(forms: list[Any]) -> list[Any]:
    return [inner for each in forms for inner in (_flat(list(each.types)) if hasattr(each, "types") else [each])]


def _below(form: Any, step: str) -> list[Any]:
    below: list[Any] = []
    for each in _flat([form]):
        if hasattr(each, "fields"):
            below += [field.type for field in each.fields if field.encode_name == step]
        elif hasattr(each, "value_type"):
            below.append(each.value_type)
        elif hasattr(each, "item_type"):
            below.append(each.item_type)
    return below

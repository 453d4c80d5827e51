"""Bodies and queries as typed values, or a refusal that names the field and what is allowed there.

Rule 1: nothing is guessed: a key that stands twice, a number that is none, an unknown name is refused.
Rule 2: nothing changes before all of it is read.
"""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from fozzy.chaos.api.call import Call, Rejected
from fozzy.core.limits import MIB
from fozzy.core.types import wanted
from fozzy.errors import InputError, suggestion
from fozzy.faults.http.forms import SHOWN_MAX, formed

BODY_BYTES_MAX = 4 * MIB  # a plan with the answers of many routes
DEPTH_MAX = 64  # a plan has ten levels; a route's JSON answer may have more
QUERY_FIELDS_MAX = 64
DIGITS_MAX = 1000
T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)
JSON_TYPES = ("application/json", "application/merge-patch+json")
# Where a message of the engine or of `forms` names a field: it begins with it.
_FIELD = re.compile(r"([A-Za-z_$][^\s:]*?)(?=:? |:)")


def body_of(call: Call, kind: type[T]) -> T:
    """The body as a type. *Errors*: `Rejected`."""
    return typed(kind, tree_of(call))


def typed(kind: type[T], tree: Any, place: str = "") -> T:
    """Plain data as a type. *Errors*: `Rejected` with the field."""
    try:
        return formed(kind, tree, place)
    except InputError as error:
        raise located(error, kind, place) from None


def located(error: InputError, kind: Any, place: str = "") -> InputError:
    """The same error with the field its message begins with, if it is one of this type, or below this place."""
    found = _FIELD.match(error.message)
    field = found[1] if found else ""
    first = re.split(r"[.\[]", field, maxsplit=1)[0]
    names = {each.encode_name for each in msgspec.structs.fields(kind)} if isinstance(kind, type) else set()
    if not field or not (first in names or (place and field.startswith(place)) or error.code == "chaos.unknown_key"):
        return error
    return Rejected(400, error.code, error.message, hint=error.hint, field=field)


def tree_of(call: Call) -> Any:
    """The body as plain data. *Errors*: `Rejected`. *Limits*: `DEPTH_MAX`; the server bounds its size."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES:
        said = f'"{kind}"' if kind else "nothing"
        hint = "Send it with: Content-Type: application/json"
        raise Rejected(415, "chaos.api_type", f"the body must be JSON, and its Content-Type says {said}", hint=hint)
    try:
        text = call.body.decode("utf-8")
        if too_deep(call.body):
            raise _bad(f"the body is nested deeper than {DEPTH_MAX} levels")
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_whole, parse_float=_number
        )
    except (ValueError, RecursionError) as error:
        hint = "" if call.body else "Send a JSON document; {} is an empty one."
        raise _bad(f"the body is not JSON: {error}", hint) from None


def nothing_in(call: Call) -> None:
    """Let an empty body or `{}` pass. *Errors*: `Rejected`."""
    if call.body:
        typed(Nothing, tree_of(call))


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


def query_of(call: Call, kind: type[S]) -> S:
    """The query as a type: texts are read as what its fields are. *Errors*: `Rejected` with the field."""
    given: dict[str, str] = {}
    try:
        pairs = parse_qsl(
            call.query,
            keep_blank_values=True,
            strict_parsing=bool(call.query),
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except ValueError as error:
        raise Rejected(400, "chaos.bad_value", f"the query cannot be read: {error}") from None
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, text in pairs:
        if name not in known:
            hint = suggestion(name, known) or (f"It has {', '.join(known)}." if known else "It takes none.")
            raise Rejected(400, "chaos.unknown_key", f"{name}: the query has no such field", hint=hint, field=name)
        if name in given:
            raise Rejected(400, "chaos.bad_value", f"{name} is given twice", field=name)
        given[name] = text
    return kind(**{known[name].name: _read(name, text, known[name].type) for name, text in given.items()})


def _read(name: str, text: str, kind: Any) -> Any:
    """*Errors*: `Rejected`; `null` is no value of a query, which then would not say the field."""
    try:
        value = msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        value = None
    if value is None or (isinstance(value, bool) and text not in ("true", "false")):
        said = f'{name} is "{text[:SHOWN_MAX]}": expected {wanted(kind)}'
        raise Rejected(400, "chaos.bad_value", said, field=name)
    return value


def too_deep(data: bytes) -> bool:
    """Whether JSON is nested deeper than `DEPTH_MAX`; brackets in texts do not count."""
    depth = 0
    for found in _BRACKETS.finditer(data):
        mark = found[0]
        if mark in (b"{", b"["):
            depth += 1
            if depth > DEPTH_MAX:
                return True
        elif mark in (b"}", b"]"):
            depth -= 1
    return False


_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise Rejected(400, "chaos.bad_value", f'"{name}" is given twice', field=name)
        made[name] = value
    return made


def _no_constant(word: str) -> Any:
    raise _bad(f"the body is not JSON: {word} is no number")


def _whole(digits: str) -> int:
    if len(digits) > DIGITS_MAX:
        raise ValueError(f"a number of more than {DIGITS_MAX} digits")
    return int(digits)


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:40]} is too large a number")
    return value


def _bad(message: str, hint: str = "") -> Rejected:
    return Rejected(400, "chaos.api_body", message, hint=hint)

"""The OpenAPI 3.1 document of the control API, made of the operations and their types; nothing in it is written by hand.

Its examples are what the operations really answer on a sample session (`samples`).
"""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from typing import Any, get_args, get_origin

import msgspec

from fozzy.chaos.api.call import JSON, Failure
from fozzy.chaos.api.operation import Operation
from fozzy.chaos.api.operations import AREAS, OPERATIONS
from fozzy.chaos.api.samples import answer_of
from fozzy.core.types import bare
from fozzy.version import VERSION

Json = dict[str, Any]
REF = "#/components/schemas/{name}"
WORDS: dict[str, Json] = {
    "test": {"schema": {"type": "string", "minLength": 1, "maxLength": 256}, "description": "A test id."},
    "scenario": {
        "schema": {"type": "string", "minLength": 1, "maxLength": 256},
        "description": "The name of a scenario.",
    },
    "index": {"schema": {"type": "integer", "minimum": 0}, "description": "Its number, from 0."},
    "entry": {
        "schema": {"type": "string", "pattern": "^r?[0-9]{1,18}$"},
        "description": "What an entry is called: its request's number, or `r1` and so on.",
    },
}
REFUSALS = {
    400: "Something in the request is wrong; nothing has changed.",
    401: "The token is missing or wrong.",
    403: "The request comes from another origin, or names another host.",
    404: "There is no such thing.",
    409: "It cannot be done as things stand.",
    413: "The body is too large.",
    415: "The body does not say that it is JSON.",
    431: "The head is too large.",
}
_ALWAYS = (400, 401, 403, 431)
_WITH_BODY = (413, 415)
_WORD = re.compile(r"\{(\w+)\}")


@cache
def document() -> Json:
    """The whole document. It is made once, and is not to be changed."""
    kinds = _kinds()
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
    known = dict(zip(map(str, kinds), schemas, strict=True))
    patches = {_patch_name(each): _patch(each, components) for each in OPERATIONS if each.is_patch}
    paths: Json = {}
    for area, (_, operations) in AREAS.items():
        for operation in operations:
            path = paths.setdefault(operation.path, {})
            path[operation.method.lower()] = _operation(operation, area, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "fozzy chaos proxy", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": "http://127.0.0.1:9001", "description": "As `--control` says."}],
        "tags": [{"name": area, "description": said} for area, (said, _) in AREAS.items()],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**components, **patches}.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _TOKEN}},
        },
    }


_ABOUT = (
    "Reads and changes what a running chaos proxy does. A change is carried out whole or not at all, holds from the next "
    "request on, and is an event of the trace. The controls have a port of their own, which chaos never touches."
)
_TOKEN = "Needed where the controls listen beyond this machine; the proxy prints it."


def _kinds() -> list[Any]:
    """Every type that is taken or given, once."""
    kinds: dict[str, Any] = {str(Failure): Failure}
    for operation in OPERATIONS:
        for kind in (operation.takes, None if operation.text else operation.gives):
            if kind is not None:
                kinds.setdefault(str(kind), kind)
    return list(kinds.values())


def _operation(operation: Operation, area: str, known: dict[str, Json]) -> Json:
    made: Json = {"operationId": operation.name, "tags": [area], "summary": operation.does}
    parameters = [
        {"name": word, "in": "path", "required": True, **WORDS[word]} for word in _WORD.findall(operation.path)
    ]
    parameters += _query(operation)
    if parameters:
        made["parameters"] = parameters
    if operation.takes is not None:
        made["requestBody"] = _body(operation, known)
    made["responses"] = _responses(operation, known)
    return made


def _query(operation: Operation) -> list[Json]:
    if operation.asks is None:
        return []
    (schema,), components = msgspec.json.schema_components([operation.asks], ref_template=REF)
    properties = components[schema["$ref"].rpartition("/")[2]]["properties"]
    return [_parameter(name, dict(schema)) for name, schema in properties.items()]


def _parameter(name: str, schema: Json) -> Json:
    """A field of a query: it is there or not, and never null."""
    if "anyOf" in schema:
        (only,) = [each for each in schema.pop("anyOf") if each != {"type": "null"}]
        schema = {**only, **{key: value for key, value in schema.items() if key != "default" or value is not None}}
    said = schema.pop("description", "")
    return {"name": name, "in": "query", **({"description": said} if said else {}), "schema": schema}


def _body(operation: Operation, known: dict[str, Json]) -> Json:
    schema = {"$ref": REF.format(name=_patch_name(operation))} if operation.is_patch else known[str(operation.takes)]
    content: Json = {"schema": schema}
    if operation.example is not None:
        content["example"] = operation.example
    types = (JSON, "application/merge-patch+json") if operation.is_patch else (JSON,)
    return {"required": not operation.is_optional, "content": dict.fromkeys(types, content)}


def _responses(operation: Operation, known: dict[str, Json]) -> Json:
    content: Json = {"schema": {"type": "string"} if operation.text else known[str(operation.gives)]}
    example = answer_of(operation)
    if example is not None:
        content["example"] = example
    made: Json = {"200": {"description": _first_sentence(operation), "content": {operation.text or JSON: content}}}
    refused = {*_ALWAYS, *operation.refuses, *(_WITH_BODY if operation.takes is not None else ())}
    if "{" in operation.path:
        refused.add(404)
    for status in sorted(refused):
        made[str(status)] = {
            "description": REFUSALS[status],
            "content": {JSON: {"schema": {"$ref": REF.format(name="Failure")}}},
        }
    return made


def _first_sentence(operation: Operation) -> str:
    kind = bare(operation.gives)
    if get_origin(kind) is list:
        kind = get_args(kind)[0]
    said = (getattr(kind, "__doc__", None) or "").partition("\n")[0] if isinstance(kind, type) else ""
    return said if said and issubclass(kind, msgspec.Struct) else HTTPStatus.OK.phrase


def _patch_name(operation: Operation) -> str:
    return f"{operation.takes.__name__}Patch"


def _patch(operation: Operation, components: Json) -> Json:
    """A merge patch: any of the fields, each as a whole, in part or null."""
    whole = components[operation.takes.__name__]
    return {
        "title": _patch_name(operation),
        "type": "object",
        "description": f"Fields of {operation.takes.__name__} that change (RFC 7386); `null` takes one away.",
        "properties": {name: {} for name in whole["properties"]},
        "additionalProperties": False,
    }

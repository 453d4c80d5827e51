"""From a call to its answer: find the operation, read what it takes, do it. A plain function, tested without a socket."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fozzy.chaos.api.call import Answer, Call, Rejected, answered, failed
from fozzy.chaos.api.controls import Controls
from fozzy.chaos.api.operation import Asked, NoQuery, Operation
from fozzy.chaos.api.operations import OPERATIONS
from fozzy.chaos.api.reading import body_of, located, nothing_in, query_of, tree_of
from fozzy.errors import FozzyError, InputError, suggestion
from fozzy.faults.http.plan import Plan

WORD_CHARS_MAX = 256  # a test id or a name in a path


def dispatch(controls: Controls, call: Call) -> Answer:
    """Do what is asked and answer it; an error of any kind is an answer too, and then nothing has changed."""
    try:
        operation, words = found(call.method, call.path)
        controls.session.tick(controls.session.now_ns())  # whoever asks is told what is in force now
        said = operation.run(controls, _asked(operation, words, call))
        return said if isinstance(said, Answer) else answered(said)
    except InputError as error:
        return failed(error if isinstance(error, Rejected) else located(error, Plan))
    except FozzyError as error:
        return failed(error)
    except Exception as error:  # whatever it is, the controls go on answering
        said = f"{type(error).__name__}: {error}"
        hint = "Please report it with the request that was sent."
        return failed(Rejected(500, "chaos.api_trouble", said, hint=hint))


def _asked(operation: Operation, words: dict[str, str], call: Call) -> Asked:
    query = query_of(call, operation.asks or NoQuery)
    body: Any = None
    if operation.is_patch:
        body = tree_of(call)
    elif operation.takes is not None and (call.body or not operation.is_optional):
        body = body_of(call, operation.takes)
    elif operation.takes is None:
        nothing_in(call)
    return Asked(words, query, body)


def found(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """The operation of a method and path, with the words its path has. *Errors*: `Rejected` 404 or 405."""
    parts = path.split("/")
    table = _TABLE.get(path)
    words: dict[str, str] = {}
    if table is None:
        fits = ((template, each) for template, each in _TEMPLATES if len(template) == len(parts))
        for template, each in fits:
            if all(want == part or want.startswith("{") for want, part in zip(template, parts, strict=True)):
                words = {want[1:-1]: _word(part) for want, part in zip(template, parts, strict=True) if want[:1] == "{"}
                table = each
                break
    if table is None:
        hint = suggestion(path, _TABLE) or "The paths are in /fozzy/openapi.json."
        raise Rejected(404, "chaos.api_path", f"there is no {path[:WORD_CHARS_MAX]}", hint=hint)
    if method not in table:
        allow = tuple(table)
        said = f"{path} is not for {method}"
        raise Rejected(405, "chaos.api_method", said, hint=f"It takes {', '.join(allow)}.", allow=allow)
    return table[method], words


def _word(part: str) -> str:
    """A part of a path, decoded. *Errors*: `Rejected`."""
    try:
        word = unquote(part, errors="strict")
    except UnicodeDecodeError:
        raise Rejected(400, "chaos.bad_value", "the path is not UTF-8") from None
    if not word or len(word) > WORD_CHARS_MAX:
        raise Rejected(404, "chaos.api_path", f"a name in a path has 1 to {WORD_CHARS_MAX} characters")
    return word


def _tables() -> tuple[dict[str, dict[str, Operation]], list[tuple[list[str], dict[str, Operation]]]]:
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    plain = {path: table for path, table in by_path.items() if "{" not in path}
    return plain, [(path.split("/"), table) for path, table in by_path.items() if "{" in path]


_TABLE, _TEMPLATES = _tables()

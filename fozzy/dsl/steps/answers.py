"""Checks on structured answers: what to look at, what it must be, and what to keep of it.

`at` is `status`, `headers.NAME`, `exit`, `stdout`, `stderr`, `peak_bytes`, or a JSONPath (RFC 9535) into the body.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NoReturn

from fozzy.dsl.steps.base import Issue, Name, fail, json_of, told
from fozzy.dsl.steps.conditions import Broken, Condition, broken, check_condition, compared
from fozzy.dsl.steps.store import MISSING
from fozzy.world.world import World

HEADERS = "headers."
Part = Callable[[], Any]  # looked at only when it is asked for


class AnswerCheck(Condition, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one part of an answer must be."""

    lead: ClassVar[str] = "at"
    at: Name


def check_answers(checks: list[AnswerCheck], save: dict[str, str], named: tuple[str, ...]) -> Iterator[Issue]:
    """Paths can be read, conditions say something."""
    for index, check in enumerate(checks):
        yield from _check_path(check.at, ("expect", index, "at"), named)
        yield from check_condition(check, ("expect", index))
    for key, at in save.items():
        yield from _check_path(at, ("save", key), named)


def hold_to(checks: list[AnswerCheck], parts: dict[str, Part], body: Part) -> None:
    """Hold an answer to its checks. *Errors*: `StepFailed` at the first that does not hold."""
    for index, check in enumerate(checks):
        found = select(check.at, parts, body)
        wrong = broken(check, found, f"{check.at}")
        if wrong is not None:
            _fail(index, check.at, found, wrong)


def keep(world: World, save: dict[str, str], parts: dict[str, Part], body: Part) -> None:
    """Keep parts of an answer under keys. *Errors*: `StepFailed` when there is no such part."""
    for key, at in save.items():
        found = select(at, parts, body)
        if found is MISSING:
            fail(f"the answer has no {at} to keep as {key}", field="save", label=f"no {at}")
        world.kv[key] = found


def select(at: str, parts: dict[str, Part], body: Part) -> Any:
    """A part of an answer, `MISSING` when it has none. A path to many values gives their list."""
    if at.startswith(HEADERS) and "headers" in parts:
        value = parts["headers"]()(at.removeprefix(HEADERS))
        return MISSING if value is None else value
    if at in parts and at != "headers":
        return parts[at]()
    from jsonpath_rfc9535 import JSONPathError
    from jsonpath_rfc9535 import compile as compile_path

    try:
        query = compile_path(at)
        values = query.find(body()).values()
    except (JSONPathError, RecursionError) as error:
        fail(f'"{at}" cannot be followed: {error}', field="expect", kind="input_invalid", title="bad_path")
    if not query.singular_query():
        return values
    return values[0] if values else MISSING


def json_body(data: bytes) -> Any:
    """A body as JSON. *Errors*: `StepFailed` when it is none."""
    try:
        return json_of(data)
    except ValueError as error:
        fail(f"it is not JSON: {error}", field="expect", details={"body": told(data.decode("utf-8", "replace"))})


def _check_path(at: str, path: tuple[str | int, ...], named: tuple[str, ...]) -> Iterator[Issue]:
    if "${" in at or (at in named and at != "headers"):
        return
    if at.startswith(HEADERS) and at != HEADERS and "headers" in named:
        return
    if not at.startswith("$"):
        words = ", ".join("headers.NAME" if name == "headers" else name for name in named)
        yield Issue(path, f'"{at}" is not a part of an answer', f"{words}, or a JSONPath such as $.items[0].id")
        return
    from jsonpath_rfc9535 import JSONPathError
    from jsonpath_rfc9535 import compile as compile_path

    try:
        compile_path(at)
    except (JSONPathError, RecursionError) as error:
        yield Issue(path, f'"{at}" is not a JSONPath: {str(error).partition(", line")[0]}', "see RFC 9535")


def _fail(index: int, at: str, found: Any, wrong: Broken) -> NoReturn:
    fail(
        wrong.message,
        field=f"expect[{index}].{wrong.field}",
        label="no value" if found is MISSING else f"is {told(found)}",
        details={"at": at, **compared(wrong, found)},
    )

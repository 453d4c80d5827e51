"""`${name}`: values that refer to the run. `${name}` alone keeps the value's type; inside a text it becomes text.

Looked up in this order: keys of the store, `vars`, then `env.NAME`, `seed`, `now_ms`. `$${` is a literal `${`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from fozzy.core.outcome import StepFailed
from fozzy.core.types import wanted, without_references
from fozzy.dsl.bounds import SIZE_MAX, excess
from fozzy.dsl.steps.base import Step as StepBase
from fozzy.dsl.steps.base import fail, told
from fozzy.dsl.steps.store import MISSING
from fozzy.world.world import World

Getter = Callable[[World], Any]
Scope = Mapping[str, Getter]
NO_SCOPE: Scope = {}  # of the scenario itself
UNKNOWN_NAME = "unknown_name"

_REFERENCE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_.-]*)\}|(\$\{)")
ENV = "env."


def references(text: str) -> Iterator[tuple[str, int]]:
    """Every name a text refers to and where it starts; the name is empty where a `${` is no reference."""
    for match in _REFERENCE.finditer(text):
        if match[0] != "$${":
            yield match[1] or "", match.start()


def compile_value(value: Any, scope: Scope = NO_SCOPE) -> Getter | None:
    """How to get the value during a run; none when it refers to nothing. `scope` has the names of an included file."""
    if isinstance(value, str):
        return _compile_text(value, scope) if "${" in value else None
    if isinstance(value, dict):
        return _compile_dict(value, scope)
    if isinstance(value, list):
        return _compile_list(value, scope)
    return None


def scope_of(variables: Mapping[str, Any], given: Mapping[str, Any], outer: Scope) -> Scope:
    """The names of an included file: its variables, those given from outside in the terms of the outside."""
    scope: dict[str, Getter] = {}
    for name, value in variables.items():
        value, around = (given[name], outer) if name in given else (value, scope)
        scope[name] = compile_value(value, around) or _constant(value)
    return scope


def compile_step(step: StepBase, scope: Scope = NO_SCOPE) -> Callable[[World], StepBase] | None:
    """How to get the step with its references replaced; none when it has none. Steps inside it are left alone."""
    getters: list[tuple[msgspec.structs.FieldInfo, Getter]] = []
    for field in _fields(type(step)):
        value = getattr(step, field.name)
        if field.name in step.blocks or value is msgspec.UNSET:
            continue
        getter = compile_value(msgspec.to_builtins(value), scope)
        if getter is not None:
            getters.append((field, _or_missing(getter) if field.name in step.maybe else getter))
    if not getters:
        return None

    def resolve(world: World) -> StepBase:
        values = {field.name: _typed(field.encode_name, getter(world), field.type) for field, getter in getters}
        now = msgspec.structs.replace(step, **values)
        for issue in now.check():  # what could not be checked before the run
            field = str(issue.path[0]) if issue.path else ""
            fail(issue.message, title="bad_value", kind="input_invalid", field=field)
        return now

    return resolve


@lru_cache(maxsize=256)
def _fields(kind: type[StepBase]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields of a step type. *Limits*: 256 types are remembered, more than exist."""
    return msgspec.structs.fields(kind)


def look_up(world: World, name: str, scope: Scope = NO_SCOPE) -> Any:
    """The value behind a name. *Errors*: a finding when there is none."""
    if name in world.kv:
        return world.kv[name]
    if name in scope:
        return scope[name](world)
    variables = world.setting.variables
    if scope is NO_SCOPE and name in variables:  # an included file does not see those of the outside
        value = variables[name]  # validation refuses variables that refer to themselves
        getter = compile_value(value)
        return value if getter is None else getter(world)
    if name == "seed":
        return world.setting.seed
    if name == "now_ms":
        return world.clock.now // 10**6
    if name.startswith(ENV):
        return _environment(world, name.removeprefix(ENV))
    return fail(f"${{{name}}} has no value", title=UNKNOWN_NAME, kind="input_invalid", label=f'nothing keeps "{name}"')


def as_text(value: Any) -> str:
    """A value inside a text: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _environment(world: World, name: str) -> str:
    if name not in world.setting.env_names:
        fail(f'${{env.{name}}} is not listed under "env"', title=UNKNOWN_NAME, kind="input_invalid")
    value = world.environment(name)
    if value is None:
        fail(f"the environment variable {name} is not set", title="env_not_set", kind="input_invalid")
    return value


def _constant(value: Any) -> Getter:
    return lambda _world: value


def _or_missing(getter: Getter) -> Getter:
    """A value, or the mark for none where a name has no value."""

    def get(world: World) -> Any:
        try:
            return getter(world)
        except StepFailed as failure:
            if failure.title == UNKNOWN_NAME:
                return MISSING
            raise

    return get


def _compile_text(text: str, scope: Scope) -> Getter:
    whole = _REFERENCE.fullmatch(text)
    if whole and whole[1]:
        name = whole[1]
        return lambda world: look_up(world, name, scope)
    parts: list[str | Getter] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        parts.append(text[end : match.start()])
        parts.append(_named(match[1], scope) if match[1] else "${")
        end = match.end()
    parts.append(text[end:])

    def join(world: World) -> str:
        made = [part if isinstance(part, str) else as_text(part(world)) for part in parts]
        if sum(map(len, made)) > SIZE_MAX:
            fail(f"a text of more than {SIZE_MAX} characters", title="value_too_large", kind="limit")
        return "".join(made)

    return join


def _named(name: str, scope: Scope) -> Getter:
    return lambda world: look_up(world, name, scope)


def _compile_dict(value: dict[str, Any], scope: Scope) -> Getter | None:
    pairs = [(compile_value(key, scope), key, compile_value(item, scope), item) for key, item in value.items()]
    if all(get_key is None and get_item is None for get_key, _, get_item, _ in pairs):
        return None
    return lambda world: {
        key if get_key is None else as_text(get_key(world)): item if get_item is None else get_item(world)
        for get_key, key, get_item, item in pairs
    }


def _compile_list(value: list[Any], scope: Scope) -> Getter | None:
    getters = [(compile_value(item, scope), item) for item in value]
    if all(getter is None for getter, _ in getters):
        return None
    return lambda world: [item if getter is None else getter(world) for getter, item in getters]


def _typed(name: str, value: Any, kind: Any) -> Any:
    """The value as the field's type. A text field takes any value as text."""
    kind = without_references(kind)
    too_much = excess(value) if isinstance(value, dict | list) else ""
    if too_much:
        fail(f'"{name}" cannot be kept: {too_much}', title="value_too_large", kind="limit", field=name)
    for candidate in (lambda: value, lambda: _texts(value), lambda: as_text(value)):
        with contextlib.suppress(msgspec.ValidationError):
            return msgspec.convert(candidate(), kind)
    return fail(
        f'"{name}" must be {wanted(kind)}, got {told(value)}',
        title="bad_value",
        kind="input_invalid",
        field=name,
        label=f"is {told(value)}",
    )


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return as_text(value)

"""Step: data that knows how to run. The types here are the words a scenario's fields are made of.

Rule 1: a leaf step overrides `run`; a block, or a step that waits, overrides `walk`, a generator that yields between
leaf steps: 0 to go on, a number of nanoseconds to be parked.
Rule 2: `check` finds what the types cannot say; it holds at every depth and for every command alike.
Rule 3: fields typed with `Int`, `Flag`, `Number`, `Duration` may hold `${name}` alone; every text may hold `${name}`.
"""

import re
from binascii import a2b_base64
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple, NoReturn

import msgspec
from msgspec import Meta

from fozzy.core import duration
from fozzy.core.brief import CHARS_MAX, brief, mark
from fozzy.core.limits import DEPTH_MAX
from fozzy.core.outcome import FindingKind, StepFailed
from fozzy.dsl.bounds import deepest
from fozzy.world.world import World

REFERENCE = r"\$\{[A-Za-z_][A-Za-z0-9_.-]*\}"
END = r"$(?!\n)"  # of the text; `$` alone also matches before a last line break
SHOWN_CHARS_MAX = CHARS_MAX

if TYPE_CHECKING:
    Int = int
    Count = int
    Flag = bool
    Rate = float
else:
    Ref = Annotated[str, Meta(pattern=rf"^{REFERENCE}{END}")]
    Int = int | Ref
    Count = Annotated[int, Meta(ge=0)] | Ref
    Flag = bool | Ref
    Rate = Annotated[float, Meta(ge=0, le=1)] | Ref

_DURATION_WORDS = "A whole number and a unit: ns us ms s m h."
Duration = Annotated[str, Meta(pattern=rf"^({duration.PATTERN}|.*{REFERENCE}.*){END}", description=_DURATION_WORDS)]
FixedDuration = Annotated[str, Meta(pattern=rf"^{duration.PATTERN}{END}", description=_DURATION_WORDS)]
Name = Annotated[str, Meta(min_length=1)]
Headers = dict[str, str]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


class Bytes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bytes that are no text, in base64."""

    base64: str = msgspec.field(name="$bytes")


TextOrBytes = str | Bytes  # a text stands for its bytes in UTF-8

Body = Callable[[str], Iterator[int]]  # the name of a field with steps -> runs them


class Issue(NamedTuple):
    """Something the types cannot say is wrong with a field of a step."""

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    reason: str = "bad_value"
    label: str = ""
    at_key: bool = False  # the name is wrong, and not the value it has


class Checked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a scenario that may have rules beyond its types."""

    def check(self) -> Iterator[Issue]:
        """What is wrong beyond the types; what it holds is looked at on its own."""
        return iter(())


class Step(Checked, frozen=True, kw_only=True, tag_field="type"):
    """One thing a scenario does."""

    stores: ClassVar[tuple[str, ...]] = ()  # fields that name a key this step keeps a value under
    blocks: ClassVar[tuple[str, ...]] = ()  # fields that hold nested steps
    maybe: ClassVar[tuple[str, ...]] = ()  # fields that may refer to what has no value
    declares: ClassVar[bool] = False  # true for steps that only declare something and execute nothing

    def run(self, world: World) -> str | None:
        """Do it. Returns a note for people, or nothing. *Errors*: `StepFailed`."""
        raise AssertionError(f"{type(self).__name__} neither runs nor walks")


def bodies_of(step: Step) -> dict[str, list[Any]]:
    """The lists of steps a step holds, by the words its path has for them: `steps`, `branches.checkout`."""
    found: dict[str, list[Any]] = {}
    for field in step.blocks:
        held = getattr(step, field)
        if isinstance(held, dict):
            found.update({f"{field}.{name}": steps for name, steps in held.items()})
        else:
            found[field.rstrip("_")] = held or []  # `else_` is `else` everywhere but in Python
    return found


class Block(Step, frozen=True, kw_only=True):
    """A step that holds steps, or that waits: see `walk`."""

    def walk(self, world: World, body: Body) -> Iterator[int]:
        """Do it in pieces. *Errors*: `StepFailed`."""
        raise AssertionError(f"{type(self).__name__} does not walk")


def bytes_of(value: TextOrBytes) -> bytes:
    """The bytes a field stands for. *Errors*: `StepFailed` when a reference gave something that is no base64."""
    if isinstance(value, str):
        return value.encode()
    try:
        return a2b_base64(value.base64, strict_mode=True)
    except ValueError as error:
        fail(f"these bytes are no base64: {error}", title="bad_value", kind="input_invalid")


def check_bytes(field: str, value: TextOrBytes | None) -> Iterator[Issue]:
    """Bytes are written in base64, as RFC 4648 has it."""
    if isinstance(value, Bytes) and "${" not in value.base64:
        try:
            a2b_base64(value.base64, strict_mode=True)
        except ValueError as error:
            yield Issue((field, "$bytes"), f'"$bytes" must be base64: {error}')


def fail(
    message: str,
    *,
    title: str = "",
    kind: FindingKind = "assertion",
    field: str = "",
    label: str = "",
    details: Any = None,
) -> NoReturn:
    """End the step with a finding; `label` stands beside the caret under `field`."""
    raise StepFailed(title, message, kind, field=field, label=label, details=details)


def show(value: Any) -> str:
    """A value for people, on one line and bounded."""
    return brief(msgspec.json.encode(value).decode())


def told(value: Any) -> str:
    """A value for the message of a failure, whole: the engine removes its secrets, then shortens it."""
    return mark(msgspec.json.encode(value).decode())


def literal(value: Any) -> Any:
    """A value as it is written in a scenario, where `${` begins a reference."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {literal(key): literal(item) for key, item in value.items()}
    return [literal(item) for item in value] if isinstance(value, list) else value


def json_of(data: bytes) -> Any:
    """The JSON value in some bytes. *Errors*: `ValueError` in words for people, also for what is nested too deep."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if deepest(value) > DEPTH_MAX:
        raise ValueError(f"it is nested deeper than {DEPTH_MAX} levels")
    return value


def ns(text: str) -> int:
    """A duration in nanoseconds. *Errors*: `StepFailed` when a reference gave something else."""
    try:
        return duration.parse_ns(text)
    except ValueError as error:
        fail(f"a duration {error}", title="bad_duration", kind="input_invalid")


def check_headers(field: str, headers: Headers | None) -> Iterator[Issue]:
    """Header names are tokens (RFC 9110); values hold no line break."""
    for name, value in (headers or {}).items():
        if not _TOKEN.fullmatch(name) and "${" not in name:
            yield Issue((field, name), f'"{name}" is not a header name')
        elif "\n" in value or "\r" in value or "\0" in value:
            yield Issue((field, name), f'the value of header "{name}" must be one line')


def check_method(method: str) -> Iterator[Issue]:
    """Methods are written in capitals and known."""
    if method not in METHODS and "${" not in method:
        hint = f'did you mean "{method.upper()}"?' if method.upper() in METHODS else f"one of {' '.join(METHODS)}"
        yield Issue(("method",), f'"{method}" is not an HTTP method', hint)


def check_at_most_one(step: msgspec.Struct, *fields: str) -> Iterator[Issue]:
    """Fields that exclude each other."""
    given = [field for field in fields if _is_given(step, field)]
    if len(given) > 1:
        yield Issue((given[1],), f'"{given[0]}" and "{given[1]}" exclude each other', "drop one of them", "exclusive")


def _is_given(step: msgspec.Struct, field: str) -> bool:
    """Whether a field is there; null is a value where the field tells it from absence."""
    return getattr(step, field) is not _absent(type(step), field)


@lru_cache(maxsize=64)
def _absent(kind: type[msgspec.Struct], field: str) -> Any:
    """What a field holds that is not there. *Limits*: 64 are remembered, more than exclude each other."""
    return next(each.default for each in msgspec.structs.fields(kind) if each.name == field)


def check_exactly_one(step: msgspec.Struct, *fields: str) -> Iterator[Issue]:
    """One of these fields, and only one."""
    yield from check_at_most_one(step, *fields)
    if not any(_is_given(step, field) for field in fields):
        wanted = " or ".join(f'"{field}"' for field in fields)
        yield Issue((), f"{wanted} must be given", "", "missing_field")

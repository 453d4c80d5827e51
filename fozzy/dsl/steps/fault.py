"""Steps that arm and clear faults."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from fozzy.core.choice import CHANCES
from fozzy.core.duration import parse_ns
from fozzy.core.types import got
from fozzy.dsl.steps.base import METHODS, Duration, Issue, Name, Step, fail, ns
from fozzy.errors import suggestion
from fozzy.faults.schedule import Schedule
from fozzy.world.world import World

if TYPE_CHECKING:
    from fozzy.faults.kinds import Kind

DURATIONS = {"delay": "delay_ns", "delay_max": "delay_max_ns", "hold": "hold_ns", "retry_after": "retry_after_s"}
SETTINGS = ("codes", "body", "delay", "delay_max", "hold", "how", "bytes", "retry_after", "error", "code", "signal")
NS_PER_S = 10**9
SIGNAL_MAX = 64  # of Linux, which has the most
EXIT_MAX = 2**32 - 1  # of Windows; elsewhere 255

_MATCH_WORDS = "Of http: method, path, url, headers.NAME; proc: cmd, args; fs: op, path; net: op, from, to, payload."
Match = Annotated[dict[str, Any], Meta(description=_MATCH_WORDS)]
Codes = Annotated[list[Annotated[int, Meta(ge=100, le=599)]], Meta(min_length=1)]


class Fault(Schedule, Step, frozen=True, kw_only=True, tag="fault"):
    """Arms a fault for scripted and host answers alike; `match` says for which, the schedule when."""

    declares: ClassVar[bool] = True
    name: Name | None = None
    on: Literal["http", "proc", "fs", "net"]
    kind: Name
    match: Match = {}
    codes: Codes | None = None
    body: str | None = None
    delay: Duration | None = None
    delay_max: Duration | None = None
    hold: Duration | None = None
    how: Literal["invalid-json", "truncate", "bit-flip", "random-bytes"] | None = None
    bytes: Annotated[int, Meta(ge=0)] | None = None
    retry_after: Duration | None = None
    error: Literal["not_found", "denied"] | None = None
    code: Annotated[int, Meta(ge=0, le=EXIT_MAX)] | None = None
    signal: Annotated[int, Meta(ge=1, le=SIGNAL_MAX)] | None = None

    def run(self, world: World) -> str:
        from fozzy.faults.kinds import kind_of  # a run without faults needs no kinds
        from fozzy.faults.rule import Rule

        kind = kind_of(self.on, self.kind)
        if kind is None:
            fail(f'"{self.kind}" is no fault of {self.on}', title="unknown_fault", kind="input_invalid", field="kind")
        schedule = {name: getattr(self, name) for name in Schedule.__struct_fields__}
        made = msgspec.convert(_settings(self, ns), kind)
        match = {_property(name): value for name, value in self.match.items()}
        rule = Rule(name=self.rule_name(), on=self.on, kind=made, match=match, schedule=Schedule(**schedule))
        world.arm(rule)
        given = {name: value for name, value in schedule.items() if value is not None}
        return " ".join(
            [f"{rule.name}: {self.kind} on {self.on}", *(f"{name}={value}" for name, value in given.items())]
        )

    def rule_name(self) -> str:
        """What the fault is called: its own name, or its target and kind."""
        return self.name or f"{self.on}.{self.kind}"

    def check(self) -> Iterator[Issue]:
        from fozzy.faults.kinds import KINDS

        kinds = {str(kind.__struct_config__.tag): kind for kind in KINDS[self.on]}
        kind = kinds.get(self.kind)
        if kind is None:
            if "${" not in self.kind:
                hint = suggestion(self.kind, kinds) or f"one of {', '.join(kinds)}"
                yield Issue(("kind",), f'"{self.kind}" is no fault of {self.on}', hint, "unknown_fault")
            return
        yield from self._check_settings(kind)
        for name, value in self.match.items():
            yield from self._check_match(name, value, kind)

    def _check_match(self, name: str, value: Any, kind: "type[Kind]") -> Iterator[Issue]:
        """What no event has, or never as it is wanted, would be a fault that never strikes."""
        from fozzy.faults.rule import HEADER, MATCHABLE, OPS, agrees

        at, known = ("match", name), MATCHABLE[self.on]
        if name not in known and not (self.on == "http" and name.startswith(HEADER) and name != HEADER):
            hint = suggestion(name, known) or f"it has {', '.join(known)}"
            message = f'"match" of a fault of {self.on} has no "{name}"'
            yield Issue(at, message, hint, "unknown_field", "unknown field", at_key=True)
        elif isinstance(value, str) and "${" in value:
            return
        elif name == "args":
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                yield Issue(at, f'"args" must be a list of texts, got {got(value)}', "all the arguments, in order")
        elif not isinstance(value, str):
            yield Issue(at, f'"{name}" must be text, got {got(value)}')
        elif self.on == "http" and name == "path" and value[:1] not in ("/", "*", "?", "["):
            yield Issue(at, f'"path" must be a path, got text "{value}"', f'write "/{value}"')
        else:
            words = {"op": kind.ops or OPS.get(self.on, ()), "method": METHODS}.get(name, ())
            if words and not any(agrees(word, value) for word in words):
                hint = suggestion(value, words) or suggestion(value.upper(), words)
                yield Issue(at, f'"{name}" must be {_one_of(words)}, got text "{value}"', hint)

    def _check_settings(self, kind: "type[Kind]") -> Iterator[Issue]:
        allowed = {field.name for field in msgspec.structs.fields(kind)}
        takes = [name for name in SETTINGS if DURATIONS.get(name, name) in allowed]
        for name in SETTINGS:
            if getattr(self, name) is not None and name not in takes:
                hint = f"it takes {', '.join(takes) or 'no settings'}"
                message = f'a fault of kind "{self.kind}" has no "{name}"'
                yield Issue((name,), message, hint, "unknown_field", "unknown field", at_key=True)
                return
        required = {field.name for field in msgspec.structs.fields(kind) if field.required}
        for name in takes:
            if DURATIONS.get(name, name) in required and getattr(self, name) is None:
                message = f'a fault of kind "{self.kind}" needs "{name}"'
                yield Issue((), message, "", "missing_field", f'"{name}" is missing')
        yield from self._check_delays()

    def _check_delays(self) -> Iterator[Issue]:
        if self.delay_max is not None and self.delay is not None:
            span_ns = _parsed(self.delay_max) - _parsed(self.delay)
            if span_ns < 0:
                yield Issue(("delay_max",), '"delay_max" must not be shorter than "delay"')
            elif span_ns >= CHANCES:  # which is drawn
                yield Issue(("delay_max",), '"delay_max" must be less than 2^53 ns above "delay"')


class FaultClear(Step, frozen=True, kw_only=True, tag="fault_clear"):
    """Disarms a fault by its name, or all of them."""

    name: Name | None = None

    def run(self, world: World) -> str:
        cleared = world.faults.clear(self.name)
        if self.name is not None and not cleared:
            fail(f'no fault "{self.name}" is armed', title="fault_not_armed", field="name")
        return f"{cleared} cleared"


def _settings(step: Fault, nanoseconds: Any) -> dict[str, Any]:
    """The settings a step gives, as its kind takes them."""
    given: dict[str, Any] = {"kind": step.kind}
    for name in SETTINGS:
        value = getattr(step, name)
        if value is not None:
            given[DURATIONS.get(name, name)] = nanoseconds(value) if name in DURATIONS else value
    if "retry_after_s" in given:
        given["retry_after_s"] = -(-given["retry_after_s"] // NS_PER_S)
    return given


def _parsed(text: str) -> int:
    """A duration as far as it is known before the run."""
    try:
        return parse_ns(text)
    except ValueError:
        return 0


def _property(name: str) -> str:
    """What an event calls a property: the names of headers have no case."""
    return name.lower() if name.startswith("headers.") else name


def _one_of(words: tuple[str, ...]) -> str:
    quoted = ", ".join(f'"{word}"' for word in words)
    return quoted if len(words) == 1 else f"one of {quoted}"

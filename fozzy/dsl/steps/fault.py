"""Steps that arm and clear faults."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from fozzy.core.choice import CHANCES
from fozzy.core.duration import parse_ns
from fozzy.dsl.steps.base import Duration, Issue, Name, Step, fail, ns
from fozzy.errors import suggestion
from fozzy.faults.schedule import Schedule
from fozzy.world.world import World

if TYPE_CHECKING:
    from fozzy.faults.kinds import Kind

DURATIONS = {"delay": "delay_ns", "delay_max": "delay_max_ns", "hold": "hold_ns", "retry_after": "retry_after_s"}
SETTINGS = ("codes", "body", "delay", "delay_max", "hold", "how", "bytes", "retry_after", "error", "code", "signal")
NS_PER_S = 10**9


class Fault(Schedule, Step, frozen=True, kw_only=True, tag="fault"):
    """Arms a fault for scripted and host answers alike; `match` says for which, the schedule when."""

    declares: ClassVar[bool] = True
    name: Name | None = None
    on: Literal["http", "proc", "fs", "net"]
    kind: Name
    match: dict[str, Any] = {}
    codes: list[int] | None = None
    body: str | None = None
    delay: Duration | None = None
    delay_max: Duration | None = None
    hold: Duration | None = None
    how: str | None = None
    bytes: int | None = None
    retry_after: Duration | None = None
    error: str | None = None
    code: int | None = None
    signal: int | None = None

    def run(self, world: World) -> str:
        from fozzy.faults.kinds import kind_of  # a run without faults needs no kinds
        from fozzy.faults.rule import Rule

        kind = kind_of(self.on, self.kind)
        if kind is None:
            fail(f'"{self.kind}" is no fault of {self.on}', title="unknown_fault", kind="input_invalid", field="kind")
        schedule = {name: getattr(self, name) for name in Schedule.__struct_fields__}
        made = msgspec.convert(_settings(self, ns), kind)
        rule = Rule(name=self.rule_name(), on=self.on, kind=made, match=self.match, schedule=Schedule(**schedule))
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

    def _check_settings(self, kind: "type[Kind]") -> Iterator[Issue]:
        allowed = {field.name for field in msgspec.structs.fields(kind)}
        takes = [name for name in SETTINGS if DURATIONS.get(name, name) in allowed]
        for name in SETTINGS:
            if getattr(self, name) is not None and name not in takes:
                hint = f"it takes {', '.join(takes) or 'no settings'}"
                yield Issue((name,), f'a fault of kind "{self.kind}" has no "{name}"', hint, "unknown_field")
                return
        yield from self._check_values()
        try:
            msgspec.convert(_settings(self, _parsed), kind)
        except msgspec.ValidationError as error:
            missing = _missing(str(error), takes)
            yield Issue(
                (),
                f'a fault of kind "{self.kind}" {missing}',
                "",
                "missing_field" if "needs" in missing else "bad_value",
            )

    def _check_values(self) -> Iterator[Issue]:
        if self.codes is not None and (not self.codes or any(not 100 <= code <= 599 for code in self.codes)):
            yield Issue(("codes",), '"codes" must be statuses from 100 to 599')
        if self.bytes is not None and self.bytes < 0:
            yield Issue(("bytes",), '"bytes" must not be negative')
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


def _missing(said: str, takes: list[str]) -> str:
    """What a kind says of its settings, in the words of the step."""
    for name in takes:
        if f"`{DURATIONS.get(name, name)}`" in said:
            return f'needs "{name}"'
    return f"cannot have these settings: {said}"

"""Steps that say something, end the run, or move time."""

from collections.abc import Iterator
from typing import Any

from fozzy.core.duration import show_ns
from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps.base import Block, Body, Count, Duration, Issue, Name, Step, fail, ns
from fozzy.world.world import World

AT_MS_MAX = 10**15  # as many digits as a duration has


class TraceEvent(Step, frozen=True, kw_only=True, tag="trace_event"):
    """Writes an event with a name and fields into the trace."""

    name: Name
    fields: dict[str, Any] = {}

    def run(self, world: World) -> None:
        world.say(self.name, self.fields)


class Fail(Step, frozen=True, kw_only=True, tag="fail"):
    """Ends the run as failed."""

    message: str

    def run(self, world: World) -> None:
        fail(self.message)


class Panic(Step, frozen=True, kw_only=True, tag="panic"):
    """Ends the run as failed with a finding of kind panic."""

    message: str

    def run(self, world: World) -> None:
        raise StepFailed("", self.message, "panic")


class Sleep(Block, frozen=True, kw_only=True, tag="sleep"):
    """Lets time pass: virtual under `--det`, real otherwise."""

    duration: Duration

    def walk(self, world: World, body: Body) -> Iterator[int]:
        yield ns(self.duration)


class Advance(Step, frozen=True, kw_only=True, tag="advance"):
    """Moves the clock without waiting; only under `--det`."""

    duration: Duration

    def run(self, world: World) -> None:
        if not world.setting.det:
            fail("the clock can only be advanced under --det", title="advance_requires_det")
        world.clock.advance(ns(self.duration))


class Freeze(Step, frozen=True, kw_only=True, tag="freeze"):
    """Stops the clock, at a later time if one is given; only explicit sleep and advance move it until unfreeze."""

    at_ms: Count | None = None

    def run(self, world: World) -> None:
        clock = world.clock
        if self.at_ms is not None:
            ahead_ns = self.at_ms * 10**6 - clock.now
            if ahead_ns < 0:
                fail(f"it is already {show_ns(clock.now)}", title="freeze_in_the_past", field="at_ms")
            clock.advance(ahead_ns)
        clock.frozen = True

    def check(self) -> Iterator[Issue]:
        if isinstance(self.at_ms, int) and self.at_ms > AT_MS_MAX:
            yield Issue(("at_ms",), f'"at_ms" must be at most {AT_MS_MAX}')


class Unfreeze(Step, frozen=True, kw_only=True, tag="unfreeze"):
    """Lets host calls move the clock again."""

    def run(self, world: World) -> None:
        world.clock.frozen = False

"""How blocks behave: steps that hold steps. What they hold is declared where they are listed, in `__init__`.

A block's `walk` is a generator. It yields 0 before every leaf step runs, 0 before it looks at the run or changes it,
and a number of nanoseconds where it waits; outside of `parallel` nobody listens to the zeros. Whatever a block adds to a failure inside it (which attempt, which
round) goes into the failure's `around`.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, NoReturn

import msgspec
from msgspec import Meta

from fozzy.core.clock import TimeUp
from fozzy.core.duration import show_ns
from fozzy.core.forms import ENDINGS_SAID, form_of_scenario
from fozzy.core.outcome import StepFailed
from fozzy.dsl.steps import proc
from fozzy.dsl.steps.base import Block, Body, Count, Duration, Issue, Name, fail, ns
from fozzy.dsl.steps.conditions import Condition, broken, check_condition
from fozzy.dsl.steps.store import check_polls
from fozzy.world.world import World

ROUNDS_MAX = 1_000_000
ATTEMPTS_MAX = 10_000
BRANCHES_MAX = 64
_BRANCH = re.compile(r"[A-Za-z0-9_-]{1,64}")  # it becomes part of a path


class GroupBlock(Block, frozen=True, kw_only=True):
    """Runs steps under a name."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)
    name: Name

    def walk(self, world: World, body: Body) -> Iterator[int]:
        yield from body("steps")


class AssertThrowsBlock(Block, frozen=True, kw_only=True):
    """Passes when one of its steps fails; everything is then as before the block."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)

    def walk(self, world: World, body: Body) -> Iterator[int]:
        yield 0  # what a branch before it does is not to be undone
        before = world.snapshot()
        running = list(world.background)
        try:
            yield from body("steps")
        except StepFailed:
            proc.end_since(world, running)
            world.restore(before)
            return
        fail("no step inside failed", field="steps")


class RepeatBlock(Block, frozen=True, kw_only=True):
    """Runs steps so many times; the round's number, from 0, is kept under `as`."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)
    stores: ClassVar[tuple[str, ...]] = ("as",)
    times: Count
    as_: Name | None = msgspec.field(name="as", default=None)

    def walk(self, world: World, body: Body) -> Iterator[int]:
        for index in range(self.times):
            if self.as_ is not None:
                yield 0
                world.kv[self.as_] = index
            try:
                yield from body("steps")
            except StepFailed as failure:
                failure.around.append(f"round {index + 1} of {self.times}")
                raise

    def check(self) -> Iterator[Issue]:
        if isinstance(self.times, int) and self.times > ROUNDS_MAX:
            yield Issue(("times",), f'"times" must be at most {ROUNDS_MAX}')


class Backoff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A wait that grows: `first`, then each time `factor` as long, never longer than `max`."""

    first: Duration
    factor: Annotated[float, Meta(ge=1, le=100)] = 2.0
    max: Duration | None = None

    def wait_ns(self, attempt: int) -> int:
        """How long to wait after an attempt, counted from 1."""
        most = None if self.max is None else ns(self.max)
        wait = float(ns(self.first))
        for _ in range(attempt - 1):
            wait *= self.factor
            if wait > 1e18 or (most is not None and wait >= most):
                break
        return int(min(wait, 1e18 if most is None else most))


class RetryBlock(Block, frozen=True, kw_only=True):
    """Runs steps again while they fail, at most so many times, waiting in between; nothing is put back."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)
    attempts: Annotated[int, Meta(ge=1, le=ATTEMPTS_MAX)]
    backoff: Duration | Backoff | None = None

    def walk(self, world: World, body: Body) -> Iterator[int]:
        for attempt in range(1, self.attempts + 1):
            try:
                yield from body("steps")
                return
            except StepFailed as failure:
                if attempt == self.attempts:
                    failure.around.append(f"attempt {attempt} of {self.attempts}")
                    raise
            yield self._wait_ns(attempt)

    def _wait_ns(self, attempt: int) -> int:
        if isinstance(self.backoff, Backoff):
            return self.backoff.wait_ns(attempt)
        return ns(self.backoff) if self.backoff is not None else 0


class WithinBlock(Block, frozen=True, kw_only=True):
    """Fails unless its steps end in time; a host call has no more than what is left."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)
    timeout: Duration

    def walk(self, world: World, body: Body) -> Iterator[int]:
        clock = world.clock
        end_ns = clock.spent_ns() + ns(self.timeout)
        inside = body("steps")
        while True:
            if clock.spent_ns() > end_ns:
                self._fail()  # other branches used the time up
            try:
                with clock.bounded(end_ns):
                    pause_ns = next(inside, None)
            except TimeUp:
                self._be_over(world)
            if pause_ns is None:
                return
            left_ns = end_ns - clock.spent_ns()
            if pause_ns > left_ns:
                yield max(left_ns, 0)
                self._be_over(world)
            yield pause_ns

    def _be_over(self, world: World) -> NoReturn:
        if world.clock.left_ns() == 0:
            raise TimeUp  # the time of something around this is over too, and that comes first
        self._fail()

    def _fail(self) -> NoReturn:
        fail(f"the steps inside took longer than {show_ns(ns(self.timeout))}", kind="hang", field="timeout")


class IfBlock(Condition, Block, frozen=True, kw_only=True):
    """Runs `then` when the comparison holds, else `else`, if there is one."""

    blocks: ClassVar[tuple[str, ...]] = ("then", "else_")
    maybe: ClassVar[tuple[str, ...]] = ("that",)
    lead: ClassVar[str] = "that"
    that: Any

    def walk(self, world: World, body: Body) -> Iterator[int]:
        if broken(self, self.that, "that") is None:
            yield from body("then")
        else:
            yield from body("else")

    def check(self) -> Iterator[Issue]:
        yield from check_condition(self)


class AssertEventuallyBlock(Block, frozen=True, kw_only=True):
    """Runs steps at every poll until they hold once; fails when they never do within the time."""

    blocks: ClassVar[tuple[str, ...]] = ("steps",)
    within: Duration
    poll: Duration

    def walk(self, world: World, body: Body) -> Iterator[int]:
        clock, poll_ns = world.clock, ns(self.poll)
        end_ns = clock.spent_ns() + ns(self.within)
        for poll in range(1, ns(self.within) // poll_ns + 2):
            try:
                yield from body("steps")
                return
            except StepFailed as failure:
                if clock.spent_ns() + poll_ns > end_ns:  # the steps may take time themselves
                    failure.around.append(f"poll {poll}, the last within {self.within}")
                    raise
            yield poll_ns

    def check(self) -> Iterator[Issue]:
        yield from check_polls(self.within, self.poll)


class Include(Block, frozen=True, kw_only=True, tag="include"):
    """Runs the steps of another scenario file, relative to this one, with some of its `vars` replaced."""

    file: Name
    with_: dict[str, Any] = msgspec.field(name="with", default_factory=dict)

    def walk(self, world: World, body: Body) -> Iterator[int]:
        yield from body("steps")

    def check(self) -> Iterator[Issue]:
        if "${" in self.file:
            yield Issue(("file",), "the file must be known before the run", "write its path without ${…}")
        elif not form_of_scenario(self.file):
            yield Issue(("file",), f'"{self.file}" is not named as a scenario', f"scenarios end in {ENDINGS_SAID}")


class ParallelBlock(Block, frozen=True, kw_only=True):
    """Runs branches as cooperative tasks; which of them takes the next step is drawn, one that waits is parked.

    A draw of 0 lets the branch that ran last go on. The first failure ends all branches.
    """

    blocks: ClassVar[tuple[str, ...]] = ("branches",)
    name: Name | None = None

    def walk(self, world: World, body: Body) -> Iterator[int]:
        here = world.choices.span
        label = f"parallel.{self.name}" if self.name else "parallel"
        names = self.branch_names()
        tasks = [Task(branch, number, body(f"branches.{branch}")) for number, branch in enumerate(names)]
        for task in tasks:
            task.resume(world)
        picked: Task | None = None
        while tasks := _awake(tasks, world):
            ready = [task for task in tasks if not task.is_parked]
            if not ready:
                yield min(task.wakes_ns for task in tasks) - world.clock.now
                continue
            yield 0
            world.choices.span = here
            ready.sort(key=lambda task: task is not picked)  # the branch that ran last first, then as declared
            picked = ready[world.choices.choose(label, [task.number for task in ready]) if len(ready) > 1 else 0]
            picked.resume(world)

    def check(self) -> Iterator[Issue]:
        for branch in self.branch_names():
            if not _BRANCH.fullmatch(branch):
                hint = "letters, digits, _ and -"
                yield Issue(("branches", branch), f'"{branch}" cannot name a branch', hint)

    def branch_names(self) -> list[str]:
        """The branches in the order they are declared."""
        raise AssertionError("the branches are declared by the listed block")


def _awake(tasks: list["Task"], world: World) -> list["Task"]:
    """The branches that are not over, those whose time has come resumed: in order of time, then as declared."""
    due = [task for task in tasks if task.is_parked and task.wakes_ns <= world.clock.now]
    for task in sorted(due, key=lambda task: task.wakes_ns) if len(due) > 1 else due:
        task.resume(world)
    return [task for task in tasks if not task.is_over]


class Task:
    """A branch under way: over, parked until a time, or ready for its next leaf step. Its number is the order in which
    branches are declared."""

    def __init__(self, name: str, number: int, steps: Iterator[int]) -> None:
        self.number = number
        self._name = name
        self._steps = steps
        self.wakes_ns = -1
        self.is_over = False

    @property
    def is_parked(self) -> bool:
        """Whether it waits for a time."""
        return self.wakes_ns >= 0

    def resume(self, world: World) -> None:
        """Go on to the next leaf step, the next wait, or the end. *Errors*: `StepFailed` of the branch."""
        try:
            pause_ns = next(self._steps, None)
        except StepFailed as failure:
            failure.around.append(f"branch {self._name}")
            raise
        self.is_over = pause_ns is None
        self.wakes_ns = world.clock.now + pause_ns if pause_ns else -1

"""The engine: runs a bound scenario once. One path, whoever answers: a seed, a recording, a search.

Setup and steps run in order until one fails; teardown then runs whatever happened, with a fresh budget of time;
background processes end; leaks are counted. Every step that ends is a record, and so is every finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fozzy.core.brief import shorten
from fozzy.core.choice import Choices
from fozzy.core.clock import TimeUp
from fozzy.core.duration import show_ns
from fozzy.core.events import Found, Step
from fozzy.core.log import BLOCK_RECORDS
from fozzy.core.outcome import Status, StepFailed
from fozzy.core.summary import Heap, worst_status
from fozzy.dsl.steps.proc import end_background
from fozzy.engine.bind import Bound, Plan
from fozzy.world.world import Setting, World

if TYPE_CHECKING:
    from fozzy.faults.engine import Faults
    from fozzy.world.code.base import Seen


class Ended:
    """What a run came to: its worst status, and its findings in the order they were made."""

    __slots__ = ("status", "findings", "now_ns", "aside_ns", "heap", "kv", "seen")

    def __init__(self) -> None:
        self.status: Status = "pass"
        self.findings: list[Found] = []
        self.now_ns = 0
        self.aside_ns = 0
        self.heap: Heap | None = None
        self.kv: dict[str, Any] = {}  # what the store held at the end
        self.seen: Seen | None = None  # what was watched of user code


def execute(
    plan: Plan, setting: Setting, choices: Choices, timeout_ns: int | None = None, ended: Ended | None = None
) -> Ended:
    """Run a plan once. *Errors*: whatever a source raises when it has no answer; `ended`, if the caller gave one, then
    holds how far the run came. *Closes*: the world."""
    world = World(setting, choices)
    world.base_url = plan.base_url
    ended = Ended() if ended is None else ended
    try:
        _phase(plan.main, world, ended, timeout_ns)
        if plan.teardown:
            _phase(plan.teardown, world, ended, timeout_ns)
        _finish(world, ended)
    finally:
        world.close()
        choices.log.flush()
        ended.now_ns, ended.aside_ns = world.clock.now, world.clock.aside_ns
        ended.kv = world.__dict__.get("kv", ended.kv)
        ended.seen = world.code.seen if "code" in world.__dict__ else None
    return ended


def perform(body: Sequence[Bound], world: World) -> Iterator[int]:
    """Run the steps inside a block, yielding before each leaf step and where one is parked."""
    for bound in body:
        if bound.walk is None:
            yield 0  # here a parallel block decides who goes on
            _perform_all((bound,), world)
        else:
            yield from _walk(bound, world)


def _perform_all(body: Sequence[Bound], world: World) -> None:
    """The loop that a million steps go through."""
    log, clock, choices = world.log, world.clock, world.choices
    record, buffer = log.append, log.buffer
    for bound in body:
        at, kind, digest, act, walk = bound
        if walk is not None:
            for pause_ns in _walk(bound, world):
                if pause_ns:
                    clock.sleep(pause_ns)
            continue
        choices.span = at
        start = clock.now
        try:
            note = act(world)
        except StepFailed as failure:
            _fail(bound, failure, start, world)
            raise
        if note is None:
            record(Step(clock.now, at, kind, digest, clock.now - start))
        else:
            record(Step(clock.now, at, kind, digest, clock.now - start, shorten(choices.redactor.clean(note))))
        if len(buffer) >= BLOCK_RECORDS:
            log.flush()


def _walk(bound: Bound, world: World) -> Iterator[int]:
    assert bound.walk is not None
    choices, clock = world.choices, world.clock
    choices.span = bound.at
    start = clock.now
    try:
        for pause_ns in bound.walk(world):
            yield pause_ns
            choices.span = bound.at
    except StepFailed as failure:
        _fail(bound, failure, start, world)
        raise
    log = world.log
    log.append(Step(clock.now, bound.at, bound.type, bound.hash, clock.now - start))
    if len(log.buffer) >= BLOCK_RECORDS:
        log.flush()


def _fail(bound: Bound, failure: StepFailed, start: int, world: World) -> None:
    """Record a failing step; the innermost one is the failure's place, those around it only end."""
    if failure.at == "":
        failure.at, failure.title = bound.at, failure.title or bound.type
        failure.message = shorten(world.choices.redactor.clean(failure.message))
    said = f"{failure.title}: {failure.message}"
    now = world.clock.now
    world.log.append(Step(now, bound.at, bound.type, bound.hash, max(0, now - start), failed=said))


def _phase(body: Sequence[Bound], world: World, ended: Ended, timeout_ns: int | None) -> None:
    """Run one part with its own budget of time and keep what it finds."""
    clock = world.clock
    clock.deadline_ns = None if timeout_ns is None else clock.now + clock.aside_ns + timeout_ns
    try:
        _perform_all(body, world)
    except StepFailed as failure:
        _found(world, ended, failure)
    except TimeUp:
        _found(world, ended, _timeout(world, timeout_ns or 0))
    clock.deadline_ns = None


def _timeout(world: World, timeout_ns: int) -> StepFailed:
    failure = StepFailed("timeout", f"the run took longer than its timeout of {show_ns(timeout_ns)}", "hang", "timeout")
    failure.at = world.choices.span
    return failure


def _found(world: World, ended: Ended, failure: StepFailed) -> None:
    note_failure(world.choices, ended, failure)


def note_failure(choices: Choices, ended: Ended, failure: StepFailed) -> None:
    """Write what was found into the log, and make it part of what the run came to."""
    clean = choices.redactor.clean
    found = Found(
        choices.clock.now,
        failure.at,
        failure.kind,
        failure.title,
        failure.message,
        failure.status,
        failure.field,
        shorten(clean(failure.label)) if failure.label else "",
        shorten(clean(failure.details)) if failure.details is not None else None,
        failure.around,
    )
    choices.log.append(found)
    ended.findings.append(found)
    ended.status = worst_status([ended.status, failure.status])


def _finish(world: World, ended: Ended) -> None:
    """End what still runs in the background, then look for idle faults and for what was never freed.

    What fails the run is said before what only warns: the first finding is the run's failure.
    """
    world.choices.span = "end"
    for name in list(reversed(world.__dict__.get("background", ()))):
        try:
            result = end_background(world, name, "KILL" if ended.status == "timeout" else "TERM")
            if result.ended_before and result.signal is not None:
                message = f"background process {name} was ended by signal {result.signal}"
                raise StepFailed("proc_signal", message, "panic", "crash")
        except StepFailed as failure:
            failure.at = "end"
            _found(world, ended, failure)
    heap = world.__dict__.get("heap")
    if heap is not None:
        ended.heap = Heap(in_use_bytes=heap.in_use_bytes(), peak_bytes=heap.peak_bytes, allocations=len(heap.living()))
    faults = world.__dict__.get("faults")
    last = list(_idle_faults(world, faults)) if faults is not None and ended.status == "pass" else []
    last += _unmet_rules(world) if ended.status == "pass" else []
    if heap is not None and heap.living():
        last.append(_leak(world))
    for each in sorted(last, key=lambda failure: failure.status == "pass"):
        _found(world, ended, each)


def _idle_faults(world: World, faults: Faults) -> Iterator[StepFailed]:
    """A fault that was never rolled hides that nothing was tested; one that only missed is a warning."""
    for tally in faults.tallies():
        if tally.applied + tally.bypassed:
            continue
        if tally.rolled:
            said = f"fault {tally.name} was rolled {tally.rolled} times and missed every time"
            idle = StepFailed("fault_never_hit", said, "checker", "pass")
        else:
            why = f"its schedule took none of {tally.matched} matches" if tally.matched else "nothing it matches came"
            said = f"fault {tally.name} was never rolled: {why}"
            idle = StepFailed("fault_never_rolled", said, "checker", "fail" if world.setting.strict else "pass")
        idle.at = tally.at
        yield idle


def _unmet_rules(world: World) -> Iterator[StepFailed]:
    """With the host backend a rule is an assertion, and one that nothing ever met asserted nothing."""
    for capability in ("http", "proc"):
        rules = world.__dict__.get(f"{capability}_rules")
        if rules is None or getattr(world.setting.backends, capability) != "host":
            continue
        for rule, at in rules.unmet():
            said = shorten(
                world.choices.redactor.clean(f"{capability}_when {rule.words()} asserted nothing: it was never asked")
            )
            status: Status = "fail" if world.setting.strict else "pass"
            unmet = StepFailed(
                "http_when_unmet" if capability == "http" else "proc_when_unmet", said, "checker", status
            )
            unmet.at = at
            yield unmet


def _leak(world: World) -> StepFailed:
    living, in_use = world.heap.living(), world.heap.in_use_bytes()
    budget = world.setting.leak_bytes_max
    status: Status = "pass" if budget is None or in_use <= budget else "fail"
    tags = sorted({allocation.tag for allocation in living if allocation.tag})
    said = f"{in_use} bytes in {len(living)} allocations were never freed" + (f" ({', '.join(tags)})" if tags else "")
    failure = StepFailed("memory_leak", said, "invariant", status, details={"bytes": in_use})
    failure.at = "end"
    return failure

"""The kernel: owns virtual time and decides what runs next. Everything that happens in a cluster happens here.

Rule 1: time moves only when nobody can run. At one instant, what arrives is put into the machines' ready lists; then
the machines run, one handle after the other, until all lists are empty.
Rule 2: within a machine handles run in the order they became ready, as asyncio promises, unless the cluster explores
that too (`intra`). Which machine runs next is a choice only where steps of two machines may not commute (`commuting`).
Rule 3: what becomes due at the same instant at one machine from different origins is ordered by a choice.
Rule 4: a choice is made through `Choices`; the boring one, 0, is the machine that was ready first, and of what arrives
the machine's own timers, then the lowest number.
Rule 5: where machines commute, nothing follows from which of them ran first at an instant: not the order of what
arrives, not when a step goes on. So `doctor` can have them run in another order (`turned`) and compare.
"""

from __future__ import annotations

from asyncio import events
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import Any, Literal

from fozzy.core.choice import Choices
from fozzy.core.events import Event
from fozzy.core.log import BLOCK_RECORDS
from fozzy.sim import context
from fozzy.sim.node import Node

LIVELOCK_STEPS = 500_000  # handles at one instant; a program that computes for long in small steps makes some thousands
STEPS_MAX = 20_000_000  # handles of one execution: most of a minute; an hour of a busy cluster makes a few million
TURN_NS = 1_000  # no loop takes less time for a turn with a timer in it
PURGE_MIN = 256  # timers that were cancelled and still wait, before it pays to look for them

Why = Literal["done", "time", "idle", "halted"]
Turned = tuple[str, ...]  # machines that run in another order than they are ready in: two of them, or all when empty
Due = tuple[int, int, Node | None, int, Callable[[Any], None], Any]  # when, number, whose, origin, what, with what

SPAN = "distributed"  # where a run is when no machine runs
KERNEL = -1  # the origin of what the kernel itself does; it happens first and is no choice
TIMER = 0  # the origin of a machine's own timers


class Pending:
    """Something a caller of `Kernel.run` waits for."""

    __slots__ = ("done", "value", "error", "then", "_kernel")

    def __init__(self, kernel: Kernel) -> None:
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.then: Callable[[Pending], None] | None = None
        self._kernel = kernel

    def set(self, value: Any = None, error: BaseException | None = None) -> None:
        """It came to an end."""
        if not self.done:
            self.done, self.value, self.error = True, value, error
            self._kernel.stirred = True
            if self.then is not None:
                self.then(self)


class Kernel:
    """*Limits*: `LIVELOCK_STEPS` at one instant, `steps_max` in all. *Errors*: what a source raises."""

    def __init__(
        self, choices: Choices, *, commuting: bool = False, intra: bool = False, turned: Turned | None = None
    ) -> None:
        self.choices = choices
        self.clock = choices.clock
        self.log = choices.log
        self.commuting = commuting
        self.intra = intra
        self.turned = turned
        self.nodes: list[Node] = []
        self.runnable: list[Node] = []
        self.stirred = False  # the machine that runs must stop after this handle
        self.halted: Callable[[], None] | None = None  # why the run is over
        self.beat: Callable[[], None] | None = None  # called once, between two turns
        self.steps = 0
        self.steps_max = STEPS_MAX
        self.turns = 0
        self.watchers: list[Callable[[], None]] = []  # told whenever an instant is over
        self.in_flight = 0  # what is on the wire and will arrive
        self.current: Node | None = None
        self._due: list[Due] = []
        self._count = 0
        self._cancelled = 0

    # What happens later

    def at(self, when_ns: int, node: Node | None, origin: int, what: Callable[[Any], None], arg: Any) -> None:
        """Have something happen at an instant, on behalf of a machine; `origin` tells from where it comes."""
        self._count += 1
        heappush(self._due, (when_ns, self._count, node, origin, what, arg))

    def later(self, delay_ns: int, what: Callable[[Any], None], arg: Any = None) -> None:
        """Have the kernel itself do something after a while."""
        self.at(self.clock.now + delay_ns, None, KERNEL, what, arg)

    def timer(self, when_ns: int, node: Node, handle: Any) -> None:
        """Have a handle of a machine become ready at an instant, by this machine's clock; never at the one that is now,
        since a program that waits for a moment that is as good as over would wait for ever."""
        self._count += 1
        heappush(self._due, (max(when_ns, self.clock.now + TURN_NS), self._count, node, TIMER, node.timer_due, handle))

    def last_due(self, origin: int) -> int:
        """The instant of the last thing that is due from there; now when there is none."""
        return max((due[0] for due in self._due if due[3] == origin), default=self.clock.now)

    def timer_cancelled(self) -> None:
        """A timer that waits was cancelled; many of them are swept out."""
        self._cancelled += 1
        if self._cancelled > PURGE_MIN and self._cancelled * 2 > len(self._due):
            self._due = [each for each in self._due if not (each[3] == TIMER and each[5]._cancelled)]
            heapify(self._due)
            self._cancelled = 0

    # The loop

    def run(self, until_ns: int, pending: Pending | None = None) -> Why:
        """Run until something is done, or until an instant, or until nothing can happen any more."""
        while True:
            if self.halted is not None:
                return "halted"
            if pending is not None and pending.done and not (self.commuting and self.runnable):
                return "done"
            if self.runnable:
                self._turn()
                continue
            if self.watchers:
                for watcher in self.watchers:
                    watcher()
                if self.halted is not None or self.runnable or (pending is not None and pending.done):
                    continue
            why = self._advance(until_ns)
            if why is not None:
                return why

    def halt(self, why: Callable[[], None]) -> None:
        """End the run after the handle that runs now; `why` is called by whoever drives the kernel."""
        if self.halted is None:
            self.halted = why
        self.stirred = True

    def is_idle(self) -> bool:
        """Whether nothing will ever happen by itself."""
        return not self.runnable and not self._next_due()

    def _turn(self) -> None:
        """Let one machine run."""
        self.turns += 1
        runnable = self.runnable
        if self.commuting or len(runnable) == 1:
            self._run(runnable[0] if self.turned is None else self._turned(self.turned), -1)
            return
        self.choices.span = SPAN
        index = self.choices.choose("sched.node", [node.number for node in runnable])
        self._run(runnable[index], 1)

    def _turned(self, turned: Turned) -> Node:
        """The machine that runs in another order: the last that is ready, or of two the one that would be later."""
        runnable = self.runnable
        if not turned:
            return runnable[-1]
        first = runnable[0]
        if first.name not in turned:
            return first
        return next((node for node in runnable[1:] if node.name in turned), first)

    def _run(self, node: Node, count: int) -> None:
        """Run handles of a machine until it has none, `count` is used up, or something stirred."""
        ready, steps, limit, intra = node.ready, 0, count if count > 0 else LIVELOCK_STEPS, self.intra
        last = node.last
        if last is None and ready:
            last = ready[-1]
        self.enter(node)
        self.stirred = False
        try:
            while ready:
                handle = ready.popleft() if not intra or len(ready) == 1 else node.choose()
                if not handle._cancelled:
                    steps += 1
                    args = handle._args
                    try:
                        if not args:  # what is called without a tuple is called twice as fast
                            handle._context.run(handle._callback)
                        elif len(args) == 1:
                            handle._context.run(handle._callback, args[0])
                        else:
                            handle._context.run(handle._callback, *args)
                    except BaseException as error:
                        node.failed(handle, error)
                if handle is last:
                    if node.overdue:
                        node.next_round()
                    last = ready[-1] if ready else None
                if self.stirred or steps == limit:
                    break
        finally:
            self.leave()
            node.last = last
        self.steps += steps
        self._after(node, steps)

    def _after(self, node: Node, steps: int) -> None:
        """What follows a machine's turn."""
        if node.lag_ns:
            node.hold_for_lag()
        elif not node.ready and node.is_queued:
            node.is_queued = False
            self.runnable.remove(node)
        node.instant_steps = node.instant_steps + steps if node.instant == self.clock.now else steps
        node.instant = self.clock.now
        if node.instant_steps >= LIVELOCK_STEPS:
            self.halt(lambda: node.cluster.livelocked(node))
        if self.steps > self.steps_max:
            self.halt(node.cluster.too_many_steps)
        if len(self.log.buffer) >= BLOCK_RECORDS:
            self.log.flush()
        if self.beat is not None:
            beat, self.beat = self.beat, None
            beat()

    def enter(self, node: Node) -> None:
        """Make a machine the one that runs."""
        if self.current is not node:
            self.current = node
            if node.modules is not None:
                node.cluster.user.enter(node.modules)
        self.choices.span = node.span
        context.current = node
        events._set_running_loop(node.loop)

    def leave(self) -> None:
        """Nobody runs."""
        context.current = None
        events._set_running_loop(None)

    # Time

    def _next_due(self) -> Due | None:
        due = self._due
        while due and due[0][3] == TIMER and due[0][5]._cancelled:
            heappop(due)
            self._cancelled -= 1
        return due[0] if due else None

    def _advance(self, until_ns: int) -> Why | None:
        """Go to the next instant at which something happens, and let it happen."""
        due = self._due
        if not due or (due[0][3] == TIMER and self._next_due() is None):
            return "idle"
        when = due[0][0]
        if when > until_ns:
            self.clock.now = max(self.clock.now, until_ns)
            return "time"
        first = heappop(due)
        self.clock.now = when
        if not due or due[0][0] != when:
            self.choices.span = SPAN if first[2] is None else first[2].span
            first[4](first[5])
            return None
        together = [first]
        while due and due[0][0] == when:
            each = heappop(due)
            if not (each[3] == TIMER and each[5]._cancelled):
                together.append(each)
        self._together(together)
        return None

    def _together(self, due: list[Due]) -> None:
        """What falls on one instant: the kernel's own first, then for each machine in an order that is a choice."""
        waiting: dict[int, list[Due]] = {}
        for each in due:
            if each[2] is None:
                self._happen(each)
            else:
                waiting.setdefault(each[2].number, []).append(each)
        for number in sorted(waiting):
            several = waiting[number]
            if len(several) > 1 and any(each[3] != several[0][3] for each in several):
                several = self._ordered(several)
            for each in several:
                if not (each[3] == TIMER and each[5]._cancelled):
                    self._happen(each)

    def _happen(self, due: Due) -> None:
        """Let something happen, in the name of the machine it is at."""
        self.choices.span = SPAN if due[2] is None else due[2].span
        due[4](due[5])

    def _ordered(self, several: list[Due]) -> list[Due]:
        """What arrives at one machine at one instant; what comes from one origin keeps its order."""
        node = several[0][2]
        assert node is not None
        queues: dict[int, list[Due]] = {}
        for each in several:
            queues.setdefault(each[3], []).append(each)
        ordered: list[Due] = []
        self.choices.span = node.span
        while len(queues) > 1:
            origins = sorted(queues)
            origin = origins[self.choices.choose(f"sched.arrive.{node.name}", origins)]
            ordered.append(queues[origin].pop(0))
            if not queues[origin]:
                del queues[origin]
        return ordered + next(iter(queues.values()))

    def event(self, name: str, /, **fields: Any) -> None:
        """Say what happens, where the run is now; `fields` are names of the scenario's own."""
        self.log.append(Event(self.clock.now, self.choices.span, name, fields))

    def tell(self, name: str, /, **fields: Any) -> None:
        """As `event`, of what user code says: it may hold secrets."""
        self.event(name, **self.choices.redactor.clean(fields))

    def close(self) -> None:
        """Forget all that was to happen."""
        self._due.clear()
        self.runnable.clear()
        self.watchers.clear()
        self.halted = None
        self.current = None

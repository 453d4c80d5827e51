"""A machine of a simulated cluster: what is ready to run on it, its clock, its entropy, whether it is up."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Any

from fozzy.sim.tasks import SimTask

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from fozzy.sim.cluster import Cluster
    from fozzy.sim.kernel import Kernel

FIRST_DESCRIPTOR = 1_000_000  # no program has a million files: a number that is no descriptor of ours
NODES_MAX = 4096  # clients among them; a larger cluster would only have the same numbers twice
BITS_MAX = 48  # of one draw: a draw has at most 2^53 values
PID_FIRST = 1000
HURRIED_MAX = 8  # rounds at one instant with timers that were due when they were made; then time passes


class Node:
    """A machine, and what runs on it. The machine outlives its program: `incarnation` counts how often that began."""

    __slots__ = (
        "name", "number", "ip", "span", "cluster", "kernel", "ready", "loop", "modules", "incarnation", "pid",
        "is_up", "is_paused", "is_queued", "lag_ns", "instant", "instant_steps", "state", "storage", "listeners",
        "__weakref__", "datagrams", "ports", "handlers", "_labels", "is_client", "tasks_made",
        "descriptors",
        "last", "overdue", "hurried", "is_blocked",
    )  # fmt: skip

    def __init__(self, name: str, number: int, cluster: Cluster, *, is_client: bool = False) -> None:
        self.name = name
        self.number = number
        self.is_client = is_client
        third, fourth = divmod(number, 250)
        self.ip = f"10.{int(is_client)}.{third}.{fourth + 1}"
        self.span = f"distributed.{'clients' if is_client else 'nodes'}.{name}"
        self.cluster = cluster
        self.kernel: Kernel = cluster.kernel
        self.ready: deque[Any] = deque()
        self.loop: AbstractEventLoop | None = None
        self.modules: Any = None  # its copies of the user's
        self.incarnation = 0
        self.pid = PID_FIRST + number
        self.is_up = False
        self.is_paused = False
        self.is_queued = False  # in the kernel's list of those that can run, or kept out of it on purpose
        self.is_blocked = False  # a blocking call is not over
        self.lag_ns = 0  # how far a blocking call has brought its clock ahead
        self.instant = -1
        self.instant_steps = 0
        self.state: dict[str, Any] = {}  # what the program shows to checkers
        self.storage: dict[str, Any] = {}  # what survives a crash
        self.listeners: dict[int | str, Any] = {}
        self.datagrams: dict[int, Any] = {}
        self.ports = 49152
        self.handlers: dict[int, Any] = {}  # of signals; nobody sends one
        self.tasks_made = 0
        self.descriptors = 0
        self.last: Any = None  # the handle that ends this round; what becomes ready now is of the next one
        self.hurried = (-1, 0)  # an instant, and how many rounds with such timers there were in it
        self.overdue: list[Any] = []  # timers that were due when they were made: they come in with the next round
        self._labels = (f"random.{name}", f"entropy.{name}", f"sched.{name}")

    # What a program reads of its machine

    def now_ns(self) -> int:
        """Nanoseconds since the run began."""
        return self.kernel.clock.now + self.lag_ns

    def bits(self, count: int) -> int:
        """Random bits, drawn."""
        value, draw = 0, self.kernel.choices.draw
        while count > 0:
            some = min(count, BITS_MAX)
            value = value << some | draw(self._labels[0], 0, (1 << some) - 1)
            count -= some
        return value

    def entropy(self, count: int) -> bytes:
        """Random bytes, drawn."""
        value, draw = bytearray(), self.kernel.choices.draw
        while len(value) < count:
            some = min(count - len(value), BITS_MAX // 8)
            value += draw(self._labels[1], 0, (1 << 8 * some) - 1).to_bytes(some, "big")
        return bytes(value)

    def block(self, duration_ns: int) -> None:
        """Nothing else runs on this machine until the time is over; the others do not notice."""
        self.lag_ns += max(0, duration_ns)
        self.kernel.stirred = True

    def say(self, text: str) -> None:
        """A line that it prints is an event."""
        self.cluster.said(self, text)

    def encrypts(self, ssl_object: Any, data: bytes) -> None:
        """The program encrypts something, with whatever library."""
        from fozzy.sim.tls import note_clear

        note_clear(self, ssl_object, data)

    def fence(self, call: str, why: str) -> BaseException:
        """The run ends: what the program does cannot be simulated."""
        return self.cluster.fenced(self, call, why)

    # What the kernel asks of it

    def wake(self) -> None:
        """It has something to run."""
        if not self.is_queued:
            self.is_queued = True
            kernel = self.kernel
            kernel.runnable.append(self)
            if not kernel.commuting:
                kernel.stirred = True

    def timer_due(self, handle: Any) -> None:
        """A timer of its program is due."""
        if self.is_up and handle._loop is self.loop:
            self.ready.append(handle)
            self.wake()

    def may_hurry(self) -> bool:
        """Whether a timer that is due already may come at this instant; many of them have to let time pass."""
        return self.hurried[0] != self.kernel.clock.now or self.hurried[1] < HURRIED_MAX

    def next_round(self) -> None:
        """A round of its loop is over: timers that are due come behind what is ready."""
        overdue, self.overdue = self.overdue, []
        now, (then, count) = self.kernel.clock.now, self.hurried
        self.hurried = (now, count + 1 if then == now else 1)
        overdue.sort(key=lambda handle: handle._when)
        self.ready.extend(overdue)

    def choose(self) -> Any:
        """The next handle where the order within a machine is explored: any task that is ready, or the first of what
        is no task; these keep their order."""
        ready = self.ready
        who: list[int] = []
        places: list[int] = []
        plain = False
        for place, handle in enumerate(ready):
            task = getattr(handle._callback, "__self__", None)
            number = task.number if isinstance(task, SimTask) else 0
            if number or not plain:
                plain = plain or not number
                who.append(number)
                places.append(place)
        index = self.kernel.choices.choose(self._labels[2], who) if len(who) > 1 else 0
        handle = ready[places[index]]
        del ready[places[index]]
        return handle

    def failed(self, handle: Any, error: BaseException) -> None:
        """A handle raised: what a task raises is the task's, so this is a callback, or the end of the program."""
        self.cluster.callback_failed(self, handle, error)

    def hold_for_lag(self) -> None:
        """A blocking call: it is kept out of the list until that is over."""
        lag, self.lag_ns = self.lag_ns, 0
        if self in self.kernel.runnable:
            self.kernel.runnable.remove(self)
        self.is_queued = self.is_blocked = True
        incarnation = self.incarnation
        self.kernel.later(lag, lambda _arg: self._unblock(incarnation))

    def _unblock(self, incarnation: int) -> None:
        if incarnation == self.incarnation and self.is_up:
            self.is_blocked = False
            self.release()

    def release(self) -> None:
        """It may run again, unless it is paused or blocks itself."""
        if self.is_paused or self.is_blocked:
            return
        self.is_queued = False
        if self.ready:
            self.wake()

    def hold(self) -> None:
        """It may not run."""
        if self in self.kernel.runnable:
            self.kernel.runnable.remove(self)
        self.is_queued = True
        self.kernel.stirred = True

    def close(self) -> None:
        """The run is over."""
        self.is_up = False
        self.loop = self.modules = self.last = None
        for held in (self.ready, self.overdue, self.listeners, self.datagrams, self.handlers, self.state, self.storage):
            held.clear()

    def hang_up(self) -> None:
        """Its program has ended: the system closes what it had open."""
        self.listeners.clear()
        self.datagrams.clear()
        if self.loop is not None:
            for endpoint in list(self.loop.endpoints):  # type: ignore[attr-defined]
                endpoint.drop()

    def port(self) -> int:
        """A port nobody has."""
        self.ports += 1
        return self.ports

    def descriptor(self) -> int:
        """A number for a socket: no other machine has it, and it does not depend on what others open."""
        self.descriptors += 1
        return FIRST_DESCRIPTOR + self.descriptors * NODES_MAX + self.number

    def __repr__(self) -> str:
        return f"<node {self.name}>"


def innermost(trace: TracebackType | None) -> TracebackType | None:
    """Where an exception was raised."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace

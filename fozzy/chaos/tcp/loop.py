"""What all connections of a run share: who watches their sockets, their alarms, one buffer to read into, and the tasks.

Rule 1: one task reads and says when it was, another gives what is due. So nothing that waits keeps anything from being read.
Rule 2: relays never call each other, and the engine never calls back into a relay that is at work: what must be looked
at again is noted (`again`), and looked at when the call that noted it is over.
Rule 3: nobody stays at work for long: a relay that has more to read lets the others go first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio

from fozzy import wall
from fozzy.chaos.tcp.alarms import Alarms
from fozzy.chaos.tcp.session import TcpSession
from fozzy.chaos.tcp.watch import Watch, watch
from fozzy.errors import FozzyError

BUFFER_BYTES = 1 << 20  # of one read where nothing can happen to it; larger is no faster
BUGS_MAX = 16  # that are kept
HOT_S = 0.001  # how long is waited while things come one after the other, before other tasks have their turn
HOT_NS = 1_000_000  # the same: what comes within that comes soon
COLD_MAX = 1024  # quick ones until that is tried again, where it was in vain
TOLD_MAX = 256  # in a row at most; then others have it in any case
ROUNDS_MAX = 64

Again = Callable[[], None]


class Heat:
    """Whether things come one after the other. It only says how they are waited for, and nothing depends on that.

    Where waiting was in vain, as with clients that live in this very loop, it is tried ever more rarely.
    """

    def __init__(self) -> None:
        self.is_hot = False
        self._left = 1  # quick ones until it is tried
        self._wanted = 1

    def rested(self, elapsed_ns: int) -> None:
        """Something came so long after what was before."""
        if elapsed_ns < HOT_NS and not self.is_hot:
            self._left -= 1
            self.is_hot = self._left <= 0

    def waited(self, has_come: bool) -> None:
        """It was waited for, and came or not."""
        self._wanted = 1 if has_come else min(self._wanted * 4, COLD_MAX)
        if not has_come:
            self.is_hot, self._left = False, self._wanted


class Loop:
    """One for all proxies of a run."""

    def __init__(self, session: TcpSession, watched_by: Watch | None = None) -> None:
        self.session = session
        self.alarms = Alarms(session)
        self.watch = watched_by or watch()
        self.buffer = memoryview(bytearray(BUFFER_BYTES))
        self.bugs: list[Exception] = []  # of ours, each of which ended a connection; whoever runs this tells them
        self.troubles: dict[str, FozzyError] = {}  # that are none of ours and last: why a proxy cannot listen now
        self.is_over = False  # no task can begin any more
        self._again: dict[Again, None] = {}
        self._is_at_work = False
        self._heat = Heat()
        self._has_spawned = False
        self._nudge = trio.Event()
        self._nursery: trio.Nursery | None = None

    @property
    def nursery(self) -> trio.Nursery:
        """Where tasks of connections run."""
        assert self._nursery is not None
        return self._nursery

    def again(self, call: Again) -> None:
        """Call this soon, once however often it was said."""
        self._again[call] = None
        if not self._is_at_work:
            self._nudge.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Look after everything until cancelled. *Closes*: what watches."""
        try:
            async with trio.open_nursery() as self._nursery:
                self.watch.open(self._nursery)
                self._nursery.start_soon(self.alarms.run)
                self._nursery.start_soon(self._doing_again)
                task_status.started()
                await self._reading()
        finally:
            self.is_over = True
            self.watch.close()

    def bug(self, error: Exception) -> None:
        """Something is wrong with us."""
        if len(self.bugs) < BUGS_MAX:
            self.bugs.append(error)

    def spawn(self, task: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Begin a task; nothing is waited for here before it had its turn."""
        self._has_spawned = True
        self.nursery.start_soon(task, *args)

    async def _reading(self) -> None:
        while True:
            rested_ns = wall.elapsed_ns()
            await self.watch.wait()
            self._heat.rested(wall.elapsed_ns() - rested_ns)
            while self._work():
                await trio.lowlevel.checkpoint()

    def _work(self) -> bool:
        """Tell what there is and what comes while it is hot. Returns whether there is more to do at once."""
        self._is_at_work, told, rounds = True, 0, 0
        try:
            while told < TOLD_MAX and rounds < ROUNDS_MAX and not self._has_spawned:
                patience_s = self._patience_s()
                found = self.watch.tell(patience_s)
                if patience_s:
                    self._heat.waited(found > 0)
                self._do_again()
                if not found and not self._again:
                    return False
                told, rounds = told + found, rounds + 1
        finally:
            self._is_at_work = self._has_spawned = False
        return True

    def _patience_s(self) -> float:
        """How long the next thing is waited for here, where waiting costs less than in trio: while it comes soon."""
        return HOT_S if self._heat.is_hot and not self._again and not self.alarms.is_due_within(HOT_S) else 0.0

    async def _doing_again(self) -> None:
        while True:
            await self._nudge.wait()
            self._nudge = trio.Event()
            self._do_again()
            await trio.lowlevel.checkpoint()

    def _do_again(self) -> None:
        """What was noted by now; what is noted meanwhile comes next."""
        noted, self._again = self._again, {}
        for call in noted:
            call()

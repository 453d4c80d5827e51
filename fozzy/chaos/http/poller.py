"""Who has something to read, for all connections at once: registered once each, and not anew for every wait.

trio registers a socket for each wait, which is a third of what a small request costs. Here one edge-triggered epoll holds
all sockets and one task waits for it and wakes who waits. Only Linux has it; elsewhere ends wait as trio does.
Rule 1: an edge is told once. So what is told while nobody waits is remembered, and an end of the other side for good.
Rule 2: who finds something at once still lets others go first, so that no stream keeps the rest waiting.
"""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Callable
from typing import Any

import trio
from trio.lowlevel import Abort, RaiseCancelT, Task, checkpoint, current_task, reschedule, wait_task_rescheduled

from fozzy.chaos.http.ends import READ_BYTES, End

_READABLE = 1  # EPOLLIN; whatever else is told means an end or an error
_EDGES = 0
if sys.platform == "linux":
    _EDGES = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET


class Poller:
    """One for all connections of a proxy. *Closes*: `close`, once nobody waits any more."""

    def __init__(self) -> None:
        self._ends: dict[int, PolledEnd] = {}
        self._epoll: Any = None  # `select.epoll`, which only Linux has

    def open(self) -> None:
        """From now on ends are woken here, where the system can."""
        if sys.platform == "linux":
            self._epoll = select.epoll()

    def close(self) -> None:
        """Let go of the system's list."""
        epoll, self._epoll = self._epoll, None
        if epoll is not None:
            epoll.close()

    def end(self, sock: socket.socket) -> End:
        """An end that this wakes, or one that waits by itself."""
        return End(sock) if self._epoll is None else PolledEnd(sock, self)

    def add(self, end: PolledEnd) -> None:
        """Wake this end from now on."""
        number = end.socket.fileno()
        self._ends[number] = end
        if self._epoll is not None:
            self._epoll.register(number, _EDGES)

    def drop(self, end: PolledEnd) -> None:
        """Forget an end that is about to be closed; its number will be another's."""
        self._ends.pop(end.socket.fileno(), None)

    async def run(self) -> None:
        """Wake who waits, until cancelled."""
        epoll, ends = self._epoll, self._ends
        if epoll is None:
            return
        number = epoll.fileno()
        while True:
            await trio.lowlevel.wait_readable(number)
            for each, told in epoll.poll(0):
                end = ends.get(each)
                if end is not None:
                    end.wake(told)


class PolledEnd(End):
    """A plain end that a poller wakes. One task reads from it at a time."""

    __slots__ = ("_has_ended", "_is_ready", "_poller", "_task")

    def __init__(self, sock: socket.socket, poller: Poller) -> None:
        super().__init__(sock)
        self._poller = poller
        self._task: Task | None = None
        self._is_ready = False  # something may be there
        self._has_ended = False  # the other side has ended its half, so no edge will come for it again
        poller.add(self)

    async def recv(self) -> bytes:
        while True:
            if self._is_ready:
                await checkpoint()
            else:
                self._task = current_task()
                await wait_task_rescheduled(self._leave)
            self._is_ready = self._has_ended
            try:
                data = self.socket.recv(READ_BYTES)
            except BlockingIOError:
                self._is_ready = False
                continue
            if len(data) == READ_BYTES:
                self._is_ready = True  # there may be more, of which no edge will tell
            return data

    def wake(self, told: int) -> None:
        """Something came, or the other side ended."""
        self._is_ready = True
        if told != _READABLE:
            self._has_ended = True
        task, self._task = self._task, None
        if task is not None:
            reschedule(task)

    def is_clean(self) -> bool:
        if not self._is_ready:
            return True
        if not super().is_clean():
            return False
        self._is_ready = False
        return True

    def close(self, *, at_once: bool = False) -> None:
        self._poller.drop(self)
        super().close(at_once=at_once)

    def _leave(self, _: Callable[[], RaiseCancelT]) -> Abort:
        self._task = None
        return Abort.SUCCEEDED

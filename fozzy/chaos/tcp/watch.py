"""Which sockets have something to read or room to write, told by calls and not by waking tasks.

A task for each direction costs more than all the rest of a small round trip, and a system call for each wait nearly as
much. On Linux one edge-triggered epoll holds all sockets and one task calls whoever is concerned (`Edges`). Elsewhere
a task waits as trio does, once for each time that somebody wants to know (`Watch`).
Rule 1: a thing is told once. Who is told `READ` remembers it until the system says that there is no more; only then it
says `wants_read`, and `wants_write` where the system took no more.
Rule 2: nobody is called any more once it was dropped.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Awaitable, Callable
from socket import socket as Socket  # noqa: N812
from typing import Any, Protocol

import trio
from trio.lowlevel import notify_closing, wait_readable, wait_writable

READ = 1  # EPOLLIN
WRITE = 4  # EPOLLOUT
FAILED = 8  # EPOLLERR: the other side reset the connection, or nobody is there any more
EVENTS_MAX = 512  # in one look, so that others have their turn
_EDGES = 0
if sys.platform == "linux":
    _EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET


class Watched(Protocol):
    """A socket that is watched."""

    @property
    def socket(self) -> Socket:
        """The socket."""

    def told(self, events: int) -> None:
        """There is something; other bits than the three mean that the other side has ended."""


class Watch:
    """One for all connections: tasks that wait. *Closes*: `close`, once all were dropped."""

    is_asked = True  # it must be said what is wanted

    def __init__(self) -> None:
        self._all: dict[int, Watched] = {}
        self._nursery: trio.Nursery | None = None

    def open(self, nursery: trio.Nursery) -> None:
        """From now on it can be asked."""
        self._nursery = nursery

    def close(self) -> None:
        """Nobody is told any more."""
        self._all.clear()

    def add(self, watched: Watched) -> None:
        """Tell this one, also of what is there already."""
        self._all[watched.socket.fileno()] = watched
        self.wants_read(watched)

    def drop(self, watched: Watched) -> None:
        """Tell it nothing more. It is about to be closed, or somebody else waits for it from now on."""
        if self._all.pop(watched.socket.fileno(), None) is not None:
            notify_closing(watched.socket)

    def wants_read(self, watched: Watched) -> None:
        """Tell it when there is something to read."""
        self._tell_once(watched, wait_readable, READ)

    def wants_write(self, watched: Watched) -> None:
        """Tell it when there is room to write."""
        self._tell_once(watched, wait_writable, WRITE)

    async def wait(self) -> None:
        """Until `tell` has something."""
        await trio.sleep_forever()

    def tell(self, seconds: float) -> int:
        """Tell what there is, waiting for it at most so long. Returns how many were told."""
        return 0

    def has_news(self) -> bool:
        """Whether there is something that nobody was told of yet, as far as that shows. Any thread may ask."""
        return False

    def _tell_once(self, watched: Watched, wait: Callable[[Any], Awaitable[None]], event: int) -> None:
        assert self._nursery is not None
        self._nursery.start_soon(self._telling, watched, wait, event)

    async def _telling(self, watched: Watched, wait: Callable[[Any], Awaitable[None]], event: int) -> None:
        number = watched.socket.fileno()
        if self._all.get(number) is not watched:
            return
        try:
            await wait(number)
        except (trio.ClosedResourceError, trio.BusyResourceError, OSError):
            return
        if self._all.get(number) is watched:
            watched.told(event)


class Edges(Watch):
    """The same by one epoll: each socket is registered once, and nothing must be said."""

    is_asked = False

    def __init__(self) -> None:
        super().__init__()
        self._epoll: Any = None  # `select.epoll`, which only Linux has

    def open(self, nursery: trio.Nursery) -> None:
        if sys.platform == "linux":
            self._epoll = select.epoll()

    def close(self) -> None:
        super().close()
        epoll, self._epoll = self._epoll, None
        if epoll is not None:
            epoll.close()

    def add(self, watched: Watched) -> None:
        number = watched.socket.fileno()
        self._all[number] = watched
        self._epoll.register(number, _EDGES)

    def drop(self, watched: Watched) -> None:
        number = watched.socket.fileno()
        if self._all.pop(number, None) is not None:
            self._epoll.unregister(number)

    def wants_read(self, watched: Watched) -> None:
        pass

    def wants_write(self, watched: Watched) -> None:
        pass

    async def wait(self) -> None:
        await wait_readable(self._epoll.fileno())

    def tell(self, seconds: float) -> int:
        found = self._epoll.poll(seconds, EVENTS_MAX)
        everyone = self._all
        for number, events in found:
            watched = everyone.get(number)
            if watched is not None:
                watched.told(events)
        return len(found)

    def has_news(self) -> bool:
        epoll = self._epoll
        poll = select.poll()
        try:
            poll.register(epoll, select.POLLIN)
        except (TypeError, ValueError):  # it is closed, or not open yet
            return False
        return bool(poll.poll(0))


def watch() -> Watch:
    """The best of this system."""
    return Edges() if sys.platform == "linux" else Watch()

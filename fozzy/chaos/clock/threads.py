"""Threads on a shared clock: sleeping, and waiting for sockets, in code that blocks.

Rule 1: a thread that runs keeps the time as it is; while it sleeps or waits for a socket here, it is idle.
Rule 2: a thread whose loop is on the clock sleeps on the loop's seat: it is one and the same that waits.
Rule 3: only Python's own sockets can wait here. What waits in C, as TLS does, is asleep: the clock goes on once all are.
Rule 4: a thread that a test starts has a seat until it ends. One that was there before lives in real time, but sleeps here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import WeakSet

from fozzy import wall
from fozzy.chaos.clock.shared import NEVER_NS, HasCome, Seat, SharedClock
from fozzy.chaos.clock.times import LISTEN_S, readable
from fozzy.errors import UsageError

SOCKET_CALLS = ("recv", "recv_into", "recvfrom", "recvfrom_into", "send", "sendall", "connect", "accept")
FAR_S = 0.1  # for a server that no proxy stands before
_READS = ("recv", "recv_into", "recvfrom", "recvfrom_into", "accept")


class Threads:
    """The threads of one test. *Errors*: `UsageError` where one cannot see for what they wait.

    *Closes*: `close` gives all seats back.
    """

    def __init__(self, clock: SharedClock) -> None:
        if not hasattr(select, "poll"):
            hint = "@pytest.mark.chaos(real_time=True) leaves the test in real time"
            raise UsageError("chaos.not_here", "tests cannot share a clock on this system", hint=hint)
        self._clock = clock
        self._local = threading.local()
        self._places: list[_Place] = []
        self._resets: WeakSet[socket.socket] = WeakSet()  # that nobody was told of
        self._lost: WeakSet[socket.socket] = WeakSet()  # something was sent to them all the same
        self.near: set[int] = set()  # ports of proxies, which say themselves what is in flight
        self.is_over = False
        self._expected: dict[threading.Thread, Seat] = {}

    @contextlib.contextmanager
    def looping(self, seat: Seat) -> Iterator[None]:
        """Within this block a loop runs in this thread: the thread waits where its loop does."""
        own, before = self._local.__dict__.pop("place", None), getattr(self._local, "seat", None)
        self._local.seat = seat
        if own is not None:
            own.rest()
        try:
            yield
        finally:
            self._local.seat = before
            if own is not None:
                own.go_on()
                self._local.place = own

    def begin(self, name: str) -> None:
        """This thread runs code that is tested: time stands while it does not wait."""
        self._place(name)

    @property
    def knows(self) -> bool:
        """Whether this thread has a seat, its own or its loop's."""
        return not self.is_over and ("place" in self._local.__dict__ or getattr(self._local, "seat", None) is not None)

    def expect(self, thread: threading.Thread) -> None:
        """A thread is about to begin: it has a seat from now on."""
        if not self.is_over:
            self._expected[thread] = self._clock.join(thread.name, _nothing)

    def expect_no_more(self, thread: threading.Thread) -> None:
        """It does not."""
        seat = self._expected.pop(thread, None)
        if seat is not None:
            seat.leave()

    def come(self, thread: threading.Thread) -> None:
        """This thread is one that was expected, or one that nobody knows."""
        seat = self._expected.pop(thread, None)
        if seat is not None:
            place = self._local.place = _Place(self._clock, seat, is_own=True)
            self._places.append(place)

    def end(self) -> None:
        """This thread is done."""
        place = self._local.__dict__.pop("place", None)
        if place is None:
            return
        if place in self._places:
            self._places.remove(place)
            place.leave()
        place.close()

    def close(self) -> None:
        """No thread waits any more; those that do go on in real time."""
        self.is_over = True
        own = self._local.__dict__.pop("place", None)
        for thread in list(self._expected):
            self.expect_no_more(thread)
        while self._places:
            place = self._places.pop()
            place.leave()
            if place is own:
                place.close()

    def now_ns(self) -> int:
        """Now."""
        return self._clock.now_ns()

    def sleep(self, seconds: float) -> None:
        """As `time.sleep`, on the shared clock."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        due_ns = due_in(self._clock.now_ns(), seconds)
        with self._waiting(due_ns) as place:
            place.until(due_ns, None, 0)

    def is_ready(self, sock: socket.socket, *, reads: bool, timeout_s: float | None) -> bool:
        """Wait until a socket can be read or written, for so long at most; false when that was in vain."""
        due_ns = due_in(self._clock.now_ns(), timeout_s)
        wanted = select.POLLIN if reads else select.POLLOUT
        has_come = readable(sock.fileno(), wanted)
        if has_come is not None and self._is_far(sock):
            has_come = _soon_or(has_come)
        with self._waiting(due_ns) as place:
            return place.until(due_ns, sock.fileno(), wanted, has_come)

    def is_polled(self, number: int, numbers: Iterable[int], due_ns: int) -> bool:
        """Wait until one descriptor that watches these others has something to say; false when that was in vain."""
        has_come = readable(number)
        if has_come is not None and any(map(self._is_far_number, numbers)):
            has_come = _soon_or(has_come)
        with self._waiting(due_ns) as place:
            return place.until(due_ns, number, select.POLLIN, has_come)

    def is_let_go(self, lock: Any, due_ns: int) -> bool:
        """Wait until somebody lets go of a lock; false when that was in vain. *Errors*: `FozzyError` where time is stuck."""
        with self._waiting(due_ns) as place:
            return place.until_free(lock, due_ns)

    def until(self, has_come: HasCome, due_ns: int, pause: Callable[[], None]) -> bool:
        """Look until something has come; false when that was in vain. *Errors*: `FozzyError` where time is stuck."""
        with self._waiting(due_ns) as place:
            return place.looking(has_come, due_ns, pause)

    def was_reset(self, sock: socket.socket) -> None:
        """A connection was made, and reset before anybody looked: that is heard where it is read, in every run."""
        self._resets.add(sock)

    def heard(self, sock: socket.socket, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """What is read, or the reset that an earlier call has met."""
        found = call(sock, *args, **more)
        if not found and sock in self._resets:
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        return found

    def said(self, sock: socket.socket, call: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Send. Whether a reset has come by then is chance, so the first send does not tell it, and reading does."""
        try:
            return call(sock, *args, **more)
        except (ConnectionResetError, BrokenPipeError):
            if not self._is_first(sock):
                raise
        self.was_reset(sock)
        return None if call.__name__ == "sendall" else len(args[0])

    def _is_first(self, sock: socket.socket) -> bool:
        """Whether nothing was sent since the reset."""
        is_first = sock not in self._lost
        self._lost.add(sock)
        return is_first

    def _is_far(self, sock: socket.socket) -> bool:
        """Whether what answers there is none of our proxies, so that no request in flight is counted."""
        try:
            peer = sock.getpeername()
        except OSError:
            return False
        return not (isinstance(peer, tuple) and peer[1] in self.near)

    def _is_far_number(self, number: int) -> bool:
        try:
            with socket.socket(fileno=os.dup(number)) as sock:
                return self._is_far(sock)
        except OSError:
            return True

    @contextlib.contextmanager
    def _waiting(self, due_ns: int) -> Iterator[_Place]:
        known = self._local.__dict__.get("place")
        place = known or self._place("a thread", getattr(self._local, "seat", None))
        try:
            with place.awake():
                yield place
        finally:
            if known is None or self.is_over:
                self.end()

    def _place(self, name: str, seat: Seat | None = None) -> _Place:
        place: _Place | None = self._local.__dict__.get("place")
        if place is None:
            own = seat or self._clock.join(name, _nothing)
            place = self._local.place = _Place(self._clock, own, is_own=seat is None)
            self._places.append(place)
        return place


class _Place:
    """Where one thread waits: its seat, or the seat of its loop, and a pipe that wakes it."""

    def __init__(self, clock: SharedClock, seat: Seat, *, is_own: bool) -> None:
        self._clock = clock
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._is_closed = self._is_left = False
        self.is_own = is_own
        self._seat = seat
        if is_own:
            seat.wake = self._wake

    @contextlib.contextmanager
    def awake(self) -> Iterator[None]:
        """Be the one who is woken meanwhile."""
        before, self._seat.wake = self._seat.wake, self._wake
        try:
            yield
        finally:
            self._seat.wake = before

    def until(self, due_ns: int, number: int | None, wanted: int, has_come: HasCome | None = None) -> bool:
        """Wait for a time or a file descriptor; says whether the latter is ready."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        if number is not None:
            poll.register(number, wanted)
        while True:
            found = {each for each, _ in poll.poll(0)} or self._polled(poll, due_ns, has_come)
            if self._reader in found:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._reader, 4096)
            if number is not None and number in found:
                return True
            if self._clock.now_ns() >= due_ns or self._clock.stuck is not None or self._is_left:
                return False

    def until_free(self, lock: Any, due_ns: int) -> bool:
        """Wait until somebody lets go of a lock."""
        guard, in_vain = threading.Lock(), False

        def wake() -> None:
            nonlocal in_vain
            with guard, contextlib.suppress(RuntimeError):  # it was let go of just now
                lock.release()
                in_vain = True

        before, self._seat.wake = self._seat.wake, wake
        self._seat.idle(due_ns, lambda: not lock.locked())
        try:
            while not lock.acquire(timeout=LISTEN_S):
                pass
        finally:
            self._seat.busy()
            self._seat.wake = before
        with guard:
            was_let_go = not in_vain
        if not was_let_go:
            self._check()
        return was_let_go

    def looking(self, has_come: HasCome, due_ns: int, pause: Callable[[], None]) -> bool:
        """Look now and then."""
        self._seat.idle(due_ns, has_come)
        try:
            while not has_come():
                self._check()
                if self._clock.now_ns() >= due_ns or self._is_left:
                    return False
                pause()
        finally:
            self._seat.busy()
        return True

    def _check(self) -> None:
        if self._clock.stuck is not None:
            raise self._clock.stuck

    def rest(self) -> None:
        """Somebody else waits for it."""
        self._seat.idle(NEVER_NS)

    def go_on(self) -> None:
        """It runs again."""
        self._seat.busy()

    def leave(self) -> None:
        """The clock goes on without it."""
        self._is_left = True
        if self.is_own:
            self._seat.leave()
        self._seat.wake()

    def close(self) -> None:
        """It is not used any more."""
        if not self._is_closed:
            self._is_closed = True
            os.close(self._reader)
            os.close(self._writer)

    def _polled(self, poll: Any, due_ns: int, has_come: HasCome | None) -> set[int]:
        self._seat.idle(due_ns, has_come)
        try:
            while not (found := poll.poll(LISTEN_S * 1e3)):
                pass
            return {each for each, _ in found}
        finally:
            self._seat.busy()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            os.write(self._writer, b".")


def _nothing() -> None:
    """Nobody sits there yet."""


def due_in(now_ns: int, seconds: float | None) -> int:
    """When a limit is over; never for none. Who asks for a remainder too small to be told gets past it all the same."""
    if seconds is None or seconds * 1e9 >= NEVER_NS - now_ns:
        return NEVER_NS
    return now_ns + max(round(seconds * 1e9), seconds > 0)


def _soon_or(has_come: HasCome) -> HasCome:
    """A server that we know nothing of has a moment to answer, of real time."""
    elapsed_ns = wall.stopwatch()
    return lambda: has_come() or elapsed_ns() < FAR_S * 1e9


def waiting_call(threads: Threads, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """A socket's call that waits on the shared clock, for as long as the socket's own timeout says."""
    if name == "connect":
        return _connecting(threads, call)
    reads = name in _READS

    def waits(sock: socket.socket, *args: Any, **more: Any) -> Any:
        timeout_s = sock.gettimeout()
        if timeout_s == 0:
            return call(sock, *args, **more)
        if not threads.is_ready(sock, reads=reads, timeout_s=timeout_s):
            raise TimeoutError("timed out")
        return threads.heard(sock, call, *args, **more) if reads else threads.said(sock, call, *args, **more)

    return waits


def _connecting(threads: Threads, call: Callable[..., Any]) -> Callable[..., Any]:
    def connects(sock: socket.socket, address: Any) -> None:
        timeout_s = sock.gettimeout()
        if timeout_s == 0:
            call(sock, address)
            return
        sock.settimeout(0)
        try:
            try:
                call(sock, address)
            except BlockingIOError:
                if not threads.is_ready(sock, reads=False, timeout_s=timeout_s):
                    raise TimeoutError("timed out") from None
                number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if number == errno.ECONNRESET:
                    threads.was_reset(sock)
                elif number:
                    raise OSError(number, os.strerror(number)) from None
        finally:
            sock.settimeout(timeout_s)

    return connects

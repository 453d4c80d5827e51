"""fozzy's side of a line to an interpreter: questions with a time limit, and its stderr read meanwhile."""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Callable

from fozzy import wall
from fozzy.world.code.wire import HEAD

SLICE_S = 0.25  # how often a waiting thread looks up: a signal the system gave to another thread wakes nobody
CHUNK_BYTES = 1 << 16
CHUNKS_MAX = 16  # at once; whoever writes without end must not keep us from looking at the time
STDERR_BYTES_MAX = 1 << 14  # the last of it; more is nobody's interest
ANSWER_ROOM_BYTES = 1 << 20  # what an answer has around the value it carries


class Late(Exception):
    """No answer in time."""


class Gone(Exception):
    """The other side has ended, or makes no sense."""


class Stderr:
    """What interpreters say on stderr: the last of it, so that they never wait for a reader. *Closes*: `close`."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._tail = bytearray()

    def read(self) -> None:
        """Take what is there."""
        if self.descriptor == -1:
            return
        try:
            for _ in range(CHUNKS_MAX):
                chunk = os.read(self.descriptor, CHUNK_BYTES)
                if not chunk:
                    break
                self._tail = (self._tail + chunk)[-STDERR_BYTES_MAX:]
            else:
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.close()

    def take(self) -> list[str]:
        """The last lines, which are forgotten then."""
        self.read()
        lines = self._tail.decode("utf-8", "replace").splitlines()
        self._tail.clear()
        return lines

    def close(self) -> None:
        """Read no more."""
        if self.descriptor != -1:
            os.close(self.descriptor)
            self.descriptor = -1


class Line:
    """A socket to an interpreter. *Closes*: `close`."""

    def __init__(self, line: socket.socket, stderr: Stderr) -> None:
        line.setblocking(False)
        self.socket = line
        self._stderr = stderr
        self._ready = selectors.DefaultSelector()
        self._ready.register(line, selectors.EVENT_READ, None)
        if stderr.descriptor != -1:
            self._ready.register(stderr.descriptor, selectors.EVENT_READ, stderr.read)

    def ask(self, frame: bytes, budget_ns: int, bytes_max: int = ANSWER_ROOM_BYTES) -> bytes:
        """The answer to a frame. *Units*: nanoseconds of host time, bytes of the answer. *Errors*: `Late`, `Gone`."""
        end_ns = wall.elapsed_ns() + budget_ns
        try:
            self._send(frame, end_ns)
            (length,) = HEAD.unpack(self._receive(HEAD.size, end_ns))
            if length > bytes_max:
                raise Gone
            return self._receive(length, end_ns)
        except OSError as error:
            raise Gone from error

    def close(self) -> None:
        """Hang up."""
        self._ready.close()
        self.socket.close()

    def _send(self, frame: bytes, end_ns: int) -> None:
        rest = memoryview(frame)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except BlockingIOError:
                self._ready.modify(self.socket, selectors.EVENT_WRITE, None)
                self._wait(end_ns)
                self._ready.modify(self.socket, selectors.EVENT_READ, None)

    def _receive(self, count: int, end_ns: int) -> bytes:
        got = bytearray()
        while len(got) < count:
            try:
                chunk = self.socket.recv(min(count - len(got), CHUNK_BYTES))
            except BlockingIOError:
                self._wait(end_ns)
                continue
            if not chunk:
                raise Gone
            got += chunk
        return bytes(got)

    def _wait(self, end_ns: int) -> None:
        left_ns = end_ns - wall.elapsed_ns()
        if left_ns <= 0:
            raise Late
        for key, _ in self._ready.select(min(left_ns / 1e9, SLICE_S)):
            read: Callable[[], None] | None = key.data
            if read is not None:
                read()
                if self._stderr.descriptor == -1:
                    self._ready.unregister(key.fileobj)

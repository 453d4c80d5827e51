"""A pool of worker processes that answer numbered items. One pool serves every command that runs many things.

Workers are forked before any thread exists, so that they inherit what the parent has loaded; where that cannot be,
they are spawned and build the same handler from `recipe`. An item is a number, an answer is bytes.
A worker that dies answers its item with nothing and is replaced.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

from fozzy import wall
from fozzy.errors import InterruptedRun

Handler = Callable[[int], bytes]

END_GRACE_NS = 10 * 10**9  # a worker ends its own processes first, which has bounds of its own
END_PAUSE_NS = 10**5
END_PAUSE_NS_MAX = 10**7
_ENDING = (signal.SIGINT, signal.SIGTERM)
# Python notices a signal that came just before a system call only when the call ends; another signal makes it end.
_NUDGE = getattr(signal, "SIGURG", signal.SIGTERM)
_LENGTH = struct.Struct("<q")
# A spawned worker runs this very fozzy, wherever the parent has it from.
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from fozzy.engine.workers import main; main()"


class Recipe(NamedTuple):
    """How a spawned worker makes its handler: `module:function` called with `payload`."""

    function: str
    payload: bytes


class _Worker:
    """One process and the two pipes to it."""

    def __init__(self, pid: int, out: BinaryIO, back: BinaryIO, child: subprocess.Popen[bytes] | None) -> None:
        self.pid = pid
        self.out = out
        self.back = back
        self.child = child
        self.item: int | None = None

    def give(self, item: int) -> None:
        self.item = item
        with contextlib.suppress(BrokenPipeError):  # it died since; that nothing comes back says so
            self.out.write(_LENGTH.pack(item))
            self.out.flush()

    def end(self) -> None:
        """Wait until it is gone; one that does not go by itself is killed. *Limits*: `END_GRACE_NS`."""
        self.close()
        began, pause_ns = wall.elapsed_ns(), END_PAUSE_NS
        while not self._is_gone():
            if wall.elapsed_ns() - began > END_GRACE_NS:
                self._kill()
            elif self.child is None:
                os.kill(self.pid, _NUDGE)
            wall.pause_ns(pause_ns)
            pause_ns = min(2 * pause_ns, END_PAUSE_NS_MAX)

    def close(self) -> None:
        """Close this side of its pipes."""
        for pipe in (self.out, self.back):
            with contextlib.suppress(BrokenPipeError):  # it died with a request unread
                pipe.close()

    def _kill(self) -> None:
        if self.child is not None:
            self.child.kill()
        else:
            os.kill(self.pid, signal.SIGKILL)

    def _is_gone(self) -> bool:
        if self.child is not None:
            return self.child.poll() is not None
        return os.waitpid(self.pid, os.WNOHANG) != (0, 0)


def can_fork() -> bool:
    """Whether a fork is safe: the system has it and no other thread runs."""
    return hasattr(os, "fork") and threading.active_count() == 1


def run_items(
    items: Iterable[int], handler: Handler, recipe: Callable[[], Recipe], jobs: int
) -> Generator[tuple[int, bytes | None], None, None]:
    """Answers as they come, each with its item; none for an item whose worker died.

    With one job everything happens in this process. *Limits*: `jobs` processes. *Closes*: all of them, also when the
    caller stops early.
    """
    if jobs <= 1:
        for item in items:
            yield item, handler(item)
        return
    yield from _Pool(handler, recipe).run(list(items), jobs)


class _Pool:
    def __init__(self, handler: Handler, recipe: Callable[[], Recipe]) -> None:
        self._handler = handler
        self._recipe = recipe
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()

    def run(self, items: list[int], jobs: int) -> Iterator[tuple[int, bytes | None]]:
        waiting = iter(items)
        try:
            for _ in range(min(jobs, len(items))):
                self._give_next(self._hire(), waiting)
            while self._selector.get_map():
                for key, _ in self._selector.select():
                    worker: _Worker = key.data
                    item = worker.item
                    assert item is not None
                    answer = _receive(worker.back)
                    if answer is None:
                        self._dismiss(worker)
                        worker = self._hire()
                    self._give_next(worker, waiting)
                    yield item, answer
        finally:
            self._end()

    def _give_next(self, worker: _Worker, waiting: Iterator[int]) -> None:
        item = next(waiting, None)
        if item is None:
            self._dismiss(worker)
        else:
            worker.give(item)

    def _hire(self) -> _Worker:
        worker = self._fork() if can_fork() else self._spawn()
        self._workers.append(worker)
        self._selector.register(worker.back, selectors.EVENT_READ, worker)
        return worker

    def _dismiss(self, worker: _Worker) -> None:
        self._selector.unregister(worker.back)
        self._workers.remove(worker)
        worker.end()

    def _end(self) -> None:
        """Nothing of the pool outlives it; a worker in the middle of an item is ended."""
        for worker in self._workers:
            os.kill(worker.pid, signal.SIGTERM)
        for worker in self._workers:
            worker.end()
        self._selector.close()

    def _fork(self) -> _Worker:
        to_child, from_parent = os.pipe()
        to_parent, from_child = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between the fork and the worker's own try would end in code of the parent, or be lost in a hook.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        try:
            pid = os.fork()
            if pid == 0:
                self._live(to_child, from_child, (from_parent, to_parent), mask)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.close(to_child)
        os.close(from_child)
        return _Worker(pid, os.fdopen(from_parent, "wb"), os.fdopen(to_parent, "rb"), None)

    def _live(self, to_child: int, from_child: int, parents: tuple[int, int], mask: set[Any]) -> NoReturn:
        """A forked worker, from its first line on; it never returns."""
        try:
            for end in parents:
                os.close(end)
            for other in self._workers:  # the pipes of the workers before belong to the parent alone
                other.close()
            signal.signal(_NUDGE, _do_nothing)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            _work(os.fdopen(to_child, "rb"), os.fdopen(from_child, "wb"), self._handler)
        finally:
            os._exit(1)

    def _spawn(self) -> _Worker:
        recipe = self._recipe()
        child = subprocess.Popen(
            [sys.executable, "-c", _START, str(Path(__file__).parents[2]), recipe.function],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(_LENGTH.pack(len(recipe.payload)) + recipe.payload)
        return _Worker(child.pid, child.stdin, child.stdout, child)  # type: ignore[arg-type]


def _do_nothing(_signal: int, _frame: Any) -> None:
    """Only that a handler runs matters."""


def _receive(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size: int = _LENGTH.unpack(head)[0]
    body = pipe.read(size)
    return body if len(body) == size else None


def _work(inbox: BinaryIO, outbox: BinaryIO, handler: Handler) -> NoReturn:
    """The life of a worker; it never returns."""
    try:
        while True:
            head = inbox.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                break
            answer = handler(_LENGTH.unpack(head)[0])
            outbox.write(_LENGTH.pack(len(answer)) + answer)
            outbox.flush()
    except BaseException as error:  # whatever it is, the parent must see a dead worker and not a second parent
        if not isinstance(error, KeyboardInterrupt | InterruptedRun):
            sys.excepthook(type(error), error, error.__traceback__)
        os._exit(1)
    os._exit(0)


def main() -> None:
    """A spawned worker: the handler's recipe comes first, then the items."""
    module, _, function = sys.argv[1].partition(":")
    inbox, outbox = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the items print must not mix with the answers
    payload = _receive(inbox) or b""
    _work(inbox, outbox, getattr(import_module(module), function)(payload))

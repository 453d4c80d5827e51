"""A pool of worker processes that answer requests. One pool serves every command that runs many things.

Workers are forked before any thread exists, so that they inherit what the parent has loaded; where that cannot be,
they are spawned and build the same handler from `recipe`. A request is bytes, and so is an answer.
A worker that dies answers its request with nothing and is replaced. A pool that is asked again has its workers still,
with all that they keep warm; what was asked before, the same worker is asked again where it can be.
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
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, NoReturn

from fozzy import wall
from fozzy.errors import InterruptedRun

Handler = Callable[[int], bytes]
Answering = Callable[[bytes], bytes]

END_GRACE_NS = 10 * 10**9  # a worker ends its own processes first, which has bounds of its own
END_PAUSE_NS = 10**5
END_PAUSE_NS_MAX = 10**7
# Python notices a signal that came just before a system call only when the call ends; another signal makes it end.
_NUDGE = getattr(signal, "SIGURG", signal.SIGTERM)
_LENGTH = struct.Struct("<q")
# A spawned worker runs this very fozzy, wherever the parent has it from.
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from fozzy.engine.workers import main; main()"


class Recipe(NamedTuple):
    """How a spawned worker makes its handler: `module:function` called with `payload`."""

    function: str
    payload: bytes
    takes: Literal["numbers", "bytes"] = "numbers"


class _Worker:
    """One process and the two pipes to it."""

    def __init__(self, pid: int, out: BinaryIO, back: BinaryIO, child: subprocess.Popen[bytes] | None) -> None:
        self.pid = pid
        self.out = out
        self.back = back
        self.child = child
        self.item: int | None = None
        self.knows: set[bytes] = set()  # the names of what it has answered

    def give(self, item: int, request: bytes) -> None:
        self.item = item
        with contextlib.suppress(BrokenPipeError):  # it died since; that nothing comes back says so
            self.out.write(_LENGTH.pack(len(request)) + request)
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
    numbers = list(items)
    with contextlib.closing(Pool(_of_numbers(handler), recipe)) as pool:
        for index, answer in pool.run([_LENGTH.pack(item) for item in numbers], jobs):
            yield numbers[index], answer


def _of_numbers(handler: Handler) -> Answering:
    """A handler of numbers that takes them as requests."""
    return lambda request: handler(_LENGTH.unpack(request)[0])


class Pool:
    """Workers that are kept. *Closes*: `close` ends them; one in the middle of a request is ended in the middle."""

    def __init__(self, handler: Answering, recipe: Callable[[], Recipe]) -> None:
        self._handler = handler
        self._recipe = recipe
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()

    def run(
        self,
        requests: Sequence[bytes],
        jobs: int,
        names: Sequence[bytes] = (),
        heard: Mapping[int, Callable[[], bool]] | None = None,
    ) -> Generator[tuple[int, bytes | None], None, None]:
        """Answers as they come, each with the number of its request; none for one whose worker died.

        `names` says what is the same as in an earlier run: who answered it then, answers it again if it is free. `heard`
        are descriptors that are looked after meanwhile; who looks says whether to stop. *Limits*: `jobs` workers. *Closes*: who is stopped early, or
        ends by an error, ends the workers that are busy.
        """
        waiting = _Waiting(requests, names or [b""] * len(requests))
        for number, look in (heard or {}).items():
            self._selector.register(number, selectors.EVENT_READ, look)
        try:
            self._open(waiting, min(jobs, len(requests)))
            while any(worker.item is not None for worker in self._workers):
                for key, _ in self._selector.select():
                    if not isinstance(key.data, _Worker):
                        if key.data():
                            return
                        continue
                    item, answer = self._answered(key.data, waiting)
                    yield item, answer
        finally:
            for number in heard or {}:
                self._selector.unregister(number)
            self._end([worker for worker in self._workers if worker.item is not None])

    def close(self) -> None:
        """End them all."""
        self._end(list(self._workers))
        self._selector.close()

    def _open(self, waiting: _Waiting, jobs: int) -> None:
        """Give each of so many workers something to do: first those who know some of it."""
        for worker in self._workers[:]:
            if _is_over(worker):  # it was ended between two runs
                self._dismiss(worker)
        knowing = [worker for worker in self._workers if waiting.has_for(worker)]
        others = [worker for worker in self._workers if worker not in knowing]
        for worker in [*knowing, *others][:jobs]:
            waiting.give(worker)
        for _ in range(jobs - len(self._workers)):
            waiting.give(self._hire())

    def _answered(self, worker: _Worker, waiting: _Waiting) -> tuple[int, bytes | None]:
        """Take an answer and give the next request, to another worker where this one is dead."""
        item = worker.item
        assert item is not None
        answer = _receive(worker.back)
        worker.item = None
        if answer is None:
            self._dismiss(worker)
            worker = self._hire() if waiting.left else worker
        waiting.give(worker)
        return item, answer

    def _hire(self) -> _Worker:
        if not can_fork():
            return self._known(self._spawn())
        # Until the worker is known here a signal waits: it would leave one that nobody ends, and in the worker, before its
        # own try, it would end in code of the parent.
        with wall.signals_held() as mask:
            return self._known(self._fork(mask))

    def _known(self, worker: _Worker) -> _Worker:
        self._workers.append(worker)
        self._selector.register(worker.back, selectors.EVENT_READ, worker)
        return worker

    def _dismiss(self, worker: _Worker) -> None:
        with contextlib.suppress(KeyError):  # Ctrl-C came before it was registered
            self._selector.unregister(worker.back)
        self._workers.remove(worker)
        worker.end()

    def _end(self, workers: Sequence[_Worker]) -> None:
        """Nothing of them is left; a worker in the middle of a request is ended."""
        for worker in workers:
            if worker.item is not None:
                os.kill(worker.pid, signal.SIGTERM)
        for worker in workers:
            self._dismiss(worker)

    def _fork(self, mask: set[Any]) -> _Worker:
        """Signals are held back until `mask` is put back."""
        to_child, from_parent = os.pipe()
        to_parent, from_child = os.pipe()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # it may be closed
                stream.flush()
        pid = os.fork()
        if pid == 0:
            self._live(to_child, from_child, (from_parent, to_parent), mask)
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
            [sys.executable, "-c", _START, str(Path(__file__).parents[2]), recipe.function, recipe.takes],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(_LENGTH.pack(len(recipe.payload)) + recipe.payload)
        return _Worker(child.pid, child.stdin, child.stdout, child)  # type: ignore[arg-type]


class _Waiting:
    """Requests that nobody has yet."""

    def __init__(self, requests: Sequence[bytes], names: Sequence[bytes]) -> None:
        self._requests = requests
        self._names = names
        self.left = OrderedDict.fromkeys(range(len(requests)))  # a dict finds its first slowly when many are gone

    def has_for(self, worker: _Worker) -> bool:
        """Whether there is something it has answered before."""
        return any(self._names[item] in worker.knows for item in self.left)

    def give(self, worker: _Worker) -> None:
        """Give it the next request, first of those it has answered before; nothing when there is none."""
        if not self.left:
            return
        known = (item for item in self.left if self._names[item] in worker.knows) if worker.knows else iter(())
        item = next(known, next(iter(self.left)))
        del self.left[item]
        if self._names[item]:
            worker.knows.add(self._names[item])
        worker.give(item, self._requests[item])


def _is_over(worker: _Worker) -> bool:
    """Whether an idle worker has ended: there is something to read where it has nothing to say."""
    import select

    return bool(select.select([worker.back], [], [], 0)[0]) if os.name == "posix" else False


def _do_nothing(_signal: int, _frame: Any) -> None:
    """Only that a handler runs matters."""


def _receive(pipe: BinaryIO) -> bytes | None:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size: int = _LENGTH.unpack(head)[0]
    body = pipe.read(size)
    return body if len(body) == size else None


def _work(inbox: BinaryIO, outbox: BinaryIO, handler: Answering) -> NoReturn:
    """The life of a worker; it never returns."""
    try:
        while True:
            head = inbox.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                break
            answer = handler(inbox.read(_LENGTH.unpack(head)[0]))
            outbox.write(_LENGTH.pack(len(answer)) + answer)
            outbox.flush()
    except BrokenPipeError:  # whoever asked found what it wanted, and waits for this answer no more
        os._exit(0)
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
    handler = getattr(import_module(module), function)(payload)
    _work(inbox, outbox, _of_numbers(handler) if sys.argv[2] == "numbers" else handler)

"""Executes portions against a Python function, several at once; see `python_job` for how one is executed."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from queue import SimpleQueue
from typing import NamedTuple

from fozzy.search.fuzz.portion import Portion, Told
from fozzy.search.fuzz.python_job import Job, Python

SLICE_S = 0.25  # how often a waiting thread looks up: a signal the system gave to another thread wakes nobody


class _Task(NamedTuple):
    """A portion to execute, and where its answer goes."""

    place: int
    portion: Portion
    seen: list[int]
    end_ns: int | None
    answers: SimpleQueue[tuple[int, Told | BaseException]]


class PythonBench:
    """Runs portions, several at once. *Errors*: `FozzyError` when there is nothing to call. *Closes*: `close`.

    Every job has a thread of its own for as long as the bench lives, and all that passes between them are simple
    queues: a Ctrl-C inside a future, a pool or an event can leave a lock held for good, or be lost.
    """

    def __init__(self, python: Python, jobs: int) -> None:
        self._python = python
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._jobs = [Job(python) for _ in range(jobs)]
        try:
            hello = self._jobs[0].hello()
            for job in self._jobs:
                self._threads.append(threading.Thread(target=self._work, args=(job,), name="fozzy-fuzz", daemon=True))
                self._threads[-1].start()
        except BaseException:
            self.close()
            raise
        self.first: Sequence[bytes] = hello.first
        self.takes = hello.takes

    def run(self, portions: Sequence[Portion], seen: frozenset[int], end_ns: int | None) -> Generator[Told, None, None]:
        """What each portion came to, in their order."""
        answers: SimpleQueue[tuple[int, Told | BaseException]] = SimpleQueue()
        features = sorted(seen)
        done: dict[int, Told | BaseException] = {}
        try:
            for index, portion in enumerate(portions):
                self._tasks.put(_Task(index, portion, features, end_ns, answers))
            for index in range(len(portions)):
                while index not in done:
                    other, answer = answers.get()
                    done[other] = answer
                told = done.pop(index)
                if isinstance(told, BaseException):
                    raise told
                yield told
        except BaseException:  # Ctrl-C too: the threads are to come to an end
            self._stop()
            raise

    def search(self, runs: int, seed: int) -> Told:
        """Have Hypothesis make so many examples; the crashes' inputs are lists of arguments."""
        return self._jobs[0].search(runs, seed)

    def close(self) -> None:
        """End everything."""
        self._stop()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            while thread.is_alive():
                thread.join(SLICE_S)
        for job in self._jobs:
            job.close()

    def _stop(self) -> None:
        for job in self._jobs:
            job.stop()

    def _work(self, job: Job) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                answer: Told | BaseException = job.portion(task.portion, task.seen, task.end_ns)
            except BaseException as error:  # raised again where it is waited for
                answer = error
            task.answers.put((task.place, answer))

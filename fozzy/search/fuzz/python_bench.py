"""Executes portions against a Python function, several at once; see `python_job` for how one is executed."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

from fozzy.search.fuzz.portion import Portion, Told
from fozzy.search.fuzz.python_job import Job, Python


class PythonBench:
    """Runs portions, several at once. *Errors*: `FozzyError` when there is nothing to call. *Closes*: `close`."""

    def __init__(self, python: Python, jobs: int) -> None:
        self._python = python
        self._jobs = [Job(python) for _ in range(jobs)]
        self._free: SimpleQueue[Job] = SimpleQueue()
        for job in self._jobs:
            self._free.put(job)
        # For all rounds: a Ctrl-C that comes while Python forgets a thread is lost, so none is forgotten on the way.
        self._pool = ThreadPoolExecutor(len(self._jobs))
        try:
            hello = self._jobs[0].hello()
        except BaseException:
            self.close()
            raise
        self.first: Sequence[bytes] = hello.first
        self.takes = hello.takes

    def run(self, portions: Sequence[Portion], seen: frozenset[int], end_ns: int | None) -> Generator[Told, None, None]:
        """What each portion came to, in their order."""
        features = sorted(seen)

        def work(portion: Portion) -> Told:
            job = self._free.get()
            try:
                return job.portion(portion, features, end_ns)
            finally:
                self._free.put(job)

        futures: list[Future[Told]] = [self._pool.submit(work, portion) for portion in portions]
        try:
            for future in futures:
                yield future.result()
        except BaseException:  # Ctrl-C too: the threads are to come to an end
            for job in self._jobs:
                job.stop()
            for future in futures:
                future.cancel()
            wait(futures)
            raise

    def search(self, runs: int, seed: int) -> Told:
        """Have Hypothesis make so many examples; the crashes' inputs are lists of arguments."""
        return self._jobs[0].search(runs, seed)

    def close(self) -> None:
        """End everything."""
        for job in self._jobs:
            job.stop()
        self._pool.shutdown(cancel_futures=True)
        for job in self._jobs:
            job.close()

"""Carries out orders beside the user's code: in processes that have imported it, each many executions, one by one.

What a program keeps from one execution to the next would make an execution depend on those before it. So the first
order of a process is done again after others, and its digest must be the same (`is_alone` from then on, if it is not);
and an execution that fails is done again in a fresh process before it counts.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from queue import SimpleQueue

from fozzy.engine.cluster.hosted import Broken, Session, failure_of, script_of
from fozzy.engine.prepare import Ready
from fozzy.search.explore.cluster_worker import PROGRAM, Batch, decode_done, encode
from fozzy.search.explore.plan import Done, Failed, Order
from fozzy.world.code.wire import packed

BATCH_MAX = 32
BATCHES_OF_JOB = 4  # each process comes back so often in a round
PROBES = 2  # executions between the first and its repetition
SLICE_S = 0.25  # how often a waiting thread looks up: a signal the system gave to another thread wakes nobody

Answer = tuple[int, Done | BaseException | None]  # none: time was over


class Workbench:
    """One process, replaced when it ends. *Errors*: none; what ends a process is what the order came to."""

    def __init__(self, run: Ready, records_max: int) -> None:
        self._run = run
        self._records_max = records_max
        self._session: Session | None = None
        self._is_used = False  # the process has executed something itself

    def orders(self, orders: Sequence[Order], end_ns: int | None, alone: bool) -> list[Done]:
        """What each came to; fewer when time was over."""
        return list(self.each(orders, end_ns, alone))

    def each(self, orders: Sequence[Order], end_ns: int | None, alone: bool) -> Generator[Done, None, None]:
        """What each came to, as it comes. Whoever stops early ends the process, which is in the middle of something."""
        place = 0
        if alone and self._is_used:
            self.close()  # a fork of it would not be the first of its kind
        try:
            while place < len(orders):
                try:
                    for told in self._some(orders[place:], end_ns, alone):
                        if told is None:
                            place = len(orders)
                            return
                        place += 1
                        yield told
                except Broken as broken:
                    self.close()
                    place += 1
                    yield _broken(orders[place - 1], broken)
        finally:
            if place < len(orders):
                self.close()

    def _some(self, orders: Sequence[Order], end_ns: int | None, alone: bool) -> Generator[Done | None, None, None]:
        """What each came to; none when time is over. *Errors*: `Broken` at the order that broke the process."""
        if self._session is None:
            self._session = Session(self._run, PROGRAM)
        session = self._session
        self._is_used = not alone
        batch = Batch(
            script=script_of(self._run), orders=list(orders), hang_ns=session.hang_ns,
            records_max=self._records_max, end_ns=end_ns, alone=alone,
        )  # fmt: skip
        frame = packed(encode(batch))
        for _ in orders:
            yield session.ask(frame, decode_done)
            frame = b""

    def close(self) -> None:
        """End the process."""
        session, self._session, self._is_used = self._session, None, False
        if session is not None:
            session.close()


def _broken(order: Order, broken: Broken) -> Done:
    """An execution that ended its process."""
    failure = failure_of(broken.outcome)
    failed = Failed(
        kind=failure.kind, title=failure.title, message=failure.message, status=failure.status, at=failure.at,
        cause=[str(value) for name, value in (failure.details or {}).items() if name in ("exception", "at") and value],
    )  # fmt: skip
    return Done(index=order.index, status=failure.status, failed=failed)


class HostedBench:
    """Several processes. *Closes*: `close`."""

    def __init__(self, run: Ready, jobs: int, records_max: int) -> None:
        self.is_alone = False
        self._benches = [Workbench(run, records_max) for _ in range(jobs)]
        self._fresh = Workbench(run, records_max)
        self._is_probed = False

    def run(self, orders: Sequence[Order], end_ns: int | None) -> Generator[Done, None, None]:
        """What each came to, in their order, each as soon as those before it are told."""
        place = 0
        if not self._is_probed and orders:
            for done in self._probe(orders, end_ns):
                place += 1
                yield done
            if not place:
                return  # time is over
        with closing(self._carried_out(orders[place:], end_ns)) as told:
            for order, done in zip(orders[place:], told, strict=False):
                yield self._checked(order, done)

    def close(self) -> None:
        """End all processes."""
        for bench in (*self._benches, self._fresh):
            bench.close()

    def _probe(self, orders: Sequence[Order], end_ns: int | None) -> Generator[Done, None, None]:
        """The first few; and whether the first is the same after others as it was at first."""
        bench = self._benches[0]
        first = bench.orders(orders[:1], end_ns, False)
        if not first or first[0].failed is not None:
            yield from (self._checked(orders[0], done) for done in first)
            return
        self._is_probed = True
        *few, again = bench.orders([*orders[1 : PROBES + 1], orders[0]], None, False)
        self.is_alone = again.digest != first[0].digest
        if self.is_alone:
            yield from bench.orders(orders[: len(few) + 1], end_ns, True)
        else:
            yield from map(self._checked, orders, [*first, *few])

    def _checked(self, order: Order, done: Done) -> Done:
        """An execution that failed, as it is in a process that has done no other."""
        if done.failed is None or self.is_alone:
            return done
        (fresh,) = self._fresh.orders([order], None, True)
        if fresh.digest != done.digest and done.digest:
            self.is_alone = True
        return fresh

    def _carried_out(self, orders: Sequence[Order], end_ns: int | None) -> Generator[Done, None, None]:
        if len(self._benches) > 1 and len(orders) > 1:
            yield from self._by_threads(orders, end_ns)
            return
        for start in range(0, len(orders), BATCH_MAX):
            batch, count = orders[start : start + BATCH_MAX], 0
            with closing(self._benches[0].each(batch, end_ns, self.is_alone)) as told:
                for done in told:
                    count += 1
                    yield done
            if count < len(batch):
                return

    def _by_threads(self, orders: Sequence[Order], end_ns: int | None) -> Generator[Done, None, None]:
        """A thread for each process. All that passes between them are simple queues: a Ctrl-C inside of a future or a
        pool can leave a lock held for good. Who stops early waits for the executions that are under way."""
        size = max(1, min(BATCH_MAX, len(orders) // (len(self._benches) * BATCHES_OF_JOB)))
        wanted: SimpleQueue[int] = SimpleQueue()
        answers: SimpleQueue[Answer] = SimpleQueue()
        stopped = [False]
        for start in (*range(0, len(orders), size), *[-1] * len(self._benches)):
            wanted.put(start)

        def batch(bench: Workbench, place: int) -> None:
            some = orders[place : place + size]
            end = place + len(some)
            try:
                with closing(bench.each(some, end_ns, self.is_alone)) as told:
                    for done in told:
                        answers.put((place, done))
                        place += 1
                        if stopped[0]:
                            return
                if place < end:
                    answers.put((place, None))
            except BaseException as error:  # raised again where it is waited for
                answers.put((place, error))

        def work(bench: Workbench) -> None:
            while not stopped[0] and (start := wanted.get()) >= 0:
                batch(bench, start)

        threads = [threading.Thread(target=work, args=(bench,), daemon=True) for bench in self._benches]
        for thread in threads:
            thread.start()
        try:
            yield from _in_order(len(orders), answers)
        finally:
            stopped[0] = True
            for thread in threads:
                while thread.is_alive():
                    thread.join(SLICE_S)


def _in_order(count: int, answers: SimpleQueue[Answer]) -> Generator[Done, None, None]:
    """What comes, in order, up to where time was over."""
    early: dict[int, Done | BaseException | None] = {}
    for index in range(count):
        while index not in early:
            other, answer = answers.get()
            early[other] = answer
        done = early.pop(index)
        if isinstance(done, BaseException):
            raise done
        if done is None:
            return
        yield done


def is_hosted(run: Ready) -> bool:
    """Whether a run needs the user's code around it as a whole, as a cluster of his programs does."""
    project = run.setting.project
    return project is not None and bool(project.inside)

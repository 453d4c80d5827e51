"""Carries out orders beside the user's code: in processes that have imported it, each many executions, one by one.

What a program keeps from one execution to the next would make an execution depend on those before it. So the first
order of a process is done again after others, and its digest must be the same (`is_alone` from then on, if it is not);
and an execution that fails is done again in a fresh process before it counts.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
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

Answer = tuple[int, list[Done] | BaseException]


class Workbench:
    """One process, replaced when it ends. *Errors*: none; what ends a process is what the order came to."""

    def __init__(self, run: Ready, records_max: int) -> None:
        self._run = run
        self._records_max = records_max
        self._session: Session | None = None
        self._is_used = False  # the process has executed something itself

    def orders(self, orders: Sequence[Order], end_ns: int | None, alone: bool) -> list[Done]:
        """What each came to; fewer when time was over."""
        done: list[Done] = []
        if alone and self._is_used:
            self.close()  # a fork of it would not be the first of its kind
        while len(done) < len(orders):
            left = orders[len(done) :]
            try:
                if not self._some(left, end_ns, alone, done):
                    return done
            except Broken as broken:
                self.close()
                done.append(_broken(orders[len(done)], broken))
        return done

    def _some(self, orders: Sequence[Order], end_ns: int | None, alone: bool, done: list[Done]) -> bool:
        """Add what each came to; false when time is over. *Errors*: `Broken` at the order that broke the process."""
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
            told: Done | None = session.ask(frame, decode_done)
            if told is None:
                return False
            frame = b""
            done.append(told)
        return True

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
        cause=[str(value) for name, value in (failure.details or {}).items() if name in ("exception", "at")],
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
        """What each came to, in their order."""
        if not self._is_probed and orders:
            self._probe(orders)
        size = max(1, min(BATCH_MAX, len(orders) // (len(self._benches) * BATCHES_OF_JOB)))
        batches = [orders[start : start + size] for start in range(0, len(orders), size)]
        for batch, done in self._carried_out(batches, end_ns):
            yield from (self._checked(order, each) for order, each in zip(batch, done, strict=False))
            if len(done) < len(batch):
                return

    def close(self) -> None:
        """End all processes."""
        for bench in (*self._benches, self._fresh):
            bench.close()

    def _probe(self, orders: Sequence[Order]) -> None:
        """Whether an execution is the same after others as it was at first."""
        self._is_probed = True
        few = list(orders[: PROBES + 1])
        again = self._benches[0].orders([*few, few[0]], None, False)
        self.is_alone = again[0].digest != again[-1].digest

    def _checked(self, order: Order, done: Done) -> Done:
        """An execution that failed, as it is in a process that has done no other."""
        if done.failed is None or self.is_alone:
            return done
        (fresh,) = self._fresh.orders([order], None, True)
        if fresh.digest != done.digest and done.digest:
            self.is_alone = True
        return fresh

    def _carried_out(
        self, batches: Sequence[Sequence[Order]], end_ns: int | None
    ) -> Generator[tuple[Sequence[Order], list[Done]], None, None]:
        if len(self._benches) == 1 or len(batches) == 1:
            for batch in batches:
                yield batch, self._benches[0].orders(batch, end_ns, self.is_alone)
            return
        yield from self._by_threads(batches, end_ns)

    def _by_threads(
        self, batches: Sequence[Sequence[Order]], end_ns: int | None
    ) -> Generator[tuple[Sequence[Order], list[Done]], None, None]:
        """A thread for each process. All that passes between them are simple queues: a Ctrl-C inside of a future or a
        pool can leave a lock held for good."""
        wanted: SimpleQueue[int] = SimpleQueue()
        answers: SimpleQueue[Answer] = SimpleQueue()
        for index in range(len(batches)):
            wanted.put(index)
        for _ in self._benches:
            wanted.put(-1)

        def work(bench: Workbench) -> None:
            while (index := wanted.get()) >= 0:
                try:
                    answers.put((index, bench.orders(batches[index], end_ns, self.is_alone)))
                except BaseException as error:  # raised again where it is waited for
                    answers.put((index, error))

        threads = [threading.Thread(target=work, args=(bench,), daemon=True) for bench in self._benches]
        for thread in threads:
            thread.start()
        try:
            yield from _in_order(batches, answers)
        finally:
            while not wanted.empty():
                wanted.get()
            for _ in threads:
                wanted.put(-1)
            for thread in threads:
                while thread.is_alive():
                    thread.join(SLICE_S)


def _in_order(
    batches: Sequence[Sequence[Order]], answers: SimpleQueue[Answer]
) -> Generator[tuple[Sequence[Order], list[Done]], None, None]:
    early: dict[int, list[Done] | BaseException] = {}
    for index, batch in enumerate(batches):
        while index not in early:
            other, answer = answers.get()
            early[other] = answer
        done = early.pop(index)
        if isinstance(done, BaseException):
            raise done
        yield batch, done
        if len(done) < len(batch):
            return


def is_hosted(run: Ready) -> bool:
    """Whether a run needs the user's code around it as a whole, as a cluster of his programs does."""
    project = run.setting.project
    return project is not None and bool(project.inside)

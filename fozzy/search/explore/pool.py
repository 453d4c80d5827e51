"""Carries out orders here, or in forked workers that were frozen before: the same answers in the same order.

A worker takes the next few orders when it is free, so earlier ones are always done first; what a worker sends is
without the states and places it has sent already for an earlier order of the same few.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager

import msgspec

from fozzy import wall
from fozzy.engine.workers import Recipe, can_fork, run_items
from fozzy.errors import FozzyError, InterruptedRun
from fozzy.search.explore.plan import Done, Order

PORTIONS_OF_JOB = 8  # each worker comes back so often
PORTION_MAX = 64

Execute = Callable[[Order], Done]
_decoder = msgspec.msgpack.Decoder(list[Done])


def carry_out(orders: Sequence[Order], execute: Execute, jobs: int, end_ns: int | None) -> Generator[Done, None, None]:
    """What each order came to, in their order; from `end_ns` on none is begun. *Errors*: those of `execute`.
    *Closes*: the workers."""
    if jobs <= 1 or len(orders) < 2 or not can_fork():
        for order in orders:
            if _is_over(end_ns):
                return
            yield execute(order)
        return
    yield from _forked(orders, execute, jobs, end_ns)


def _forked(orders: Sequence[Order], execute: Execute, jobs: int, end_ns: int | None) -> Generator[Done, None, None]:
    size = max(1, min(PORTION_MAX, len(orders) // (jobs * PORTIONS_OF_JOB)))
    portions = [orders[start : start + size] for start in range(0, len(orders), size)]

    def handler(number: int) -> bytes:
        try:
            return msgspec.msgpack.encode(_portion(portions[number], execute, end_ns))
        except InterruptedRun:
            raise
        except FozzyError:
            return b""

    done: dict[int, list[Done]] = {}
    waiting = 0
    items = run_items(range(len(portions)), handler, _no_recipe, min(jobs, len(portions)))
    with _shared_memory(), closing(items) as answers:
        for number, answer in answers:
            # what went wrong in a worker goes wrong again here, where it is told
            done[number] = _decoder.decode(answer) if answer else _portion(portions[number], execute, end_ns)
            while waiting in done:
                told = done.pop(waiting)
                yield from told
                if len(told) < len(portions[waiting]):
                    return  # time is over
                waiting += 1


@contextmanager
def _shared_memory() -> Iterator[None]:
    """What is there already is not looked at in the workers, so they share its memory.

    Where somebody has frozen objects before, as the command line does, that is so, and they stay frozen.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _portion(orders: Sequence[Order], execute: Execute, end_ns: int | None) -> list[Done]:
    states: set[int] = set()
    places: set[str] = set()
    told: list[Done] = []
    for order in orders:
        if _is_over(end_ns):
            break
        done = execute(order)
        fresh = [state for state in dict.fromkeys(done.states) if state not in states]
        covered = [place for place in done.covered if place not in places]
        states.update(fresh)
        places.update(covered)
        told.append(msgspec.structs.replace(done, states=fresh, covered=covered))
    return told


def _is_over(end_ns: int | None) -> bool:
    return end_ns is not None and wall.elapsed_ns() > end_ns


def _no_recipe() -> Recipe:
    raise AssertionError("workers are only used where they can be forked")

"""Executes portions in this process, or in forked workers, against a target each of them makes for itself."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing

import msgspec

from fozzy import wall
from fozzy.engine.workers import Recipe, can_fork, run_items
from fozzy.errors import FozzyError, InterruptedRun
from fozzy.search.fuzz.portion import Crash, Find, Portion, Target, Told, run_portion


class _Over(Exception):
    """The time of the campaign is over."""


class LocalBench:
    """Runs portions here, one after the other; with more jobs and where that can be, in forked workers at once.

    `make` makes the target of one portion, by the portion's name; it is closed after the portion.
    """

    def __init__(self, make: Callable[[str], Target], first: Sequence[bytes], jobs: int) -> None:
        self.first = first
        self._make = make
        self._jobs = jobs

    def run(self, portions: Sequence[Portion], seen: frozenset[int], end_ns: int | None) -> Generator[Told, None, None]:
        """What each portion came to, in their order."""
        jobs = min(self._jobs, len(portions)) if can_fork() else 1
        done: dict[int, Told] = {}

        def handler(index: int) -> bytes:
            try:
                return msgspec.json.encode(self._portion(portions[index], seen, end_ns))
            except InterruptedRun:
                raise
            except FozzyError:
                return b""

        waiting = 0
        with closing(run_items(range(len(portions)), handler, _no_recipe, jobs)) as answers:
            for index, answer in answers:
                # what went wrong in a worker goes wrong again here, where it is told
                told = msgspec.json.decode(answer, type=Told) if answer else None
                done[index] = told or self._portion(portions[index], seen, end_ns)
                while waiting in done:
                    yield done.pop(waiting)
                    waiting += 1

    def _portion(self, portion: Portion, seen: frozenset[int], end_ns: int | None) -> Told:
        target = self._make(portion.name)
        told = Told()

        def beat(_number: int, _data: bytes) -> None:
            if end_ns is not None and wall.elapsed_ns() > end_ns:
                raise _Over
            told.runs += 1

        def say(what: Find | Crash) -> None:
            (told.finds if isinstance(what, Find) else told.crashes).append(what)  # type: ignore[arg-type]

        try:
            run_portion(portion, target, set(seen), say, beat)
        except _Over:
            pass
        finally:
            close = getattr(target, "close", None)
            if close is not None:
                close()
        return told


def _no_recipe() -> Recipe:
    raise AssertionError("workers are only used where they can be forked")

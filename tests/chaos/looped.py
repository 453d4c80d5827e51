"""Coroutines as tests, on the clock of the test: our own environment has no plugin that runs them."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from fozzy.core.events import Record
from fozzy.core.wires import Spoken
from tests.chaos.seen import replies, requests, times_s


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """The test as pytest runs it. It takes `virtual_time` besides what else it takes."""

    @functools.wraps(test)
    def run(virtual_time: Any, **fixtures: Any) -> None:
        random.seed(0)  # clients draw their jitter from it
        virtual_time.run(test(virtual_time=virtual_time, **fixtures))

    return run


def sent(records: Iterable[Record], about: str = "") -> list[Spoken]:
    """What clients asked for, where it begins so."""
    return [each for each in requests(records) if each.about.startswith(about)]


def answered(records: Iterable[Record], about: str = "") -> list[Spoken]:
    """What was answered to that, whether or not it arrived."""
    return [each for each in replies(records) if each.about.startswith(about)]


def gaps_s(spoken: Sequence[Spoken]) -> list[float]:
    """How long it was from each to the next."""
    times = times_s(spoken)
    return [round(after - before, 6) for before, after in zip(times, times[1:], strict=False)]

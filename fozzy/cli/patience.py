"""Patience: while a result is written down, the first Ctrl-C is remembered instead of losing it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fozzy.errors import Exit, Terminated

_STOPS = {signal.SIGINT: Exit.INTERRUPTED, signal.SIGTERM: Exit.TERMINATED}


class Patience:
    """Which signal came meanwhile, as the exit status it stands for; `PASS` for none."""

    def __init__(self, heard: Callable[[], object] | None = None) -> None:
        self.exit_status = Exit.PASS
        self._heard = heard

    def remember(self, number: int, _frame: Any) -> None:
        """The first signal; the second one stops at once."""
        if self.exit_status != Exit.PASS:
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
        self.exit_status = _STOPS[signal.Signals(number)]
        if self._heard is not None:
            self._heard()


@contextmanager
def patient(heard: Callable[[], object] | None = None) -> Iterator[Patience]:
    """Finish what is inside although somebody asks to stop; asked twice, stop. `heard` is called the first time."""
    patience = Patience(heard)
    before = {each: signal.signal(each, patience.remember) for each in _STOPS}
    try:
        yield patience
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)

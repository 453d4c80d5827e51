"""What is typed while a command goes on: keys at a terminal, nothing elsewhere, and that nobody is there any more.

A pipe as stdin is read for one thing: when it closes, whoever started the command has gone. What comes through it is
dropped. Anything else, such as /dev/null, says nothing.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping

from fozzy import wall
from fozzy.cli.keys import READ_BYTES, HeldTerminal, held_terminal, names


class Keyboard:
    """The keys that nobody has taken yet. `is_over` says that nothing more can come, and nobody waits for an answer."""

    def __init__(self, held: HeldTerminal | None = None, pipe: int | None = None) -> None:
        self._held = held
        self._pipe = pipe
        self._typed: list[str] = []
        self.is_over = False

    @property
    def has_keys(self) -> bool:
        """Whether somebody can press one."""
        return self._held is not None

    def take(self, within_ns: int) -> list[str]:
        """The keys since the last time; waits for one. *Units*: real time."""
        number = self._number()
        if self._typed or number is None:
            wall.pause_ns(0 if self._typed else within_ns)
        elif _is_ready(number, within_ns):
            self._read(number)
        typed, self._typed = self._typed, []
        return typed

    def heard(self, stops: str) -> Mapping[int, Callable[[], bool]]:
        """The terminal as it is looked after while something runs: reads what is typed, and says whether this key is
        among it."""
        number = None if self._held is None else self._number()

        def look() -> bool:
            assert number is not None
            self._read(number)
            return self.is_over or stops in self._typed

        return {} if number is None else {number: look}

    def _number(self) -> int | None:
        if self._held is None:
            return self._pipe
        self._held.take()  # it may have been behind until now
        return self._held.number if self._held.is_ours else None

    def _read(self, number: int) -> None:
        try:
            data = os.read(number, READ_BYTES)
        except OSError:  # the terminal was closed
            data = b""
        self.is_over = not data
        if self._held is not None:
            self._typed += names(data)


@contextlib.contextmanager
def keyboard() -> Iterator[Keyboard]:
    """What stdin is. A terminal has single keys until the end, however that comes."""
    number = _descriptor()
    if number is None:
        yield Keyboard()
    elif os.isatty(number) and os.name == "posix":
        with held_terminal(lambda: None) as held:
            yield Keyboard(held)
    else:
        mode = os.fstat(number).st_mode
        is_pipe = os.name == "posix" and (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode))
        yield Keyboard(pipe=number if is_pipe else None)


def _descriptor() -> int | None:
    try:
        return sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):  # closed, from the beginning or since; or a text of a test
        return None


def _is_ready(number: int, within_ns: int) -> bool:
    import select

    return bool(select.select([number], [], [], within_ns / 1e9)[0])

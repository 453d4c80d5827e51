"""Keys as they are pressed: a terminal that hands over each one at once and shows none, put back whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

READ_BYTES = 256  # of one look; nobody types more between two

_NAMES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\x1b[5~": "page up",
    b"\x1b[6~": "page down",
    b"\x1b[F": "end",
    b"\x1bOF": "end",
    b"\r": "enter",
    b"\n": "enter",
    b"\x7f": "back",
    b"\x08": "back",
    b"\x1b": "escape",
}


def names(data: bytes) -> list[str]:
    """The keys in what a terminal sent: `up`, `enter`, `a`. What has no name here is left out."""
    found: list[str] = []
    while data:
        taken = next((each for each in sorted(_NAMES, key=len, reverse=True) if data.startswith(each)), b"")
        if taken == b"\x1b" and data[1:2] in (b"[", b"O"):  # a key that has no name here
            end = next((at for at, byte in enumerate(data[2:], 3) if 0x40 <= byte <= 0x7E), len(data))
            data = data[end:]
            continue
        if taken:
            found.append(_NAMES[taken])
        else:
            taken = data[:1]
            found += [taken.decode("ascii")] if 0x20 <= taken[0] < 0x7F else []
        data = data[len(taken) :]
    return found


def can_read() -> bool:
    """Whether keys can be read: stdin is a terminal, and this process is in front of it."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError, AttributeError):  # closed, no terminal of ours, or no such call
        return False


@contextlib.contextmanager
def single_keys(woken: Callable[[], None]) -> Iterator[int]:
    """The number of a terminal that hands over single keys and shows none, until the end.

    Stopped with Ctrl-Z the terminal is as it was; `woken` is called when it goes on.
    """
    import termios

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    ours = termios.tcgetattr(number)
    ours[3] &= ~(termios.ICANON | termios.ECHO)
    ours[6][termios.VMIN], ours[6][termios.VTIME] = 1, 0

    def stop(_signal: int, _frame: Any) -> None:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
        os.kill(os.getpid(), signal.SIGSTOP)
        termios.tcsetattr(number, termios.TCSADRAIN, ours)
        woken()

    stopped = signal.signal(signal.SIGTSTP, stop)
    termios.tcsetattr(number, termios.TCSADRAIN, ours)
    try:
        yield number
    finally:
        signal.signal(signal.SIGTSTP, stopped)
        termios.tcsetattr(number, termios.TCSADRAIN, before)

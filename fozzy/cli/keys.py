"""Keys as they are pressed: a terminal that hands over each one at once and shows none, put back whatever happens."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

Handler = Callable[[int, Any], None]

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
    with held_terminal(woken) as held:
        yield held.number


@contextlib.contextmanager
def held_terminal(woken: Callable[[], None]) -> Iterator[HeldTerminal]:
    """As `single_keys`, for who also works on in the background, where the terminal is somebody else's."""
    held = HeldTerminal()
    owner = os.getpid()

    def stop(_signal: int, _frame: Any) -> None:
        if os.getpid() != owner:  # a worker, which has the handler from its parent
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        held.give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        held.take()
        woken()

    def quit_(number: int, _frame: Any) -> None:
        if os.getpid() == owner:
            held.give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    heeded = [each for each in _ours(stop, quit_) if signal.getsignal(each[0]) != signal.SIG_IGN]  # `nohup` ignores one
    before = {number: signal.signal(number, does) for number, does in heeded}
    try:
        held.take()
        yield held
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        held.give_back()


def _ours(stop: Handler, quit_: Handler) -> list[tuple[signal.Signals, Handler]]:
    """What ends or stops a process without Python's `finally`, and who sees to the terminal before."""
    return [(signal.SIGTSTP, stop), (signal.SIGQUIT, quit_), (signal.SIGHUP, quit_)]


class HeldTerminal:
    """stdin as a terminal that hands over single keys while it is ours."""

    def __init__(self) -> None:
        import termios

        self.number = sys.stdin.fileno()
        self._before = termios.tcgetattr(self.number)
        self._ours = termios.tcgetattr(self.number)
        self._ours[3] &= ~(termios.ICANON | termios.ECHO)
        self._ours[6][termios.VMIN], self._ours[6][termios.VTIME] = 1, 0
        self.is_ours = False

    def take(self) -> None:
        """Have single keys, where this process is in front of the terminal; behind, who asks for it is stopped."""
        if not self.is_ours and not self._is_behind():
            self._set(self._ours)
            self.is_ours = True

    def give_back(self) -> None:
        """Leave it as it was; who is behind leaves it to who is in front."""
        if self.is_ours:
            self.is_ours = False
            if not self._is_behind():
                self._set(self._before)

    def _is_behind(self) -> bool:
        """Whether another process group is in front of it; of one that is not this session's nobody is."""
        try:
            return os.tcgetpgrp(self.number) != os.getpgrp()
        except OSError:
            return False

    def _set(self, attributes: list[Any]) -> None:
        import termios

        with contextlib.suppress(termios.error):  # it was closed
            termios.tcsetattr(self.number, termios.TCSADRAIN, attributes)

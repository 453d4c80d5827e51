"""What a program writes to stdout and stderr is said by its machine, line by line.

Used beside user code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import io
import sys
from typing import Any

from fozzy.sim import context
from fozzy.sim.context import Machine
from fozzy.sim.patches import own
from fozzy.sim.patches.own import LINE_CHARS_MAX, Own


class Stream(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr`; outside of a machine all goes through to what stood there before."""

    def __init__(self, name: str, true: Any) -> None:
        self._name = name
        self._true = true
        self._bytes = Bytes(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """A machine's is always the same."""
        return "utf-8" if context.current is not None else getattr(self._true, "encoding", "utf-8")

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Nothing that is written fails."""
        return "backslashreplace" if context.current is not None else getattr(self._true, "errors", "strict")

    @property
    def buffer(self) -> Any:
        """Takes bytes."""
        return self._bytes if context.current is not None else self._true.buffer

    def write(self, text: str, /) -> int:
        machine = context.current
        if machine is None:
            return self._true.write(text)  # type: ignore[no-any-return]
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        _say_lines(machine, self._name, text)
        return len(text)

    def flush(self) -> None:
        if context.current is None and self._true is not None:
            self._true.flush()

    def isatty(self) -> bool:
        return context.current is None and self._true is not None and bool(self._true.isatty())

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is closed: others write there too."""

    def fileno(self) -> int:
        return self._true.fileno()  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("_true", "_name"):
            raise AttributeError(name)
        return getattr(self._true, name)


class Bytes(io.RawIOBase):
    """What a machine's program has as the stream below its text."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, data: Any, /) -> int:
        text = bytes(data).decode("utf-8", "backslashreplace")
        self._stream.write(text)
        return len(data)

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is closed: others write there too."""


def _say_lines(machine: Machine, stream: str, text: str) -> None:
    """Say what is complete, and keep the rest for later."""
    begun = own.own(machine).begun
    *lines, rest = (begun.get(stream, "") + text).split("\n")
    begun[stream] = "" if len(rest) > LINE_CHARS_MAX else rest
    for line in lines:
        machine.say(line)
    if len(rest) > LINE_CHARS_MAX:
        machine.say(rest)


def _say_rest(machine: Machine, left: Own) -> None:
    for stream in ("stdout", "stderr"):
        if left.begun.get(stream):
            machine.say(left.begun[stream])


def install() -> None:
    """Put the streams in place. Log records that nobody handles go to stderr by themselves."""
    own.on_forget(_say_rest)
    for name in ("stdout", "stderr"):
        true = getattr(sys, name)
        if not isinstance(true, Stream):
            setattr(sys, name, Stream(name, true))

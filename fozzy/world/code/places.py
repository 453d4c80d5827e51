"""Where user code stands: which files are the user's, and how they are called without saying whose machine it is.

Used by fozzy and in the interpreter of the user's code, so it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from fozzy.world.code.values import type_name

FRAMES_MAX = 10
MESSAGE_CHARS_MAX = 4000

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")
_HALF = re.compile("[\ud800-\udfff]")
_PACKAGES = re.compile(r"[\\/](site-packages|dist-packages)[\\/]")
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__)) + os.sep
_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_FAULT = re.compile(r'^  File "(.+)", line (\d+) in (.+)$')
_FAULT_OPENING = "(most recent call first):"


class Spot(NamedTuple):
    """A line of the user's code: `shop/orders.py:12`, in a function."""

    at: str = ""
    function: str = ""

    def __str__(self) -> str:
        return f"{self.at} in {self.function}" if self.function else self.at


NOWHERE = Spot()


class Places:
    """The folders of a run's user code. `root` comes first when a file is called by its path."""

    def __init__(self, folders: Sequence[str], root: str) -> None:
        ordered = [os.path.abspath(each) for each in (root, *folders)]
        self.folders = list(dict.fromkeys(ordered))
        self._prefixes = [each.rstrip(os.sep) + os.sep for each in self.folders]

    def shown(self, file: str) -> str:
        """A file of the user's by its path below a folder of the run, with `/`; empty for all other files."""
        if file.startswith("<"):  # frozen into the interpreter, or made of a text
            return ""
        path = os.path.abspath(file)
        if path.startswith((_LIBRARY, _OURS)) or _PACKAGES.search(path):
            return ""
        prefix = next((each for each in self._prefixes if path.startswith(each)), "")
        return path[len(prefix) :].replace(os.sep, "/") if prefix else ""

    def clean(self, text: str) -> str:
        """A text without addresses, without the run's own folders, and of bounded length."""
        text = _ADDRESS.sub("0x…", text[: 2 * MESSAGE_CHARS_MAX])
        for prefix in self._prefixes:
            if len(prefix) > 1:
                text = text.replace(prefix, "")
        text = _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)
        return text if len(text) <= MESSAGE_CHARS_MAX else text[: MESSAGE_CHARS_MAX - 1] + "…"

    def spots(self, error: BaseException) -> list[Spot]:
        """The innermost lines of the user's that an exception went through, outermost first."""
        spots = [*self._walk(error.__traceback__)]
        if isinstance(error, SyntaxError) and error.filename:
            shown = self.shown(error.filename)
            spots += [Spot(f"{shown}:{error.lineno or 1}")] if shown else []
        return spots[-FRAMES_MAX:]

    def _walk(self, trace: TracebackType | None) -> Iterator[Spot]:
        known: dict[str, str] = {}
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename not in known:
                known[code.co_filename] = self.shown(code.co_filename)
            if known[code.co_filename]:
                yield Spot(f"{known[code.co_filename]}:{trace.tb_lineno}", code.co_qualname)
            trace = trace.tb_next

    def fault(self, lines: Sequence[str]) -> Spot:
        """Where a dying interpreter last was, as `faulthandler` wrote it to stderr."""
        opening = next((index for index, line in enumerate(lines) if line.endswith(_FAULT_OPENING)), len(lines))
        for line in lines[opening + 1 :]:
            match = _FAULT.match(line)
            shown = self.shown(match[1]) if match else ""
            if match and shown:
                return Spot(f"{shown}:{match[2]}", match[3])
        return NOWHERE


def described(error: BaseException, places: Places) -> dict[str, Any]:
    """An exception for the trace: nothing in it differs between two runs of the same code."""
    spots = places.spots(error)
    spot = spots[-1] if spots else NOWHERE
    names = [(type_name(kind), kind.__name__) for kind in type(error).__mro__ if kind is not object]
    return {
        "type": names[0][0],
        "name": names[0][1],
        "kinds": list(dict.fromkeys(name for pair in names for name in pair)),
        "message": places.clean(_said(error, places)),
        "at": spot.at,
        "function": spot.function,
        "traceback": [str(each) for each in spots],
    }


def _said(error: BaseException, places: Places) -> str:
    try:
        said = str(error)
    except BaseException:  # its own `__str__` is broken, which must not hide what it is
        return ""
    return said if said or type(error) is not AssertionError else _asserted(error, places)


def _asserted(error: AssertionError, places: Places) -> str:
    """What an assert without a message compared, where it stands in the user's code."""
    from fozzy.world.code.asserted import compared

    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not places.shown(trace.tb_frame.f_code.co_filename):
        return ""
    return compared(trace.tb_frame, trace.tb_lineno)

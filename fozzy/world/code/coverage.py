"""Which lines of the user's own files an execution ran, and which line followed which.

A feature is a number made of a function and two places in it; it is the same in every process and on every run. On
Python 3.12 and newer `sys.monitoring` tells each branch until both its ways are known, then costs nothing; below it
`sys.settrace` tells every line of the user's files. Only the standard library is imported: it runs beside user code.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Sequence
from functools import partial
from types import CodeType, FrameType
from typing import Any, Protocol
from zlib import crc32

PLACE_BITS = 20  # lines, or offsets, of one function
_PLACE = (1 << PLACE_BITS) - 1
# User code may put others in their places.
_settrace = sys.settrace
_monitoring: Any = getattr(sys, "monitoring", None)  # Python 3.12 and newer
TOOL = "fozzy"


class Coverage(Protocol):
    """Watches what runs between `begin` and `end`."""

    features: set[int]

    def begin(self) -> None:
        """From now on."""
        ...

    def end(self) -> None:
        """No longer; `features` has what was reached."""
        ...


def coverage_of(folders: Sequence[str], *, whole: bool = False) -> Coverage:
    """What this Python can do. `folders` hold the user's files; with `whole` every execution has all its features,
    not only those this process has not seen before."""
    user = UserFiles(folders)
    return Traced(user) if _monitoring is None else Monitored(user, whole)


class UserFiles:
    """Tells the user's own files: below his folders, and neither the library's nor an installed package's."""

    def __init__(self, folders: Sequence[str]) -> None:
        self._folders = tuple(os.path.realpath(folder).rstrip(os.sep) + os.sep for folder in folders)
        paths = sysconfig.get_paths()
        own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # the package `fozzy`
        others = {os.path.realpath(paths[name]) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")}
        self._others = (*sorted(others), own + os.sep)
        self._bases: dict[
            int, tuple[int, CodeType]
        ] = {}  # equal code of two files is not the same, and slow to compare

    def base(self, code: CodeType) -> int:
        """The number that a function's features begin with; 0 for a function that is not the user's."""
        known = self._bases.get(id(code))
        if known is None:
            known = self._base(code), code  # kept, so that its number stays its own
            if not code.co_filename.startswith("<"):  # of these there may be any number
                self._bases[id(code)] = known
        return known[0]

    def holds(self, file: str) -> bool:
        """Whether a file is the user's."""
        return self.relative(file) is not None

    def relative(self, file: str) -> str | None:
        """A user's file as he knows it; none for any other file."""
        if file.startswith("<"):  # frozen into the interpreter, or made of a text
            return None
        path = os.path.realpath(file)
        if "site-packages" in path or path.startswith(self._others):
            return None
        folder = next((each for each in self._folders if path.startswith(each)), None)
        return None if folder is None else path[len(folder) :].replace(os.sep, "/")

    def _base(self, code: CodeType) -> int:
        name = self.relative(code.co_filename)
        if name is None:
            return 0
        digest = crc32(f"{name}:{code.co_qualname}:{code.co_firstlineno}".encode())
        return (digest | 1 << 32) << 2 * PLACE_BITS


class Traced:
    """By `sys.settrace`: every line, and the line before it in the same call."""

    def __init__(self, user: UserFiles) -> None:
        self.features: set[int] = set()
        self._base = user.base
        # No function of Python's: a trace function that user code left would see its call.
        self.end: Callable[[], None] = partial(_settrace, None)

    def begin(self) -> None:
        self.features = set()
        _settrace(self._call)

    def _call(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        base = self._base(frame.f_code)
        if not base:
            return None
        add, last = self.features.add, 0

        def line(frame: FrameType, event: str, _arg: Any) -> Any:
            nonlocal last
            if event == "line":
                now = frame.f_lineno & _PLACE
                add(base | last << PLACE_BITS | now)
                last = now
            return line

        return line


class Monitored:
    """By `sys.monitoring`: lines once, branches until both ways were seen (PEP 669)."""

    def __init__(self, user: UserFiles, whole: bool) -> None:
        self.features: set[int] = set()
        self._user = user
        self._whole = whole
        self._watches = False
        self._ways: dict[int, int] = {}  # by function and offset
        self._monitoring = _monitoring
        self._tool = self._free_tool()

    def begin(self) -> None:
        self.features = set()
        monitoring = self._monitoring
        if monitoring.get_tool(self._tool) != TOOL:  # user code freed it
            self._tool = self._free_tool()
        if self._whole:
            self._ways.clear()
            monitoring.restart_events()
        self._watches = True

    def end(self) -> None:
        self._watches = False  # to turn events off and on makes Python look at every function again

    def _free_tool(self) -> int:
        """Take a tool number nobody uses."""
        monitoring = self._monitoring
        tool = next(number for number in (3, 4, 1, 0, 2, 5) if monitoring.get_tool(number) is None)
        monitoring.use_tool_id(tool, TOOL)
        events = monitoring.events
        monitoring.register_callback(tool, events.PY_START, self._start)
        monitoring.register_callback(tool, events.LINE, self._line)
        for name in ("BRANCH", "BRANCH_LEFT", "BRANCH_RIGHT"):
            if hasattr(events, name):
                monitoring.register_callback(tool, getattr(events, name), self._branch)
        self._local = events.LINE | sum(
            getattr(events, name) for name in _branch_events(events) if hasattr(events, name)
        )
        monitoring.set_events(tool, events.PY_START)
        return int(tool)

    def _start(self, code: CodeType, _offset: int) -> Any:
        if self._user.base(code):
            self._monitoring.set_local_events(self._tool, code, self._local)
        return self._monitoring.DISABLE

    def _line(self, code: CodeType, line: int) -> Any:
        if not self._watches:
            return None
        self.features.add(self._user.base(code) | line & _PLACE)
        return self._monitoring.DISABLE

    def _branch(self, code: CodeType, offset: int, to: int) -> Any:
        if not self._watches:
            return None
        place = self._user.base(code) | (offset & _PLACE) << PLACE_BITS
        self.features.add(place | to & _PLACE)
        other = self._ways.setdefault(place, to)
        return self._monitoring.DISABLE if other != to else None


def _branch_events(events: Any) -> tuple[str, ...]:
    """Python 3.14 tells the two ways of a branch apart."""
    return ("BRANCH_LEFT", "BRANCH_RIGHT") if hasattr(events, "BRANCH_LEFT") else ("BRANCH",)

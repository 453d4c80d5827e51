"""Which lines of the user's own files ran, by file: what a coverage file is made of.

On Python 3.12 and newer `sys.monitoring` tells each line once, below it `sys.settrace` tells every line of the user's
files. Only the standard library is imported: it runs beside user code.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import CodeType, FrameType
from typing import Any, Protocol

from fozzy.world.code.coverage import UserFiles


def lines_of(folders: Sequence[str]) -> Lines:
    """The lines of the user's files, by file. Watching begins with `begin` and never ends; also threads are watched."""
    user = UserFiles(folders)
    return MonitoredLines(user) if hasattr(sys, "monitoring") else TracedLines(user)


class Lines(Protocol):
    """Watches which lines of the user's files run."""

    def begin(self) -> None:
        """From now on, in every thread."""
        ...

    def take(self) -> dict[str, list[int]]:
        """The lines by file that nobody took yet, both sorted."""
        ...


class _Taken:
    """Lines by file, and which of them were taken."""

    def __init__(self, user: UserFiles) -> None:
        self._names: dict[str, str | None] = {}
        self._relative = user.relative
        self._seen: dict[str, set[int]] = {}
        self._taken: dict[str, set[int]] = {}

    def take(self) -> dict[str, list[int]]:
        """The lines by file that nobody took yet, both sorted."""
        fresh = {name: lines - self._taken.get(name, set()) for name, lines in list(self._seen.items())}
        for name, lines in fresh.items():
            self._taken.setdefault(name, set()).update(lines)
        return {name: sorted(fresh[name] - {0}) for name in sorted(fresh) if fresh[name] - {0}}

    def lines(self, file: str) -> set[int] | None:
        """Where to put the lines of a file; none when it is not the user's."""
        if file not in self._names:
            self._names[file] = self._relative(file)
        name = self._names[file]
        return None if name is None else self._seen.setdefault(name, set())


class TracedLines(_Taken):
    """By `sys.settrace`."""

    def begin(self) -> None:
        import threading

        threading.settrace(self._call)
        sys.settrace(self._call)

    def _call(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        lines = self.lines(frame.f_code.co_filename)
        if lines is None:
            return None

        def line(frame: FrameType, event: str, _arg: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            return line

        return line


class MonitoredLines(_Taken):
    """By `sys.monitoring`: each line once, then it costs nothing (PEP 669)."""

    def begin(self) -> None:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
        tool = next(number for number in (4, 3, 1, 0, 2, 5) if monitoring.get_tool(number) is None)
        monitoring.use_tool_id(tool, "fozzy lines")
        events = monitoring.events
        monitoring.register_callback(tool, events.PY_START, self._start)
        monitoring.register_callback(tool, events.LINE, self._line)
        self._monitoring, self._tool = monitoring, tool
        monitoring.set_events(tool, events.PY_START)

    def _start(self, code: CodeType, _offset: int) -> Any:
        if self.lines(code.co_filename) is not None:
            self._monitoring.set_local_events(self._tool, code, self._monitoring.events.LINE)
        return self._monitoring.DISABLE

    def _line(self, code: CodeType, line: int) -> Any:
        lines = self.lines(code.co_filename)
        if lines is not None:
            lines.add(line)
        return self._monitoring.DISABLE

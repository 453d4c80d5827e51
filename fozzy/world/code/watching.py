"""Watches user code while it is called: its lines, its functions with real time, its allocations, the files it reads.

Used in the interpreter of the user's code, so it imports nothing but the standard library. What is watched never
changes what a call returns; it makes calls slower, so real times are of watched calls.
Rule 1: a function that is not the user's is told when the user's code calls it, and not what it calls in turn.
Rule 2: everything is bounded: depth and number of functions of one call, and the sites of allocations.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Callable, Sequence
from time import perf_counter_ns
from types import FrameType
from typing import Any

from fozzy.world.code.executed import Lines, lines_of
from fozzy.world.code.opened import Opened
from fozzy.world.code.places import Places

LINES, FUNCTIONS, MEMORY, FILES = "lines", "functions", "memory", "files"
DEPTH_MAX = 64  # what is deeper counts for the function at this depth
NODES_MAX = 20_000  # different places in the tree of one call
SITES_MAX = 40


class Node:
    """A function in the tree of one call: how often it ran there and how long, what it called included."""

    __slots__ = ("name", "at", "calls", "real_ns", "inside")

    def __init__(self, name: str, at: str) -> None:
        self.name = name
        self.at = at
        self.calls = 0
        self.real_ns = 0
        self.inside: dict[Any, Node] = {}

    def told(self) -> dict[str, Any]:
        """Itself as a message, what took longest first."""
        inside = sorted(self.inside.values(), key=lambda node: (-node.real_ns, node.name, node.at))
        told: dict[str, Any] = {"name": self.name, "calls": self.calls, "realNs": self.real_ns}
        if self.at:
            told["at"] = self.at
        if inside:
            told["inside"] = [node.told() for node in inside]
        return told


class Watch:
    """What one interpreter watches, and what it saw of the calls of a run."""

    def __init__(self, wanted: Sequence[str], places: Places, folders: Sequence[str]) -> None:
        self._places = places
        self._lines: Lines | None = lines_of(folders) if LINES in wanted else None
        self._files = Opened(places) if FILES in wanted else None
        self._functions = FUNCTIONS in wanted
        self._memory = MEMORY in wanted
        self._tree: Node | None = None
        self._allocated: dict[str, Any] = {}
        self._before: Any = None
        self._had_bytes = 0
        self._known: dict[str, str] = {}
        if self._lines is not None:
            self._lines.begin()

    def call(self, function: Callable[..., Any], args: Any) -> Any:
        """Call a function with arguments by place or by name, and watch it. *Errors*: what it raises."""
        if self._memory:
            self._begin_memory()
        tracer = _Tracer(self._place) if self._functions else None
        by_name = isinstance(args, dict)
        try:
            if tracer is not None:
                sys.setprofile(tracer.event)
            return function(**args) if by_name else function(*args)
        finally:
            if tracer is not None:
                sys.setprofile(None)
                self._tree = tracer.done()
            if self._memory:
                self._end_memory()

    def files(self) -> list[str]:
        """The user's files that were read until now, where that is watched."""
        return self._files.seen if self._files is not None else []

    def take(self) -> dict[str, Any]:
        """What was seen since the last time, as a message."""
        told: dict[str, Any] = {}
        if self._files is not None:
            told["files"] = self._files.take()
        if self._lines is not None:
            told["lines"] = self._lines.take()
        if self._tree is not None:
            told["functions"] = [each.told() for each in self._tree.inside.values()]
        told.update(self._allocated)
        self._tree, self._allocated = None, {}
        return told

    def _place(self, file: str) -> str:
        if file not in self._known:
            self._known[file] = self._places.shown(file)
        return self._known[file]

    def _begin_memory(self) -> None:
        import tracemalloc

        if not tracemalloc.is_tracing():
            tracemalloc.start()
            _snapshot()  # what filters compile at first is not the user's
        self._before = _snapshot()
        tracemalloc.reset_peak()
        self._had_bytes = tracemalloc.get_traced_memory()[0]

    def _end_memory(self) -> None:
        """What the call left behind, and what it gave back of earlier ones: by line, the largest first."""
        import tracemalloc

        living, peak = tracemalloc.get_traced_memory()
        changes = [each for each in _snapshot().compare_to(self._before, "lineno") if each.size_diff or each.count_diff]
        sites = [
            {
                "at": f"{self._shown(each.traceback[0].filename)}:{each.traceback[0].lineno}",
                "bytes": each.size_diff,
                "count": each.count_diff,
            }
            for each in changes[:SITES_MAX]
        ]
        left, at_most = living - self._had_bytes, max(0, peak - self._had_bytes)
        self._allocated = {"livingBytes": left, "peakBytes": at_most, "sites": sites}

    def _shown(self, file: str) -> str:
        """A file without saying whose machine it is on: the user's by their path, others from their package on."""
        return self._place(file) or library_name(file)


def _snapshot() -> Any:
    """What is allocated now, but for what watching itself takes."""
    import tracemalloc

    ours = os.path.join(os.path.dirname(os.path.abspath(__file__)), "*")
    return tracemalloc.take_snapshot().filter_traces(
        (tracemalloc.Filter(False, ours), tracemalloc.Filter(False, tracemalloc.__file__))
    )


def library_name(file: str) -> str:
    """A file that is not the user's, from its package on: `json/decoder.py`."""
    paths = sysconfig.get_paths()
    for name in ("purelib", "platlib", "stdlib", "platstdlib"):
        folder = paths[name] + os.sep
        if file.startswith(folder):
            return file[len(folder) :].replace(os.sep, "/")
    return file if file.startswith("<") else os.path.basename(file)


class _Tracer:
    """The tree of one call, by `sys.setprofile`."""

    def __init__(self, place: Callable[[str], str]) -> None:
        self._place = place
        self._root = Node("", "")
        self._stack: list[tuple[Node, int, bool]] = [(self._root, 0, True)]  # where it counts, since when, whose it is
        self._nodes = 0

    def event(self, frame: FrameType, event: str, arg: Any) -> None:
        """A function begins or ends."""
        if event == "call":
            self._enter(frame)
        elif event == "c_call":
            self._enter_built_in(arg)
        elif len(self._stack) > 1:  # the end of what began before watching is nobody's
            node, since_ns, _ = self._stack.pop()
            if since_ns:
                node.real_ns += perf_counter_ns() - since_ns

    def done(self) -> Node:
        """The tree; what never said that it ended ends now."""
        now_ns = perf_counter_ns()
        while len(self._stack) > 1:
            node, since_ns, _ = self._stack.pop()
            if since_ns:
                node.real_ns += now_ns - since_ns
        return self._root

    def _enter(self, frame: FrameType) -> None:
        code = frame.f_code
        place = self._place(code.co_filename)
        above, _, is_own = self._stack[-1]
        if not place and not is_own:
            self._stack.append((above, 0, False))
            return
        node = above.inside.get(code)
        if node is None:
            name = code.co_qualname if place else f"{frame.f_globals.get('__name__', '')}.{code.co_qualname}"
            node = self._made(above, code, name, f"{place}:{code.co_firstlineno}" if place else "")
        self._push(node, above, bool(place))

    def _enter_built_in(self, function: Any) -> None:
        above, _, is_own = self._stack[-1]
        if not is_own or function is sys.setprofile:
            self._stack.append((above, 0, False))
            return
        name = getattr(function, "__qualname__", type(function).__name__)
        module = getattr(function, "__module__", None)
        key = (module, name)
        node = above.inside.get(key)
        if node is None:
            node = self._made(above, key, f"{module}.{name}" if module and module != "builtins" else name, "")
        self._push(node, above, False)

    def _made(self, above: Node, key: Any, name: str, at: str) -> Node | None:
        """A new place in the tree, none when it is full."""
        if self._nodes >= NODES_MAX or len(self._stack) > DEPTH_MAX:
            return None
        self._nodes += 1
        node = above.inside[key] = Node(name, at)
        return node

    def _push(self, node: Node | None, above: Node, is_own: bool) -> None:
        if node is None:
            self._stack.append((above, 0, is_own))
            return
        node.calls += 1
        self._stack.append((node, perf_counter_ns(), is_own))

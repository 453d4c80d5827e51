"""Memory of a recorded run: the modelled heap by its steps, and what user code left behind by its lines.

A trace says how large each allocation became and in which order; the scenario it carries says the tags and what each
`memory_free` names. From both the heap is built up again. What a reference chose only the run knew: such a free is
counted as unmatched, and the end is held against what the run itself summed up, so nobody is misled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fozzy.core.events import Record, Step
from fozzy.core.summary import Heap
from fozzy.dsl.document import Loaded
from fozzy.dsl.scenario import StepsFile
from fozzy.dsl.steps.base import bodies_of
from fozzy.dsl.steps.blocks import Include
from fozzy.dsl.steps.memory import MemoryAlloc, MemoryFree
from fozzy.engine.replay import embedded
from fozzy.insight.profile.load import Profile
from fozzy.trace.reader import open_trace

POINTS_MAX = 2000  # of the chart; a longer run keeps the highest of each stretch
_UNDOING = ("assert_throws", "assert_rejects")


class Living(NamedTuple):
    """An allocation that was never freed. *Units*: nanoseconds of the run's clock."""

    alloc_id: int
    at: str
    tag: str
    size_bytes: int
    since_ns: int


class Site(NamedTuple):
    """A step that allocates: how often, how much in all, how much of it still lives at the end, and in how many."""

    at: str
    tag: str
    times: int
    size_bytes: int
    living_bytes: int
    living: int


class Line(NamedTuple):
    """A line of user code: what all calls together left of its allocations."""

    at: str
    size_bytes: int
    blocks: int


class Memory(NamedTuple):
    """The memory of one run. `points` are (time, bytes in use); `said` is what the run itself summed up."""

    sites: list[Site]
    living: list[Living]
    points: list[tuple[int, int]]
    peak_bytes: int
    failed: int  # allocations that were refused
    unmatched: int  # frees that a reference chose
    said: Heap | None
    lines: list[Line]
    code_bytes: int | None  # what calls left behind in all; none when it was not watched
    code_peak_bytes: int

    @property
    def in_use_bytes(self) -> int:
        """What lives at the end; what the run itself says, where it says it."""
        return self.said.in_use_bytes if self.said is not None else sum(each.size_bytes for each in self.living)

    @property
    def is_exact(self) -> bool:
        """Whether the heap that was built up again ends as the run's own."""
        return self.said is None or sum(each.size_bytes for each in self.living) == self.said.in_use_bytes


def memory_of(profile: Profile) -> Memory:
    """The memory of a run. *Errors*: as opening its trace."""
    with open_trace(profile.trace) as trace:
        footer = trace.footer()
        heap = _Heap(_steps_of(embedded(trace)))
        for record in trace.whole_records():
            heap.take(record)
    said = footer.summary.memory if footer is not None and footer.summary is not None else None
    calls = profile.side.calls if profile.side is not None and profile.side.memory else None
    return Memory(
        sites=heap.sites(),
        living=sorted(heap.living.values(), key=lambda each: (-each.size_bytes, each.alloc_id)),
        points=_thinned(heap.points),
        peak_bytes=max(heap.peak_bytes, said.peak_bytes if said is not None else 0),
        failed=heap.failed,
        unmatched=heap.unmatched,
        said=said,
        lines=_lines([] if calls is None else [site for call in calls for site in call.sites]),
        code_bytes=None if calls is None else sum(call.living_bytes or 0 for call in calls),
        code_peak_bytes=max((call.peak_bytes or 0 for call in calls or ()), default=0),
    )


def _lines(sites: Sequence[Any]) -> list[Line]:
    found: dict[str, Line] = {}
    for site in sites:
        before = found.get(site.at, Line(site.at, 0, 0))
        found[site.at] = Line(site.at, before.size_bytes + site.bytes, before.blocks + site.count)
    left = [each for each in found.values() if each.size_bytes or each.blocks]
    return sorted(left, key=lambda each: (-each.size_bytes, each.at))


def _steps_of(loaded: Loaded) -> dict[str, MemoryAlloc | MemoryFree]:
    """The steps on the heap by their path, those of included files too."""
    file = loaded.file
    if not isinstance(file, StepsFile):
        return {}
    parts = (("setup", file.setup), ("steps", file.steps), ("teardown", file.teardown))
    return {at: step for name, steps in parts for at, step in _walk(steps or [], name, loaded)}


def _walk(steps: Sequence[Any], path: str, loaded: Loaded) -> Iterator[tuple[str, MemoryAlloc | MemoryFree]]:
    for index, step in enumerate(steps):
        at = f"{path}[{index}]"
        inside = f"{at}.{step.__struct_config__.tag}"
        if isinstance(step, MemoryAlloc | MemoryFree):
            yield at, step
        elif isinstance(step, Include):
            other = loaded.included[step.file]
            if isinstance(other.file, StepsFile):
                yield from _walk(other.file.steps, f"{inside}.steps", other)
        else:
            for words, body in bodies_of(step).items():
                yield from _walk(body, f"{inside}.{words}", loaded)


class _Heap:
    """The heap, built up again record by record."""

    def __init__(self, steps: dict[str, MemoryAlloc | MemoryFree]) -> None:
        self._steps = steps
        self._keys: dict[str, int] = {}
        self._attempts = self._in_use = 0
        self._made: dict[tuple[str, str], list[int]] = {}
        self._before: dict[str, tuple[Any, ...]] = {}
        self.living: dict[int, Living] = {}
        self.points: list[tuple[int, int]] = [(0, 0)]
        self.peak_bytes = self.failed = self.unmatched = 0

    def take(self, record: Record) -> None:
        """Look at one record."""
        self._note_blocks(record.at)
        if type(record) is not Step:
            return
        if record.type == "memory_alloc":
            self._allocate(record)
        elif record.type == "memory_free" and not record.failed:
            self._free(record)
        elif record.type in _UNDOING:
            self._undo(record)

    def sites(self) -> list[Site]:
        """Every step that allocated, what still lives first."""
        found: list[Site] = []
        for (at, tag), sizes in self._made.items():
            left = [each.size_bytes for each in self.living.values() if (each.at, each.tag) == (at, tag)]
            found.append(Site(at, tag, len(sizes), sum(sizes), sum(left), len(left)))
        return sorted(found, key=lambda site: (-site.living_bytes, -site.size_bytes, site.at))

    def _allocate(self, record: Step) -> None:
        self._attempts += 1
        if record.failed:
            self.failed += 1
            return
        step = self._steps.get(record.at)
        size_bytes = int(record.note.partition(" ")[0])
        tag = step.tag or "" if isinstance(step, MemoryAlloc) else ""
        self.living[self._attempts] = Living(self._attempts, record.at, tag, size_bytes, record.t)
        self._made.setdefault((record.at, tag), []).append(size_bytes)
        if isinstance(step, MemoryAlloc) and step.key is not None:
            self._keys[step.key] = self._attempts
        self._moved(record.t, size_bytes)

    def _free(self, record: Step) -> None:
        step = self._steps.get(record.at)
        given = None
        if isinstance(step, MemoryFree):
            given = self._keys.get(step.key) if step.key is not None else step.alloc_id
        gone = self.living.pop(given, None) if isinstance(given, int) else None
        if gone is None:
            self.unmatched += 1
            return
        self._moved(record.t, -gone.size_bytes)

    def _moved(self, t: int, size_bytes: int) -> None:
        self._in_use += size_bytes
        self.peak_bytes = max(self.peak_bytes, self._in_use)
        self.points.append((t, self._in_use))

    def _note_blocks(self, at: str) -> None:
        """Before the first record inside a block that undoes what it did: how the heap is then."""
        for kind in _UNDOING:
            end = at.find(f".{kind}.")
            while end >= 0:
                if at[:end] not in self._before:
                    self._before[at[:end]] = (dict(self.living), dict(self._keys), self._attempts, self._in_use)
                end = at.find(f".{kind}.", end + 1)

    def _undo(self, record: Step) -> None:
        before = self._before.pop(record.at, None)
        if before is None or record.failed:
            return
        self.living, self._keys, self._attempts, self._in_use = before
        self.points.append((record.t, self._in_use))


def _thinned(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """At most `POINTS_MAX` points: the highest of each stretch, and the last."""
    if len(points) <= POINTS_MAX:
        return points
    size = -(-len(points) // (POINTS_MAX - 1))
    highest = [max(points[index : index + size], key=lambda point: point[1]) for index in range(0, len(points), size)]
    return [*highest, points[-1]]


def chart(points: Sequence[tuple[int, int]], end_ns: int, width: int, height: int) -> list[str]:
    """Bytes in use over time as rows of `#`, the highest first. A column shows the most of its stretch."""
    columns = [0] * width
    most = max((size_bytes for _, size_bytes in points), default=0)
    span = max(1, end_ns)
    for index, (t, size_bytes) in enumerate(points):
        until = points[index + 1][0] if index + 1 < len(points) else end_ns
        first, last = min(width - 1, t * width // span), min(width - 1, max(t, until - 1) * width // span)
        for column in range(first, last + 1):
            columns[column] = max(columns[column], size_bytes)
    rows: list[str] = []
    for level in range(height, 0, -1):
        floor = most * (level - 1) / height
        rows.append("".join("#" if most and value > floor else " " for value in columns))
    return rows

"""Watches a run for its side files: the real time of every record, and what the interpreter of user code saw.

Rule 1: watching changes no record: the log stamps what it is given and hands on the same.
Rule 2: a run that is not watched has the plain log, and pays nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fozzy import wall
from fozzy.core.events import Record
from fozzy.core.log import Log, Sink
from fozzy.dsl.scenario import StepsFile
from fozzy.engine.prepare import Ready, Watch
from fozzy.errors import UsageError
from fozzy.trace.format import Header
from fozzy.world.code.base import Seen


class TimedLog(Log):
    """A log that stamps every record with real time, in nanoseconds. *Limits*: eight bytes a record."""

    __slots__ = ("stamps", "began_ns", "ended_ns")

    def __init__(self, sinks: Sequence[Sink] = (), now_ns: Callable[[], int] = wall.elapsed_ns) -> None:
        super().__init__(sinks)
        stamps = self.stamps = array("q")
        stamp, keep = stamps.append, self.buffer.append

        def append(record: Record) -> None:
            stamp(now_ns())
            keep(record)

        self.append = append
        self.began_ns = self.ended_ns = now_ns()

    def made(self, stamp_ns: int) -> None:
        """The last record was made elsewhere, then."""
        self.stamps[-1] = stamp_ns

    def flush(self) -> None:
        """Hand on what was gathered; the run flushes last of all, when everything is closed."""
        super().flush()
        self.ended_ns = wall.elapsed_ns()

    def between_ns(self) -> list[int]:
        """How long after the one before it each record was made; the first, after the run began."""
        before = [self.began_ns, *self.stamps]
        return [now - then for then, now in zip(before, self.stamps, strict=False)]


class Watching:
    """One run that is watched, or not. *Errors* of `write`: `StoreError`."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._log: TimedLog | None = None

    def log(self, sinks: Sequence[Sink]) -> Log:
        """The log of the run."""
        if not self._watch.profile:
            return Log(sinks)
        self._log = TimedLog(sinks)
        return self._log

    def write(self, header: Header, seen: Seen | None, stem: Path, digest: str) -> None:
        """Write what was asked for beside `stem`; `digest` is the seal of the trace, empty when it was not kept."""
        if self._watch == Watch():
            return
        from fozzy.trace.side import (  # most runs are not watched
            COVERAGE,
            PROFILE,
            SIDE_VERSION,
            CallProfile,
            CoverageFile,
            ProfileFile,
            write_side,
        )

        common: dict[str, Any] = {
            "schema_version": SIDE_VERSION,
            "trace_digest": digest,
            "scenario": header.scenario.path,
            "case": " ".join(f"{name}={value}" for name, value in header.case.items()),
        }
        if self._watch.coverage:
            lines = seen.lines if seen is not None else {}
            files = {name: sorted(lines[name]) for name in sorted(lines)}
            write_side(stem.with_name(stem.name + COVERAGE), CoverageFile(**common, files=files))
        if self._log is not None:
            last = self._log.stamps[-1] if self._log.stamps else self._log.began_ns
            profile = ProfileFile(
                **common,
                record_ns=self._log.between_ns(),
                end_ns=self._log.ended_ns - last,
                calls=msgspec.convert(seen.calls if seen is not None else [], list[CallProfile]),
                memory=self._watch.memory,
            )
            write_side(stem.with_name(stem.name + PROFILE), profile)


NO_WATCHING = Watching(Watch())


def watching(run: Ready, watch: Watch) -> tuple[Ready, Watching]:
    """A run whose user code is watched as asked, and who watches it. *Errors*: `UsageError` for what cannot be."""
    if watch.memory and not isinstance(run.file, StepsFile):
        message = "what a cluster allocates is not watched: all its machines live in one process"
        raise UsageError("profile.cluster", message, hint="use --profile: its real times")
    project = run.setting.project
    wanted = [("lines", watch.coverage), ("functions", watch.profile), ("memory", watch.memory), ("files", watch.files)]
    words = tuple(word for word, asked in wanted if asked)
    if project is not None and words:
        setting = msgspec.structs.replace(run.setting, project=msgspec.structs.replace(project, watch=words))
        run = run._replace(setting=setting)
    return run, Watching(watch) if watch != Watch() else NO_WATCHING

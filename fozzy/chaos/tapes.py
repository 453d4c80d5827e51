"""Recording and answering from recordings: what a proxy does from its start, and what its controls begin and end.

Rule 1: one recording and one library at a time; what cannot be opened changes nothing.
Rule 2: a recording that begins while the proxy runs begins with a change that says what is in force.
Rule 3: `finish` seals whatever is still written; the results of all recordings are kept for the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fozzy.chaos.api.cassettes import Collision, Mode, Recording, Replaying
from fozzy.chaos.cassette.entries import cassette_files
from fozzy.chaos.cassette.header import Begun, wire_redactor
from fozzy.chaos.cassette.library import Library
from fozzy.chaos.cassette.recorder import CassetteRecorder, Kept
from fozzy.chaos.cassette.redecide import decisions_again
from fozzy.chaos.cassette.tape import Place, SummaryOf
from fozzy.chaos.cassette.timeline import Timeline
from fozzy.chaos.http.proxy import HttpProxy
from fozzy.chaos.settings import Cassette, Settings
from fozzy.core.outcome import Finding
from fozzy.errors import FozzyError, StoreError
from fozzy.trace.finalize import partial_of, shown_path

Spawn = Callable[[Callable[[], Awaitable[None]]], None]


class Tapes:
    """What one proxy writes and serves. `spawn` runs a task for as long as the proxy does, once it runs."""

    def __init__(self, settings: Settings, door: HttpProxy, run_id: str) -> None:
        self._settings = settings
        self._door = door
        self._session = door.session
        self._run_id = run_id
        self._recorder: CassetteRecorder | None = None
        self._library: Library | None = None
        self._cassette: Cassette | None = None  # of the recorder
        self._serving: Cassette | None = None  # of the library
        self._last = Recording()
        self._ended: list[Library] = []  # requests in flight may still ask them
        self.kept: list[Kept] = []
        self.summary: SummaryOf | None = None
        self.spawn: Spawn | None = None

    def begin(self) -> None:
        """What was asked for at the start. *Errors*: `EvidenceError`, `StoreError`, `UsageError`."""
        cassette = self._settings.cassette
        if cassette is None:
            return
        if cassette.mode != "record":
            self._serve(cassette)
        if cassette.mode != "replay":
            self._record(cassette)

    @property
    def missed(self) -> int:
        """Requests that no recording had an answer for, where nobody else was to be asked."""
        return sum(library.missed for library in self._strict())

    @property
    def findings(self) -> list[Finding]:
        """What was missed."""
        return [finding for library in self._strict() for finding in library.findings()]

    @property
    def recorded(self) -> int:
        """Exchanges that are recorded, or about to be."""
        return sum(each.recorded for each in self.kept) + (self._recorder.recorded if self._recorder else 0)

    @property
    def bodiless(self) -> int:
        """Recorded exchanges with a body that is not kept."""
        return sum(each.bodiless for each in self.kept)

    @property
    def lost(self) -> int:
        """Exchanges that should have been."""
        return sum(each.lost for each in self.kept)

    @property
    def error(self) -> StoreError | None:
        """Why a recording is not what was asked for."""
        return next((each.error for each in self.kept if each.error is not None), None)

    @property
    def paths(self) -> list[Path]:
        """The recordings that are sealed."""
        return [path for each in self.kept for path in each.paths]

    def bytes(self) -> int | None:
        """How large the recording is by now; none where there is none, or one for each test."""
        cassette = self._cassette
        if self._recorder is None or cassette is None or cassette.is_folder:
            return None
        try:
            return partial_of(cassette.path, self._run_id).stat().st_size
        except OSError:
            return 0

    def finish(self) -> None:
        """Seal what is written, and let go of what is served."""
        self._sealed()
        self._closed()

    def drop(self) -> None:
        """It never ran: nothing of a recording stays."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.drop()
        self._closed()

    def recording(self) -> Recording:
        """How it stands."""
        if self._recorder is None or self._cassette is None:
            return self._last
        problem = self._session.not_recorded
        shown, size = shown_path(self._cassette.path), self.bytes() or 0
        return Recording(is_on=True, file=shown, requests=self._recorder.recorded, bytes=size, problem=problem)

    def start_recording(self, file: Path, collision: Collision) -> Recording:
        """Record from the next request on. *Errors*: `StoreError`."""
        self._record(Cassette(mode="record", path=file, policy=collision))
        self._session.change(self._session.engine.state, "recording started", file=shown_path(file))
        return self.recording()

    def stop_recording(self) -> Recording:
        """Seal the trace and give it its name. *Errors*: `StoreError`."""
        self._sealed()
        if self.kept and self.kept[-1].error is not None:
            raise self.kept[-1].error
        return self._last

    def replaying(self) -> Replaying:
        """How it stands."""
        library, cassette = self._library, self._serving
        if library is None or cassette is None:
            return Replaying()
        return Replaying(
            is_on=True,
            file=shown_path(cassette.path),
            mode=library.mode,
            as_recorded=library.as_recorded,
            requests=library.entries.count,
            served=library.found,
            missed=library.missed,
        )

    def start_replay(self, file: Path, mode: Mode, as_recorded: bool, pace: float) -> Replaying:
        """Answer from a cassette from the next request on. *Errors*: `EvidenceError`, `StoreError`."""
        self._serve(Cassette(mode=mode, path=file, as_recorded=as_recorded, pace=pace))
        return self.replaying()

    def stop_replay(self) -> Replaying:
        """Ask upstream again; says what was served."""
        told = self.replaying()
        if self._library is not None:
            self._ended.append(self._library)
            self._library = None
            self._door.serve_from(None)
        return Replaying(file=told.file, requests=told.requests, served=told.served, missed=told.missed)

    def _record(self, cassette: Cassette) -> None:
        """*Errors*: `StoreError`, `EvidenceError` for a file that cannot be written, or gone on with."""
        engine, settings = self._session.engine, self._settings
        begun = Begun(
            seed=engine.seed, strict=settings.strict, has_upstream=engine.has_upstream, plan=engine.state.plan
        )
        place = Place(cassette.path, cassette.policy, self._run_id, goes_on=cassette.mode == "auto")
        redactor = wire_redactor(list(settings.redact))
        recorder = CassetteRecorder(begun, settings.chaos_path, place, redactor, is_folder=cassette.is_folder)
        if self._library is not None:
            recorder.is_known = self._library.is_known
        recorder.attach(self._session)
        self._recorder, self._cassette = recorder, cassette
        if self.spawn is not None:
            self.spawn(recorder.flushing)

    def flushing(self) -> Callable[[], Awaitable[None]] | None:
        """What writes the recording of the start, again and again."""
        return None if self._recorder is None else self._recorder.flushing

    def _serve(self, cassette: Cassette) -> None:
        redactor = wire_redactor(list(self._settings.redact))
        mode: Mode = "auto" if cassette.mode == "auto" else "replay"
        library = Library(cassette.path, redactor, cassette.matching, mode=mode, pace=cassette.pace)
        try:
            if cassette.as_recorded:
                with Timeline(cassette_files(cassette.path)) as timeline:
                    library.apply(decisions_again(timeline))
        except FozzyError:
            library.close()
            raise
        self._library, self._serving = library, cassette
        self._door.serve_from(library)

    def _all(self) -> list[Library]:
        return [*self._ended, *([self._library] if self._library is not None else [])]

    def _strict(self) -> list[Library]:
        return [library for library in self._all() if library.mode == "replay"]

    def _closed(self) -> None:
        for library in self._all():
            library.close()

    def _sealed(self) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None or self._cassette is None or self.summary is None:
            return
        size = 0
        kept = recorder.finish(self.summary)
        for path in kept.paths:
            size += path.stat().st_size if path.is_file() else 0
        shown = shown_path(kept.paths[0]) if kept.paths else shown_path(self._cassette.path)
        problem = "" if kept.error is None else kept.error.message
        self._last = Recording(file=shown, requests=kept.recorded, bytes=size, problem=problem)
        self.kept.append(kept)

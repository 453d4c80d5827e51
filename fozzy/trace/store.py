"""The store: `.fozzy/runs/<id>/`, one folder a run, and the words that find a run again.

A run's folder holds `summary.json` and its traces: `trace.fozzy` for a single run, `min.fozzy` for what shrinking came
to, `<number>.fozzy` for each failing scenario of a suite. The files `latest`, `last-pass` and `last-fail` beside the folders each hold a run id.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fozzy import wall
from fozzy.core.outcome import Status
from fozzy.errors import StoreError, suggestion
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.staging import temporary

ALIASES = ("latest", "last-pass", "last-fail")
RUN_ID = re.compile(r"[0-9a-f]{1,8}")
SHORT_ID_CHARS = 4
TRACE_NAME = "trace" + SUFFIX
MIN_NAME = "min" + SUFFIX  # the trace of a run that made another one smaller
SUMMARY_NAME = "summary.json"
CANDIDATES_MAX = 20


class Store:
    """The runs below one base folder. Nothing is written before the first run."""

    def __init__(self, base_dir: Path) -> None:
        self.runs_dir = base_dir / "runs"

    def folder(self, run_id: str) -> Path:
        """Where a run keeps its files."""
        return self.runs_dir / run_id

    def fresh(self) -> str:
        """A new run's id; its folder exists and is empty. *Errors*: `StoreError`."""
        try:
            while True:
                run_id = wall.fresh_run_id()
                try:
                    self.folder(run_id).mkdir(parents=True)
                    return run_id
                except FileExistsError:
                    continue
        except OSError as error:
            raise StoreError(
                "store.unwritable", f"cannot write {shown_path(self.runs_dir)}: {error.strerror}"
            ) from error

    @contextmanager
    def run(self) -> Iterator[str]:
        """A new run's id, as `fresh`; a run that is refused before it keeps anything leaves no folder."""
        run_id = self.fresh()
        try:
            yield run_id
        except BaseException:
            with suppress(OSError):  # a folder that holds something stays
                self.folder(run_id).rmdir()
            raise

    def finish(self, run_id: str, summary: bytes, status: Status) -> None:
        """Keep a run's summary and move the aliases to it; one that could not run neither passed nor failed.

        *Errors*: `StoreError`.
        """
        try:
            write_whole(self.folder(run_id) / SUMMARY_NAME, summary)
            ended = {"pass": ["last-pass"], "error": []}.get(status, ["last-fail"])
            for alias in ("latest", *ended):
                write_whole(self.runs_dir / alias, run_id.encode())
        except OSError as error:
            raise StoreError(
                "store.unwritable", f"cannot write {shown_path(self.runs_dir)}: {error.strerror}"
            ) from error

    def ids(self) -> list[str]:
        """Every run's id, sorted."""
        try:
            names = os.listdir(self.runs_dir)
        except OSError:
            return []
        return sorted(name for name in names if len(name) == 8 and RUN_ID.fullmatch(name))

    def short(self, run_id: str) -> str:
        """The shortest prefix of at least four digits that names the run alone."""
        others = [other for other in self.ids() if other != run_id]
        for length in range(SHORT_ID_CHARS, len(run_id)):
            if not any(other.startswith(run_id[:length]) for other in others):
                return run_id[:length]
        return run_id

    def run_of(self, word: str) -> str:
        """The run a word names: an alias or a unique prefix. *Errors*: `StoreError` with the candidates."""
        alias = word.removeprefix("@")
        if alias in ALIASES:
            return self._aliased(alias)
        found = [run_id for run_id in self.ids() if run_id.startswith(word)] if RUN_ID.fullmatch(word) else []
        if len(found) == 1:
            return found[0]
        if found:
            listed = " ".join(found[:CANDIDATES_MAX])
            raise StoreError(
                "store.ambiguous_run", f'"{word}" names {len(found)} runs: {listed}', hint="give more digits"
            )
        raise StoreError("store.unknown_run", f'there is no trace file and no run "{word}"', hint=self._hint(word))

    def trace_of(self, selector: str) -> Path:
        """The trace a selector names: a path, `7f3`, `7f3/2`, `@latest`, … *Errors*: `StoreError`."""
        path = Path(selector)
        if os.path.isfile(selector) or (
            selector.endswith((SUFFIX, ".partial")) and selector.removeprefix("@") not in ALIASES
        ):
            return path
        word, slash, number = selector.partition("/")
        run_id = self.run_of(word)
        folder = self.folder(run_id)
        if slash:
            return self._member(folder, run_id, number)
        traces = self._traces(folder)
        if len(traces) == 1:
            return traces[0]
        if not traces:
            message = f"run {run_id} kept no trace"
            raise StoreError(
                "store.no_trace", message, hint="only failing scenarios of a suite keep theirs; --record keeps all"
            )
        listed = " ".join(
            f"{self.short(run_id)}/{trace.name.removesuffix(SUFFIX)}" for trace in traces[:CANDIDATES_MAX]
        )
        raise StoreError(
            "store.ambiguous_trace", f"run {run_id} has {len(traces)} traces: {listed}", hint="name one of them"
        )

    def _aliased(self, alias: str) -> str:
        try:
            run_id = (self.runs_dir / alias).read_text().strip()
        except (OSError, UnicodeDecodeError):
            run_id = ""
        if run_id not in self.ids():
            raise StoreError("store.unknown_run", f'no run is "{alias}" yet', hint="fozzy run or fozzy test makes one")
        return run_id

    def _traces(self, folder: Path) -> list[Path]:
        for single in (folder / TRACE_NAME, folder / MIN_NAME):
            if single.is_file():
                return [single]
        numbers = [name.removesuffix(SUFFIX) for name in os.listdir(folder) if name.endswith(SUFFIX)]
        return [folder / f"{number}{SUFFIX}" for number in sorted(filter(str.isdecimal, numbers), key=int)]

    def _member(self, folder: Path, run_id: str, number: str) -> Path:
        path = folder / f"{number}{SUFFIX}"
        if number.isdigit() and path.is_file():
            return path
        if (recorded := _recorded(folder, run_id, number)) is not None:
            return recorded
        kept = " ".join(trace.name.removesuffix(SUFFIX) for trace in self._traces(folder))
        raise StoreError(
            "store.unknown_member", f'run {run_id} kept no trace "{number}"', hint=f"it kept: {kept or 'none'}"
        )

    def _hint(self, word: str) -> str:
        words = [*self.ids(), *(f"@{alias}" for alias in ALIASES)]
        return suggestion(word, words) or "a selector is a trace file, a run id or @latest"


def _recorded(folder: Path, run_id: str, number: str) -> Path | None:
    """The trace of a suite's scenario that was recorded elsewhere, if it is still there and still of this run."""
    import msgspec  # only who names such a scenario needs to read summaries and traces

    from fozzy.core.summary import Summary
    from fozzy.errors import FozzyError
    from fozzy.trace.reader import open_trace

    try:
        members = msgspec.json.decode((folder / SUMMARY_NAME).read_bytes(), type=Summary).scenarios
        path = next((each.trace_path for each in members if str(each.number) == number and not each.replay), None)
        if path is None:
            return None
        with open_trace(Path(path)) as trace:
            footer = trace.footer()
        return Path(path) if footer is not None and footer.run_id == run_id else None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, FozzyError):
        return None


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is never seen half written, and nothing is left when it cannot be. *Errors*: `OSError`."""
    with temporary(path) as written:
        written.write_bytes(data)
        os.replace(written, path)

"""`fozzy test --last-failed`: what failed in the last run of `test`, wherever it was called from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.core.summary import Summary
from fozzy.engine.discover import Chosen
from fozzy.report.text import count
from fozzy.trace.finalize import shown_path
from fozzy.trace.store import SUMMARY_NAME, Store


class LastFailed(NamedTuple):
    """What failed in the last run of `test`, and that run's seed; `said` is what people should know about it."""

    failed: set[tuple[str, str]]  # absolute path, and the combination of its matrix
    seed: int | None
    said: str

    def words(self, paths: Sequence[str]) -> list[str]:
        """What to look for: what was asked for, else the files that failed and are still there."""
        if paths or not self.failed:
            return list(paths)
        return list(dict.fromkeys(shown_path(Path(path)) for path, _ in sorted(self.failed) if os.path.isfile(path)))

    def takes(self, chosen: Chosen) -> bool:
        """Whether a scenario is among them; all are when nothing failed."""
        return not self.failed or (os.path.abspath(chosen.path), chosen.label) in self.failed


EVERYTHING = LastFailed(set(), None, "")


def last_failed(store: Store, root: Path) -> LastFailed:
    """Look at the last run of `test`; when it passed, or there is none, everything is to run."""
    last = next(_tests(store), None)
    if last is None:
        return LastFailed(set(), None, "there is no test run yet, so everything runs")
    failed = {(_absolute(member.path, root), member.case) for member in last.scenarios if not member.passed}
    if not failed:
        return LastFailed(set(), None, "the last test run passed, so everything runs")
    gone = sum(not os.path.isfile(path) for path, _ in failed)
    said = f"{count(len(failed), 'scenario')} failed in the last test run"
    return LastFailed(failed, last.identity.seed, f"{said}, {gone} of them no longer there" if gone else said)


def _absolute(path: str, root: Path) -> str:
    """A path as a summary shows it: relative to where `test` was called, which mostly is here or the project's root."""
    return os.path.abspath(path if os.path.exists(path) else root / path)


def _tests(store: Store) -> Iterator[Summary]:
    """The summaries of `test` runs, the latest first; what cannot be read is no run."""
    found: list[tuple[int, str]] = []
    for run_id in store.ids():
        try:
            found.append(((store.folder(run_id) / SUMMARY_NAME).stat().st_mtime_ns, run_id))
        except OSError:
            continue
    for _, run_id in sorted(found, reverse=True):
        try:
            summary = msgspec.json.decode((store.folder(run_id) / SUMMARY_NAME).read_bytes(), type=Summary)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            continue
        if summary.command == "test" and summary.scenarios:  # one that ran nothing says nothing
            yield summary

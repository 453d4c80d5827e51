"""The JSON documents of commands that look at recorded runs: `artifacts` and `report`."""

from __future__ import annotations

from typing import Literal

from fozzy.core.outcome import Camel, Verdict
from fozzy.insight.artifacts import Artifact, StoredRun
from fozzy.insight.compare import RunsDiff
from fozzy.insight.flaky import Flakiness
from fozzy.insight.query import KnownPath, Match


class NamedBody(Camel, frozen=True, kw_only=True):
    """Which run was found, and by which word. `member` is the number of a suite's scenario."""

    run_id: str
    member: int | None = None
    trace_path: str | None = None
    word: str
    by: Literal["alias", "id", "prefix", "path"]


class ArtifactsDocument(Camel, frozen=True, kw_only=True):
    """The runs in the store, the newest first; of one that was named, its files."""

    schema_version: int
    command: Literal["artifacts ls"]
    status: Literal["pass"]
    size_bytes: int
    runs: list[StoredRun] | None = None
    run: NamedBody | None = None
    files: list[Artifact] | None = None


class ExportDocument(Camel, frozen=True, kw_only=True):
    """What was written and where. `blake3` is of the file, when it is one."""

    schema_version: int
    command: Literal["artifacts export", "artifacts pack"]
    status: Literal["pass"]
    run: NamedBody
    out: str
    files: list[Artifact]
    size_bytes: int
    blake3: str | None = None


class UnpackDocument(Camel, frozen=True, kw_only=True):
    """What was taken out of a pack. `is_new` is false when the same was there already."""

    schema_version: int
    command: Literal["artifacts unpack"]
    status: Literal["pass"]
    run_id: str
    folder: str
    is_new: bool
    files: list[Artifact]


class BundleDocument(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What a bundle says of a run and where it is. `verdict` is null when a replay was not possible."""

    schema_version: int
    command: Literal["artifacts bundle"]
    status: Literal["pass"]
    run: NamedBody
    out: str
    trusted: bool
    verdict: Verdict | None
    files: list[Artifact]
    size_bytes: int
    blake3: str | None


class RunsDiffDocument(Camel, frozen=True, kw_only=True):
    """How two runs differ."""

    schema_version: int
    command: Literal["artifacts diff"]
    status: Literal["pass", "fail"]
    a: NamedBody
    b: NamedBody
    diff: RunsDiff


class RemovedBody(Camel, frozen=True, kw_only=True):
    """A run that was removed, and which limit it was removed for."""

    run_id: str
    size_bytes: int
    changed_at: str
    reason: Literal["days", "runs", "size"]


class PruneDocument(Camel, frozen=True, kw_only=True):
    """What `artifacts prune` removed, or with `--dry-run` would remove."""

    schema_version: int
    command: Literal["artifacts prune"]
    status: Literal["pass"]
    dry_run: bool
    removed: list[RemovedBody]
    removed_bytes: int
    kept: int
    kept_bytes: int


class QueryDocument(Camel, frozen=True, kw_only=True):
    """What a JSONPath found in a run, or the paths there are. `more` counts paths beyond those that are listed."""

    schema_version: int
    command: Literal["report query"]
    status: Literal["pass", "fail"]
    run: NamedBody
    matches: list[Match] | None = None
    paths: list[KnownPath] | None = None
    more: int | None = None


class FlakyDocument(Camel, frozen=True, kw_only=True):
    """Which scenarios did not end alike over several runs. `budget_pct` is what a scenario's rate may be."""

    schema_version: int
    command: Literal["report flaky"]
    status: Literal["pass", "fail"]
    runs: list[NamedBody]
    budget_pct: float
    over: int
    flakiness: Flakiness

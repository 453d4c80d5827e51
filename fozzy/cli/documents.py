"""The JSON documents commands print besides the run summary. Their schemas are generated: `fozzy schema --for NAME`."""

from __future__ import annotations

from typing import Any, Literal

from fozzy.cli.chaos_documents import ChaosRunDocument
from fozzy.cli.check_documents import CiDocument, DoctorDocument, FullDocument, GateDocument
from fozzy.cli.explore_documents import ExploreDocument
from fozzy.cli.map_documents import MapHotspotsDocument, MapServicesDocument, MapSuitesDocument
from fozzy.cli.problem_documents import ErrorBody as ErrorBody
from fozzy.cli.problem_documents import ErrorDocument as ErrorDocument
from fozzy.cli.problem_documents import ProblemBody as ProblemBody
from fozzy.cli.profile_documents import PROFILE_DOCUMENTS
from fozzy.cli.proxy_documents import PROXY_DOCUMENTS
from fozzy.cli.run_documents import (
    ArtifactsDocument,
    BundleDocument,
    ExportDocument,
    FlakyDocument,
    PruneDocument,
    QueryDocument,
    RunsDiffDocument,
    UnpackDocument,
)
from fozzy.core.blob import Blob
from fozzy.core.outcome import Camel
from fozzy.core.summary import Beat, Summary
from fozzy.trace.diff import TraceDiff
from fozzy.trace.verify import Verification


class ValidateDocument(Camel, frozen=True, kw_only=True):
    """What `validate` found; an error of the command itself has the same shape."""

    schema_version: int
    command: Literal["validate"]
    status: Literal["pass", "error"]
    files: int
    invalid: int
    problems: list[ProblemBody] = []
    error: ErrorBody | None = None


class FmtDocument(Camel, frozen=True, kw_only=True):
    """Which files `fmt` changed, or with `--check` would change (`written` is false then)."""

    schema_version: int
    command: Literal["fmt"]
    status: Literal["pass", "fail", "error"]
    files: int
    changed: list[str]
    written: bool
    invalid: int
    problems: list[ProblemBody] = []
    error: ErrorBody | None = None


class InitDocument(Camel, frozen=True, kw_only=True):
    """What `init` wrote, and what was there and is kept."""

    schema_version: int
    command: Literal["init"]
    status: Literal["pass"]
    written: list[str]
    kept: list[str]


class VerifyDocument(Camel, frozen=True, kw_only=True):
    """What holds of a trace."""

    schema_version: int
    command: Literal["trace verify"]
    status: Literal["pass", "fail"]
    verification: Verification


class RecoverDocument(Camel, frozen=True, kw_only=True):
    """What was recovered, and where it is."""

    schema_version: int
    command: Literal["trace recover"]
    status: Literal["pass"]
    trace_path: str
    records: int
    draws: int
    asks: int
    events: int


class ShowDocument(Camel, frozen=True, kw_only=True):
    """The header, records and footer of a trace, as they stand in it; with `--story` the story in place of records."""

    schema_version: int
    command: Literal["trace show"]
    status: Literal["pass", "fail"]
    trace_path: str
    header: dict[str, Any]
    records: list[dict[str, Any]]
    story: list[Beat] = []
    footer: dict[str, Any] | None = None


class DiffDocument(Camel, frozen=True, kw_only=True):
    """Where two traces part."""

    schema_version: int
    command: Literal["trace diff"]
    status: Literal["pass", "fail"]
    diff: TraceDiff


class EntryBody(Camel, frozen=True, kw_only=True):
    """One input of a corpus."""

    name: str
    size_bytes: int


class CorpusBody(Camel, frozen=True, kw_only=True):
    """A corpus and what is in it altogether."""

    name: str
    path: str
    entries: int
    size_bytes: int


class CorpusListDocument(Camel, frozen=True, kw_only=True):
    """The corpora there are; of one that was named, its entries."""

    schema_version: int
    command: Literal["corpus list"]
    status: Literal["pass"]
    corpora: list[CorpusBody]
    entries: list[EntryBody] | None = None


class CorpusAddDocument(Camel, frozen=True, kw_only=True):
    """Which inputs were new to the corpus, and which it had already."""

    schema_version: int
    command: Literal["corpus add", "corpus import"]
    status: Literal["pass"]
    corpus: CorpusBody
    added: list[EntryBody]
    present: list[EntryBody]


class CorpusExportDocument(Camel, frozen=True, kw_only=True):
    """What an archive holds."""

    schema_version: int
    command: Literal["corpus export"]
    status: Literal["pass"]
    corpus: CorpusBody
    archive_path: str
    archive_bytes: int


class PageBody(Camel, frozen=True, kw_only=True):
    """What there is to know about an error code or a finding's title."""

    names: list[str]
    area: str
    meaning: str
    why: str
    do: str
    sample: str | None = None


class ExplainDocument(Camel, frozen=True, kw_only=True):
    """One page, or all of them."""

    schema_version: int
    command: Literal["explain"]
    status: Literal["pass"]
    pages: list[PageBody]


class CompletionDocument(Camel, frozen=True, kw_only=True):
    """The script for a shell."""

    schema_version: int
    command: Literal["completion"]
    status: Literal["pass"]
    shell: Literal["bash", "zsh", "fish"]
    script: str
    written: str | None = None


class SettingBody(Camel, frozen=True, kw_only=True):
    """One setting in force."""

    name: str
    value: Any
    origin: str
    origins: dict[str, str] = {}  # of its parts that came from elsewhere


class PartBody(Camel, frozen=True, kw_only=True):
    """Something only some commands need: what for, and the command that brings it."""

    name: str
    found: bool
    purpose: str
    get: str


class EnvDocument(Camel, frozen=True, kw_only=True):
    """The surroundings of a command."""

    schema_version: int
    command: Literal["env"]
    status: Literal["pass"]
    version: str
    python: str
    system: str
    config_file: str | None
    root: str
    settings: list[SettingBody]
    parts: list[PartBody]


class VersionDocument(Camel, frozen=True, kw_only=True):
    """Which fozzy this is."""

    schema_version: int
    command: Literal["version"]
    status: Literal["pass"]
    version: str


class PassBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A pass of the shrinker: what it tried in all rounds, and how large the run was after it; `nodes` of a cluster."""

    name: str
    tried: int
    kept: int
    steps: int
    choices: int
    faults: int
    nodes: int | None = None


class ReasonBody(Camel, frozen=True, kw_only=True):
    """One thing that is left, and what happens without it; `at` is its place in the run as first recorded."""

    what: Literal["node", "step", "fault", "invariant", "choice"]
    name: str
    at: str
    why: str
    value: int | None = None


class SlipBody(Camel, frozen=True, kw_only=True):
    """Another failure that came up while shrinking."""

    kind: str
    title: str
    at: str
    message: str


class ShrinkBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What shrinking came to. `end` says whether nothing more can go, the budget was over, or somebody stopped it."""

    end: Literal["converged", "budget", "interrupted", "terminated"]
    runs: int
    duration_ms: int
    steps_before: int
    choices_before: int
    faults_before: int
    steps: int
    choices: int
    choices_not_boring: int
    faults: int
    passes: list[PassBody]
    left: list[ReasonBody]
    slips: list[SlipBody]
    trace_paths: list[str]
    nodes_before: int | None = None
    nodes: int | None = None


class ShrinkDocument(Summary, frozen=True, kw_only=True):
    """The summary of the smaller run, and how it became so."""

    shrink: ShrinkBody | None = None


class CrashBody(Camel, frozen=True, kw_only=True):
    """One of the different crashes of a campaign. `input` is the smallest one, as text or in base64."""

    title: str
    kind: str
    status: str
    message: str
    cause: list[str] = []
    run: int
    input: Blob | None = None
    input_bytes_before: int
    trace_path: str | None = None
    kept_path: str | None = None


class FuzzBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What a campaign came to. `features` counts the different places, steps or states that were reached."""

    target: str
    takes: str
    mode: Literal["coverage", "blind", "property"]
    runs: int
    duration_ms: int
    runs_per_second: int
    features: int
    corpus: int
    corpus_added: int
    corpus_path: str | None
    forks: int
    ended_by: Literal["runs", "time", "interrupted", "terminated"]
    crashes: list[CrashBody]


class CorpusMinimizeDocument(Camel, frozen=True, kw_only=True):
    """Which entries `corpus minimize` removed, or with `--dry-run` would remove. One of each crash is kept."""

    schema_version: int
    command: Literal["corpus minimize"]
    status: Literal["pass"]
    path: str
    target: str
    dry_run: bool
    features: int
    kept: list[EntryBody]
    removed: list[EntryBody]
    crashing: list[str]


class FuzzDocument(Summary, frozen=True, kw_only=True):
    """The summary of a campaign, and what it came to."""

    fuzz: FuzzBody | None = None


DOCUMENTS: dict[str, list[type]] = {
    "init": [InitDocument, ErrorDocument],
    "validate": [ValidateDocument, ErrorDocument],
    "fmt": [FmtDocument, ErrorDocument],
    "test": [Summary, ErrorDocument],
    "run": [Summary, ErrorDocument],
    "replay": [Summary, ErrorDocument],
    "shrink": [ShrinkDocument, ErrorDocument],
    "corpus minimize": [CorpusMinimizeDocument, ErrorDocument],
    "fuzz": [FuzzDocument, ErrorDocument],
    "explore": [ExploreDocument, ErrorDocument],
    "trace verify": [VerifyDocument, ErrorDocument],
    "trace recover": [RecoverDocument, ErrorDocument],
    "trace show": [ShowDocument, ErrorDocument],
    "report show": [Summary, ErrorDocument],
    "report query": [QueryDocument, ErrorDocument],
    "report flaky": [FlakyDocument, ErrorDocument],
    "trace diff": [DiffDocument, ErrorDocument],
    "artifacts ls": [ArtifactsDocument, ErrorDocument],
    "artifacts export": [ExportDocument, ErrorDocument],
    "artifacts pack": [ExportDocument, ErrorDocument],
    "artifacts unpack": [UnpackDocument, ErrorDocument],
    "artifacts bundle": [BundleDocument, ErrorDocument],
    "artifacts diff": [RunsDiffDocument, ErrorDocument],
    "artifacts prune": [PruneDocument, ErrorDocument],
    "corpus list": [CorpusListDocument, ErrorDocument],
    "corpus add": [CorpusAddDocument, ErrorDocument],
    "corpus export": [CorpusExportDocument, ErrorDocument],
    "corpus import": [CorpusAddDocument, ErrorDocument],
    "map hotspots": [MapHotspotsDocument, ErrorDocument],
    "map services": [MapServicesDocument, ErrorDocument],
    "map suites": [MapSuitesDocument, ErrorDocument],
    "doctor": [DoctorDocument, ErrorDocument],
    "ci": [CiDocument, ErrorDocument],
    "gate": [GateDocument, ErrorDocument],
    "full": [FullDocument, ErrorDocument],
    "chaos run": [ChaosRunDocument, ErrorDocument],
    "explain": [ExplainDocument, ErrorDocument],
    "schema": [ErrorDocument],
    "completion": [CompletionDocument, ErrorDocument],
    "env": [EnvDocument, ErrorDocument],
    "version": [VersionDocument, ErrorDocument],
}
DOCUMENTS |= {name: [kind, ErrorDocument] for name, kind in PROFILE_DOCUMENTS.items()}
DOCUMENTS |= PROXY_DOCUMENTS

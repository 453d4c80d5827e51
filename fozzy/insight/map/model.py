"""What a map says, as it stands in its JSON documents."""

from typing import Literal

from fozzy.core.outcome import Camel

Profile = Literal["balanced", "pedantic", "overkill"]
State = Literal["covered", "touched", "imported", "stale", "name_only", "none"]
EvidenceKind = Literal["lines", "call", "import", "process", "url"]
ReasonName = Literal[
    "unreadable",
    "syntax",
    "dropped",
    "no_parser",
    "no_sources",
    "unreadable_scenario",
    "invalid_scenario",
    "unreadable_trace",
    "unreadable_coverage",
]

STATES: tuple[State, ...] = ("covered", "touched", "imported", "stale", "name_only", "none")  # the best first
EVIDENT: tuple[State, ...] = ("covered", "touched")  # what counts as evidence


class Signal(Camel, frozen=True, kw_only=True):
    """Why a place is risky: a signal, how often it is there, and its share of what is left to 100."""

    name: str
    weight: int
    count: int


class Evidence(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A recorded run that touched a place. `stale` when the file changed after the run began."""

    kind: EvidenceKind
    state: State
    run_id: str
    trace_path: str
    scenario: str
    started_at: str
    said: str
    stale: bool


class Hotspot(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A function or method, or a file without any (its `name` is empty then). `mentions` are scenarios that name it."""

    path: str
    line: int
    end_line: int
    name: str
    language: str
    service: str
    risk: int
    required: bool
    state: State
    why: list[Signal]
    evidence: list[Evidence]
    evidence_count: int
    mentions: list[str]

    @property
    def is_evident(self) -> bool:
        """Whether a recorded run touched it."""
        return self.state in EVIDENT

    @property
    def place(self) -> str:
        """Where it is, as `billing/retry.py:41`."""
        return f"{self.path}:{self.line}"


class EntryPoint(Camel, frozen=True, kw_only=True):
    """Where a program begins."""

    kind: Literal["server", "cli", "main"]
    path: str
    line: int


class Service(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A part of the tree: a top folder or package. `risk` is that of its riskiest hotspot."""

    name: str
    risk: int
    files: int
    functions: int
    hotspots: int
    required: int
    covered: int
    touched: int
    uncovered: int
    entry_points: list[EntryPoint]
    routes: list[str]
    signals: dict[str, int]  # how many of its functions have each signal


class Suite(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A scenario and the hotspots its recorded runs touched, each as `path:line name`."""

    scenario: str
    valid: bool
    runs: int
    touches: list[str]
    stale: int
    names_only: int


class Reason(Camel, frozen=True, kw_only=True):
    """One thing a map does not know, and why."""

    reason: ReasonName
    path: str
    message: str


class Degraded(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """Everything a map does not know. It is a lower bound when there is anything in here."""

    reasons: list[Reason]
    counts: dict[str, int]


class Files(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What was looked at. Left out by rule: tests, declarations, minified files, links to other files of the tree."""

    read: int
    size_bytes: int
    functions: int
    languages: dict[str, int]
    left_out: dict[str, int]
    ignored_by: Literal["git", "rules"]


class Totals(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """All hotspots at or over `min_risk`, before filters and paging; `required` are those at or over `required_risk`."""

    hotspots: int
    covered: int
    touched: int
    uncovered: int
    required: int
    required_uncovered: int


class Runs(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """Where evidence was looked for."""

    traces: int
    coverage_files: int
    scenarios: int


class Page(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """Which part of the list is shown. `total` is after filters."""

    offset: int
    limit: int | None
    shown: int
    total: int

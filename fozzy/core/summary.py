"""The summary of a run: what `--json` prints, what a trace's footer embeds, what every report is made from."""

from typing import Literal

import msgspec

from fozzy.core.outcome import EXIT_OF_STATUS, Camel, Finding, Status, Verdict
from fozzy.errors import Exit, worst

SCHEMA_VERSION = 1

Mode = Literal["run", "test", "replay", "fuzz", "explore", "shrink", "proxy"]


class Identity(Camel, frozen=True, kw_only=True):
    """What a run is called and where it left things."""

    run_id: str
    seed: int
    trace_path: str | None = None
    report_path: str | None = None
    artifacts_dir: str | None = None


class Tests(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """How many scenarios ended how; `skipped` counts what filters left out."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0


class Divergence(Camel, frozen=True, kw_only=True):
    """What a replay came to, and where it left the recording."""

    verdict: Verdict
    records: int = 0
    record: int | None = None
    recorded: str | None = None
    now: str | None = None
    cause: str | None = None


class Heap(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """The modelled heap at the end."""

    in_use_bytes: int = 0
    peak_bytes: int = 0
    allocations: int = 0


class Beat(Camel, frozen=True, kw_only=True):
    """One line of how a cluster's run went: at which instant of its time, who, what, and what came of it."""

    at_ns: int
    who: str
    what: str
    outcome: str = ""


def code_flag(calls_code: bool) -> str:
    """The flag of a command that may run user code, with a space before it."""
    return " --allow-code" if calls_code else ""


class Member(Camel, frozen=True, kw_only=True):
    """One scenario of a suite."""

    number: int
    name: str
    path: str
    status: Status
    seed: int
    duration_ns: int
    steps: int = 0
    failed_step: int = 0  # which of them failed, from 1; 0 when none or another part did
    passed: bool  # whether it ended as expected
    trace_path: str | None = None
    case: str = ""  # which combination of the scenario's matrix
    expected: str | None = None
    findings: list[Finding] = []
    replay: Divergence | None = None
    calls_code: bool = False  # it calls user code, so a replay of it needs permission
    nodes: int = 0  # of a cluster
    story: list[Beat] = []  # how a cluster's run went
    story_left_out: int = 0  # lines of it that are not here
    executions: int = 1  # how often it was run, each time differently: a distributed scenario says how often

    @property
    def code_flag(self) -> str:
        """What a command needs to replay it, with a space before it."""
        return code_flag(self.calls_code)

    @property
    def case_flag(self) -> str:
        """What a command needs to run this combination again, with a space before it."""
        import shlex

        return f" --case {shlex.quote(self.case)}" if self.case else ""


class Trouble(Camel, frozen=True, kw_only=True):
    """Why there is nothing to tell of: a code, as errors have it, and what to do."""

    code: str
    message: str
    hint: str = ""


class Summary(Camel, frozen=True, kw_only=True):
    """How a run went. `duration_ns` is the scenario's own time, `duration_ms` the wall's."""

    schema_version: int
    command: str
    status: Status
    mode: Mode
    identity: Identity
    started_at: str
    finished_at: str
    duration_ms: int
    duration_ns: int
    det: bool = True
    steps: int = 0
    failed_step: int = 0
    tests: Tests | None = None
    memory: Heap | None = None
    replay: Divergence | None = None
    findings: list[Finding] = []
    scenarios: list[Member] = []
    warnings: list[str] = []
    nodes: int = 0  # of a cluster
    story: list[Beat] = []  # how a cluster's run went
    story_left_out: int = 0  # lines of it that are not here
    error: Trouble | None = None  # of status `error`, where no finding says it
    kept: list[str] = []  # traces of failures that were made smaller and put where they are tests


def listed(summary: Summary, member: Member) -> Summary:
    """A run of one scenario told as a suite of one, for reports that list scenarios."""
    tests = Tests(passed=int(member.passed), failed=int(not member.passed))
    return msgspec.structs.replace(summary, scenarios=[member], tests=tests)


def exit_of(statuses: list[Status]) -> Exit:
    """The exit status for these ends together."""
    return worst([EXIT_OF_STATUS[status] for status in statuses])


def worst_status(statuses: list[Status]) -> Status:
    """The status of several runs together."""
    order: list[Status] = ["error", "crash", "timeout", "fail", "pass"]
    return min(statuses, key=order.index, default="pass")

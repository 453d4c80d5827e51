"""The JSON document of `fozzy chaos run`."""

from __future__ import annotations

from typing import Literal

from fozzy.cli.problem_documents import ErrorBody
from fozzy.core.outcome import Camel
from fozzy.core.summary import SCHEMA_VERSION as SCHEMA_VERSION


class ChaosTestBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """One test. `faults` say what became of each, `breakers` how each changed and why, in order.

    `decisions` is a digest of its decision log: the same seed makes the same one.
    """

    name: str
    outcome: Literal["passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout"]
    duration_ms: int
    phase: str | None
    message: str | None
    seed: int | None
    time: str | None
    decisions: str | None
    faults: list[str]
    breakers: list[str]
    trace_path: str | None
    replay: str | None


class ChaosRefusedBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A file that cannot be collected."""

    place: str
    message: str


class ChaosClauseBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """An `except` clause whose body never ran."""

    file: str
    line: int
    text: str


class ChaosCoverageBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What ran. Recovery paths are the bodies of `except` clauses."""

    percent: float
    files: int
    recovery_paths: int
    recovery_paths_ran: int
    never_ran: list[ChaosClauseBody]


class ChaosRunDocument(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """What a suite of resilience tests came to; `others` are tests that are none, `stuck` those that could not be ended, `not_run`
    those that were to be run when it ended before them. `seed` is the session's; each test's own follows from it and its name."""

    schema_version: int
    command: Literal["chaos run"]
    status: Literal["pass", "fail", "timeout", "crash", "error"]
    exit: int
    duration_ms: int
    seed: int | None
    passed: int
    failed: int
    timed_out: int
    skipped: int
    expected_failures: int
    others: int
    not_run: int
    stuck: list[str]
    tests: list[ChaosTestBody]
    refused: list[ChaosRefusedBody]
    coverage: ChaosCoverageBody | None
    junit_path: str | None
    error: ErrorBody | None = None

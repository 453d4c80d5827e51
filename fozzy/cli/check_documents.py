"""The JSON documents of `doctor`, `ci`, `gate` and `full`: the checks they made."""

from __future__ import annotations

from typing import Literal

from fozzy.cli.problem_documents import ProblemBody
from fozzy.core.outcome import Camel
from fozzy.gate.checked import Parted


class CheckBody(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """One check: what it ran, what it found, what it left out and why. `info` is never an issue."""

    name: str
    status: Literal["pass", "fail", "warn", "skip", "info"]
    ran: str
    found: list[ProblemBody]
    left_out: list[str]
    parted: list[Parted] = []


class DoctorDocument(Camel, frozen=True, kw_only=True):
    """What the doctor found."""

    schema_version: int
    command: Literal["doctor"]
    status: Literal["pass", "fail"]
    seed: int
    checks: list[CheckBody]


class CiDocument(Camel, frozen=True, kw_only=True):
    """What a trace is worth: its checks, and the verdict of its replay."""

    schema_version: int
    command: Literal["ci"]
    status: Literal["pass", "fail"]
    trace_path: str
    verdict: str | None = None
    checks: list[CheckBody]


class GateDocument(Camel, frozen=True, kw_only=True):
    """The strict checks on what changed, or on what a scope names; `files` is what they were made on."""

    schema_version: int
    command: Literal["gate"]
    status: Literal["pass", "fail"]
    seed: int
    scope: list[str]
    since: str | None = None
    files: list[str]
    checks: list[CheckBody]


class FullDocument(Camel, frozen=True, kw_only=True):
    """Every check on everything; `skipped` are the names of those that did not run."""

    schema_version: int
    command: Literal["full"]
    status: Literal["pass", "fail"]
    seed: int
    skipped: list[str]
    checks: list[CheckBody]

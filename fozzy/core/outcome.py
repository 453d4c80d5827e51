"""How a run ended, in the words every report, trace and JSON document shares."""

from typing import Any, Literal

import msgspec

from fozzy.errors import Exit

Status = Literal["pass", "fail", "error", "timeout", "crash"]
FindingKind = Literal["assertion", "panic", "hang", "limit", "invariant", "checker", "input_invalid", "target_behavior"]
Verdict = Literal["SAME", "DRIFT", "FIXED", "CHANGED", "INCOMPLETE"]

EXIT_OF_STATUS = {
    "pass": Exit.PASS,
    "fail": Exit.FAIL,
    "error": Exit.USAGE,
    "timeout": Exit.TIMEOUT,
    "crash": Exit.CRASH,
}


class Camel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """Base of what goes into a JSON document: camelCase keys, absent when not set."""


class Location(Camel, frozen=True, kw_only=True):
    """Where in a scenario: `path` is the step's path, `text` the source line, `details` more of what was seen."""

    file: str
    line: int
    col: int
    path: str
    text: str = ""
    cut: int = 0  # characters of the line before `text`, when it is too long to keep
    length: int = 1
    label: str = ""
    details: Any = None


class Finding(Camel, frozen=True, kw_only=True):
    """One thing a run found; `title` is a stable identifier."""

    kind: FindingKind
    title: str
    message: str
    location: Location | None = None
    before: str = ""  # what the step before it did
    around: list[str] = []  # which attempt, round or branch it happened in, innermost first


class StepFailed(Exception):
    """A step did not hold. Raised by steps; the engine places it.

    `title` is a stable name, the step's type when empty; `field` is the field to point at and `label` what is said
    there; `status` is what the failure makes of the run.
    """

    def __init__(
        self,
        title: str,
        message: str,
        kind: FindingKind = "assertion",
        status: Status = "fail",
        *,
        field: str = "",
        label: str = "",
        details: Any = None,
    ) -> None:
        super().__init__(message)
        self.at = ""  # the path of the step, set by the engine
        self.around: list[str] = []  # what blocks add: which attempt, which round, innermost first
        self.title = title
        self.message = message
        self.kind: FindingKind = kind
        self.status: Status = status
        self.field = field
        self.label = label
        self.details = details

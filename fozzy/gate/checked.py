"""Checked: what a check looked at, what it found, what it left out and why.

Rule 1: a check is a function from what it looks at to a `Checked`; every command uses the same one.
Rule 2: nothing is left out in silence: what was not looked at stands in `left_out` with its reason.
To add a check: a module in `checks/` with its test, and its place in the lists of the commands that want it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from fozzy.core.outcome import Camel
from fozzy.errors import Exit, FozzyError, Problem, worst

Result = Literal["pass", "fail", "warn", "skip", "info"]


class Cause(Camel, frozen=True, kw_only=True):
    """A likely reason why two runs differ. `kind` is a stable name, `at` a line of the user's code that shows it."""

    kind: str
    message: str
    at: str = ""


class Parted(Camel, frozen=True, kw_only=True):
    """Where two runs of a scenario parted: the first record that differs, on both sides, and why that may be.

    *Units*: `time_ns` is virtual. Of a cluster `node` is the machine whose record it is, `at` the line of the user's that
    made it, both empty when they cannot be told.
    """

    scenario: str
    record: int
    first: str
    other: str
    way: str  # how the other run was made
    causes: list[Cause] = []
    time_ns: int | None = None
    node: str = ""
    at: str = ""


class Checked(Camel, frozen=True, kw_only=True):
    """One check. `exit_status` is what a failure makes of the command."""

    name: str
    status: Result
    ran: str
    found: list[Problem] = []
    left_out: list[str] = []
    parted: list[Parted] = []
    exit_status: Exit = Exit.FAIL


class Step(NamedTuple):
    """A check that is yet to be made: its name, and how."""

    name: str
    make: Callable[[], Checked]


def judged(
    name: str,
    ran: str,
    found: Iterable[Problem] = (),
    *,
    left_out: Iterable[str] = (),
    warns: bool = False,
    exit_status: Exit = Exit.FAIL,
) -> Checked:
    """A check that ran: it passes when it found nothing. `warns` makes what it found a warning."""
    found = list(found)
    status: Result = "pass" if not found else "warn" if warns else "fail"
    return Checked(
        name=name, status=status, ran=ran, found=found, left_out=list(dict.fromkeys(left_out)), exit_status=exit_status
    )


def told(name: str, ran: str, found: Iterable[Problem] = ()) -> Checked:
    """Something to know, which is never an issue."""
    return Checked(name=name, status="info", ran=ran, found=list(found))


def skipped(name: str, reason: str) -> Checked:
    """A check that did not run, and why."""
    return Checked(name=name, status="skip", ran="", left_out=[reason])


def guarded(step: Step) -> Checked:
    """Make a check. What it raises is what it found."""
    try:
        return step.make()
    except FozzyError as error:
        if error.exit_status in (Exit.INTERRUPTED, Exit.TERMINATED):
            raise
        return judged(step.name, "could not be made", error.problems, exit_status=error.exit_status)


def is_bad(check: Checked, *, strict: bool) -> bool:
    """Whether a check fails its command; under `strict` a warning does."""
    return check.status == "fail" or (strict and check.status == "warn")


def exit_of_checks(checks: Sequence[Checked], *, strict: bool) -> Exit:
    """The exit status of a command that made these checks."""
    return worst([check.exit_status for check in checks if is_bad(check, strict=strict)])


def renamed(check: Checked, name: str) -> Checked:
    """The same under another name."""
    return msgspec.structs.replace(check, name=name)

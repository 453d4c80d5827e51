"""How a run ended: one set of words in all documents."""

from __future__ import annotations

from typing import get_args

import msgspec

from fozzy.core.outcome import EXIT_OF_STATUS, Finding, Location, Status, StepFailed
from fozzy.errors import Exit


def test_every_status_has_its_exit() -> None:
    """Each status ends a command with its own exit status."""
    assert set(EXIT_OF_STATUS) == set(get_args(Status))
    assert [EXIT_OF_STATUS[status] for status in ("pass", "fail", "timeout", "crash")] == [0, 1, 3, 4]
    assert EXIT_OF_STATUS["error"] is Exit.USAGE


def test_documents_have_camel_case_and_no_defaults() -> None:
    """Keys are camelCase, and what is not set is absent."""
    location = Location(file="f", line=1, col=2, path="steps[0]")
    finding = Finding(kind="hang", title="t", message="m", location=location)
    assert msgspec.to_builtins(finding) == {
        "kind": "hang",
        "title": "t",
        "message": "m",
        "location": {"file": "f", "line": 1, "col": 2, "path": "steps[0]"},
    }


def test_a_failed_step_knows_nothing_of_its_place() -> None:
    """A step says what failed and at which field; the engine says where that is."""
    failure = StepFailed("t", "m", "limit", "timeout", field="f", label="l", details=[1])
    assert (failure.at, failure.title, failure.message, str(failure)) == ("", "t", "m", "m")
    assert (failure.kind, failure.status, failure.field, failure.label, failure.details) == (
        "limit",
        "timeout",
        "f",
        "l",
        [1],
    )
    plain = StepFailed("", "m")
    assert (plain.kind, plain.status) == ("assertion", "fail")

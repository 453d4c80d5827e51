"""Failures of the world become findings with stable names."""

from __future__ import annotations

from typing import get_args

import pytest

from fozzy.core.outcome import StepFailed
from fozzy.world.failure import Failure, FailureKind, fail_with


@pytest.mark.parametrize("kind", get_args(FailureKind))
def test_every_kind_of_failure_is_a_finding(kind: FailureKind) -> None:
    """A failure is titled by its capability and kind; a wait is a hang, a bound a limit, a missing rule an assertion."""
    with pytest.raises(StepFailed) as caught:
        fail_with("http", Failure(kind, "why"), {"a": 1})
    failed = caught.value
    assert (failed.title, failed.message, failed.details, failed.status) == (f"http_{kind}", "why", {"a": 1}, "fail")
    wanted = {"timeout": "hang", "limit": "limit", "unscripted": "assertion"}
    assert failed.kind == wanted.get(kind, "target_behavior")

"""The verdict on a replayed test."""

from __future__ import annotations

import pytest

from fozzy.pytest_plugin.keeping import About, Kept
from fozzy.pytest_plugin.replaying import verdict_of
from fozzy.pytest_plugin.state import Failure

FAILED = Failure("call", "AssertionError", "2 != 1", "test_it.py", 7, complaint="")
RECORDED = Kept(About(nodeid="test_it.py::test_it"), 7, FAILED, [b"a\n"])


@pytest.mark.parametrize(
    ("failure", "decisions", "verdict"),
    [
        (FAILED, [b"a\n"], "SAME: AssertionError at test_it.py:7: 2 != 1"),
        (FAILED._replace(message="3 != 1"), [b"a\n"], "SAME"),
        (FAILED, [b"b\n"], "DRIFT"),
        (None, [b"a\n"], "FIXED: it passes"),
        (None, [b"b\n"], "FIXED: it passes"),
        (FAILED._replace(line=8), [b"a\n"], "CHANGED: it failed with AssertionError at test_it.py:7"),
        (FAILED._replace(title="ConnectionError"), [b"a\n"], "CHANGED"),
        (FAILED._replace(phase="teardown"), [b"a\n"], "CHANGED"),
        (FAILED._replace(complaint="backoff.no_pause"), [b"a\n"], "CHANGED"),
    ],
)
def test_each_verdict(failure: Failure | None, decisions: list[bytes], verdict: str) -> None:
    """The same error at the same place and the same decisions are the same run, whatever numbers it says."""
    assert verdict_of(RECORDED, failure, decisions).startswith(verdict)


@pytest.mark.parametrize(
    ("phase", "decisions", "verdict"),
    [
        ("call", [b"a\n"], "SAME"),
        ("call", [], "SAME"),
        ("call", [b"a\n", b"b\n"], "SAME"),
        ("call", [b"b\n", b"a\n"], "DRIFT"),
        ("setup", [b"a\n"], "CHANGED"),
    ],
)
def test_what_took_too_long_was_somewhere(phase: str, decisions: list[bytes], verdict: str) -> None:
    """Where it was ended, and how far it had come by then, is no difference."""
    recorded = RECORDED._replace(failure=FAILED._replace(title="TookTooLong"))
    failure = FAILED._replace(phase=phase, title="TookTooLong", line=9)
    assert verdict_of(recorded, failure, decisions).startswith(verdict)


def test_a_complaint_that_nobody_recorded_is_any() -> None:
    """Traces of before complaints had kinds are compared by error and place."""
    recorded = RECORDED._replace(failure=FAILED._replace(complaint=None))
    assert verdict_of(recorded, FAILED._replace(complaint="backoff.no_pause"), [b"a\n"]).startswith("SAME")

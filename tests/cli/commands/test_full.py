"""`fozzy full`: the document names what was skipped; a required step that was skipped is a failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_skips_are_counted_and_named(shop: Any, fz: Any) -> None:
    """In the last line and in the document."""
    Path("fozzy.toml").write_text('det = true\nscenarios = "scenarios/cart"\n')
    ran = fz("full", "--runs", "2")
    assert ran.code == 0, ran.said
    assert ran.out.splitlines()[-1] == "  PASS  no problem, skipped: 2 (traces, shrink)"
    assert fz("full", "--runs", "2", "--json").document()["skipped"] == ["traces", "shrink"]


def test_required_steps(shop: Any, fz: Any) -> None:
    """Names are checked first; one that was skipped fails."""
    Path("fozzy.toml").write_text('det = true\nscenarios = "scenarios/cart"\n')
    assert fz("full", "--runs", "2", "--required-steps", "test,determinism").code == 0
    ran = fz("full", "--runs", "2", "--required-steps", "test,traces")
    assert ran.code == 1
    assert "traces is required, and was skipped" in ran.out
    ran = fz("full", "--required-steps", "trace")
    assert ran.code == 2
    assert 'did you mean "traces"?' in ran.err

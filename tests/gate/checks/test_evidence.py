"""Evidence: a trace that was touched is not trusted, and what does not hold is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import Exit, StoreError
from fozzy.gate.checks.evidence import evidence


def test_a_sealed_trace_is_trusted(recorded: Any) -> None:
    """Every part of it holds."""
    assert evidence(recorded("calm")).status == "pass"


def test_every_flipped_byte_is_found(recorded: Any) -> None:
    """Wherever a byte is another one, the check fails as evidence or the file is no trace any more."""
    trace = recorded("calm")
    whole = trace.read_bytes()
    for at in range(0, len(whole), 97):
        trace.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            checked = evidence(trace)
        except StoreError:
            assert at < 40
            continue
        assert (checked.status, checked.exit_status) == ("fail", Exit.EVIDENCE), at


def test_a_cut_off_trace_is_let_pass_only_unsafe(recorded: Any) -> None:
    """A trace without a footer is no evidence, unless --unsafe says so."""
    trace: Path = recorded("calm")
    trace.write_bytes(b"".join(trace.read_bytes().splitlines(keepends=True)[:-1]))
    assert [each.code for each in evidence(trace).found] == ["trace.unsealed"]
    assert evidence(trace, strict=False).status == "pass"


def test_what_is_no_trace_is_unusable(project: Path) -> None:
    """A file that is not there is no evidence of anything."""
    with pytest.raises(StoreError):
        evidence(Path("none.fozzy"))

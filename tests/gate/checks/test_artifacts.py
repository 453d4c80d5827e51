"""Artifacts: whatever was kept of a run and does not agree with its trace is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import Exit
from fozzy.gate.checked import Checked
from fozzy.gate.checks.artifacts import artifacts
from fozzy.trace.reader import open_trace
from fozzy.trace.store import Store


def look(trace: Path) -> Checked:
    """The check on a trace of the project's store."""
    return artifacts(trace, Store(Path(".fozzy")))


def run_folder() -> Path:
    """The only run."""
    [folder] = [path for path in Path(".fozzy/runs").iterdir() if path.is_dir()]
    return folder


def seal(trace: Path) -> str:
    """A trace's seal."""
    with open_trace(trace) as opened:
        return opened.seal()[0]


def test_what_agrees_passes(recorded: Any) -> None:
    """The summary in the store says what the trace says, whichever name of the trace is used."""
    trace = recorded("calm")
    for path in (trace, run_folder() / "trace.fozzy"):
        checked = look(path)
        assert (checked.status, checked.left_out) == ("pass", [])
        assert "summary.json" in checked.ran


@pytest.mark.parametrize(("field", "value"), [("status", "fail"), ("durationNs", 1)])
def test_a_summary_that_says_otherwise(recorded: Any, field: str, value: object) -> None:
    """A changed member of the summary is named, with what the trace says."""
    trace = recorded("calm")
    path = run_folder() / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    checked = look(trace)
    assert checked.exit_status == Exit.EVIDENCE
    assert [each.code for each in checked.found] == ["ci.artifact_differs"]
    assert field in checked.found[0].message
    path.write_text("{")
    assert [each.code for each in look(trace).found] == ["ci.artifact_unreadable"]


def test_a_copy_with_another_seal(recorded: Any) -> None:
    """The store's own copy of a trace is compared too."""
    trace = recorded("calm")
    copy = run_folder() / "trace.fozzy"
    copy.unlink()
    whole = trace.read_bytes()
    copy.write_bytes(whole[:-3] + (b"0" if whole[-3:-2] != b"0" else b"1") + whole[-2:])
    assert [each.code for each in look(trace).found] == ["ci.artifact_differs"]


@pytest.mark.parametrize("side", ["profile", "coverage"])
def test_side_files_name_their_trace(recorded: Any, side: str) -> None:
    """A side file of this trace passes, one of another trace does not, whether beside it or in the store."""
    trace = recorded("calm")
    for path in (Path(f"calm.{side}.json"), run_folder() / f"trace.{side}.json"):
        path.write_text(json.dumps({"schemaVersion": 1, "traceDigest": seal(trace)}))
        assert look(trace).status == "pass"
        assert path.name in look(trace).ran
        path.write_text(json.dumps({"schemaVersion": 1, "traceDigest": "0" * 64}))
        assert [each.code for each in look(trace).found] == ["ci.artifact_differs"]
        path.unlink()


def test_what_is_not_there_is_left_out_with_its_reason(recorded: Any) -> None:
    """A trace that was moved, and whose run is gone, is compared with nothing, and that is said."""
    trace = recorded("calm")
    shutil.rmtree(".fozzy")
    trace.rename("other.fozzy")
    checked = look(Path("other.fozzy"))
    assert (checked.status, checked.ran) == ("pass", "nothing")
    assert [each.split(":")[0] for each in checked.left_out] == ["the summary", "its name"]


def test_a_member_of_a_suite(sound: Any, fz: Any) -> None:
    """The failing trace of a suite agrees with what the suite says of that scenario."""
    sound("calm")
    sound("bad", {"type": "fail", "message": "no"})
    assert fz("test", "-j1").code == 1
    [trace] = run_folder().glob("*.fozzy")
    assert look(trace).status == "pass"
    path = run_folder() / "summary.json"
    path.write_text(path.read_text().replace('"status":"fail"', '"status":"timeout"'))
    assert [each.code for each in look(trace).found] == ["ci.artifact_differs"]

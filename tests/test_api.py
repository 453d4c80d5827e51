"""The public functions: load, run, replay, verify."""

from __future__ import annotations

import gc
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import fozzy

OK = {"type": "assert_ok", "value": True}
SCENARIO: dict[str, Any] = {
    "version": 1,
    "name": "n",
    "steps": [{"type": "rand_u64", "key": "k"}, {"type": "sleep", "duration": "1s"}, OK],
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, document: Any = SCENARIO) -> Path:
    Path(path).write_text(json.dumps(document))
    return Path(path)


def test_a_run_is_recorded_replayed_and_verified() -> None:
    """What was recorded replays SAME and verifies; the result says where the trace is."""
    result = fozzy.run(write("a.fozzy.json"), seed=7, record="t.fozzy")
    assert (result.status, result.findings, result.trace) == ("pass", [], Path("t.fozzy"))
    assert (result.summary.identity.seed, result.summary.identity.trace_path) == (7, "t.fozzy")
    assert fozzy.replay("t.fozzy").verdict == "SAME"
    assert fozzy.verify("t.fozzy").ok if hasattr(fozzy.verify("t.fozzy"), "ok") else fozzy.verify("t.fozzy")


@pytest.mark.parametrize("kind", ["path", "text", "dictionary", "loaded"])
def test_a_scenario_comes_in_any_form(kind: str) -> None:
    """A path, its text, a dictionary and a loaded scenario all run alike."""
    path = write("a.fozzy.json")
    source = {"path": path, "text": str(path), "dictionary": SCENARIO, "loaded": fozzy.load(path)}[kind]
    assert fozzy.run(source, seed=1).status == "pass"


def test_a_failure_is_data_and_no_exception() -> None:
    """A failing run returns its findings with their places; nothing is raised and nothing is left behind."""
    result = fozzy.run({**SCENARIO, "steps": [{"type": "fail", "message": "m"}]})
    assert (result.status, result.trace) == ("fail", None)
    assert result.findings[0].message == "m" and result.findings[0].location is not None
    assert list(Path().iterdir()) == []


def test_the_same_seed_makes_the_same_records() -> None:
    """Two runs of one seed have equal headers and records; another seed has others."""
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        fozzy.run(SCENARIO, seed=seed, record=f"{name}.fozzy")
    a, b, c = (Path(f"{name}.fozzy").read_bytes().splitlines()[:-1] for name in "abc")
    assert a == b != c


def test_seed_and_timeout_and_backends_are_options() -> None:
    """A seed, a timeout and who answers may be given; the scenario's own seed is used otherwise."""
    assert fozzy.run({**SCENARIO, "seed": 5}).summary.identity.seed == 5
    assert fozzy.run({**SCENARIO, "seed": 5}, seed=6).summary.identity.seed == 6
    assert fozzy.run(SCENARIO, timeout="500ms").status == "timeout"
    write_step = {"type": "fs_write", "path": "made.txt", "data": "x"}
    assert fozzy.run({**SCENARIO, "steps": [write_step]}).status == "pass" and not Path("made.txt").exists()
    assert fozzy.run({**SCENARIO, "steps": [write_step]}, fs="host").status == "pass" and Path("made.txt").exists()


@pytest.mark.parametrize("more", [{"seed": -1}, {"seed": 2**53}, {"timeout": "soon"}, {"timeout": ""}], ids=str)
def test_impossible_options_are_errors_of_fozzy(more: dict[str, Any]) -> None:
    """A seed out of range and a timeout that is none are fozzy's errors."""
    with pytest.raises(fozzy.FozzyError):
        fozzy.run(SCENARIO, **more)


@pytest.mark.parametrize(
    "source", ["gone.fozzy.json", {"version": 1}, {"version": 1, "name": "n", "suites": {"a": ["b"]}}, {}], ids=str
)
def test_what_cannot_run_is_an_error_of_fozzy(source: Any) -> None:
    """A missing file, an invalid scenario and a suite are errors with codes and problems."""
    with pytest.raises(fozzy.FozzyError) as caught:
        fozzy.run(source)
    assert caught.value.code.startswith("scenario.") and caught.value.problems


def test_collisions_follow_the_policy() -> None:
    """A taken name is counted up, replaced, or an error, as asked; what is there is never changed by append."""
    first = fozzy.run(SCENARIO, seed=1, record="t.fozzy").trace
    assert first is not None
    before = first.read_bytes()
    assert fozzy.run(SCENARIO, seed=2, record="t.fozzy").trace == Path("t.1.fozzy")
    with pytest.raises(fozzy.FozzyError) as caught:
        fozzy.run(SCENARIO, seed=2, record="t.fozzy", record_collision="error")
    assert caught.value.code == "trace.exists" and first.read_bytes() == before
    assert fozzy.run(SCENARIO, seed=2, record="t.fozzy", record_collision="overwrite").trace == first
    assert first.read_bytes() != before
    assert sorted(path.name for path in Path().iterdir()) == ["t.1.fozzy", "t.fozzy"]


def test_replay_takes_another_scenario() -> None:
    """A failing step that was mended in the scenario is FIXED; a changed step before it is DRIFT."""
    failing = {**SCENARIO, "steps": [{"type": "rand_u64", "key": "k"}, {"type": "assert_eq_int", "a": 1, "b": 2}]}
    fozzy.run(failing, seed=1, record="t.fozzy")
    mended = write(
        "m.fozzy.json", {**failing, "steps": [failing["steps"][0], {"type": "assert_eq_int", "a": 1, "b": 1}]}
    )
    assert fozzy.replay("t.fozzy", scenario=mended).verdict == "FIXED"
    changed = {**failing, "steps": [{"type": "rand_u64", "key": "other"}, failing["steps"][1]]}
    for other in (changed, fozzy.load(changed), write("c.fozzy.json", changed), str(write("c.fozzy.json", changed))):
        assert fozzy.replay("t.fozzy", scenario=other).verdict == "DRIFT"


def test_what_is_no_trace_is_an_error_of_fozzy() -> None:
    """A missing trace and a file that is none are errors, for replay and verify alike."""
    write("a.fozzy.json")
    for path in ("gone.fozzy", "a.fozzy.json"):
        for function in (fozzy.replay, fozzy.verify):
            with pytest.raises(fozzy.FozzyError):
                function(path)


def test_an_edit_is_seen_within_one_tick() -> None:
    """A file edited to the same size with the same time stamp is loaded as it is now."""
    path = write("a.fozzy.json")
    first = fozzy.load(path)
    before = path.stat()
    path.write_text(path.read_text().replace('"n"', '"m"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert (first.file.name, fozzy.load(path).file.name) == ("n", "m")
    assert fozzy.load(path).document.digest != first.document.digest


def test_thousands_of_files_keep_nothing() -> None:
    """Two thousand files loaded under two thousand names leave memory as it was."""

    def go(start: int, count: int) -> None:
        for index in range(start, start + count):
            path = write(f"{index}.fozzy.json", {**SCENARIO, "name": f"n{index}", "vars": {f"v{index}": index}})
            fozzy.load(path)
            path.unlink()

    go(0, 200)
    gc.collect()
    objects = len(gc.get_objects())
    tracemalloc.start()
    try:
        go(200, 100)
        gc.collect()
        first = tracemalloc.get_traced_memory()[0]
        go(300, 1700)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - first < 100_000
    finally:
        tracemalloc.stop()
    assert len(gc.get_objects()) - objects < 500


def test_runs_leave_nothing_open(folder: Path) -> None:
    """A hundred runs leave no file open and no file behind."""
    fozzy.run(SCENARIO)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    for seed in range(100):
        fozzy.run(SCENARIO, seed=seed)
    assert list(folder.iterdir()) == []
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_a_case_of_a_matrix_is_chosen() -> None:
    """A scenario with a matrix runs one combination, which must be named and must be its own."""
    steps = [{"type": "assert", "that": "${size}", "equals": 2}]
    scenario = {"version": 1, "name": "n", "matrix": {"size": [1, 2]}, "steps": steps}
    assert fozzy.run(scenario, case={"size": 2}).status == "pass"
    assert fozzy.run(scenario, case={"size": 1}).status == "fail"
    for case in (None, {"size": 3}):
        with pytest.raises(fozzy.FozzyError):
            fozzy.run(scenario, case=case)


def test_a_timeout_is_more_than_nothing() -> None:
    """As on the command line and in a scenario."""
    with pytest.raises(fozzy.FozzyError, match="more than nothing"):
        fozzy.run(SCENARIO, timeout="0s")


def test_the_values_of_a_case_come_in_any_order() -> None:
    """A combination is its values, however they are listed."""
    whole = {**SCENARIO, "matrix": {"size": [1, 2], "color": ["red"]}}
    assert fozzy.run(whole, case={"color": "red", "size": 2}).status == "pass"

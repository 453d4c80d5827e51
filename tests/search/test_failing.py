"""A failing trace is opened as what it says it is, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.engine.prepare import Options
from fozzy.errors import EvidenceError, FozzyError, StoreError
from fozzy.search.failing import document_of, folded, open_failing
from fozzy.search.script import script_of

FAIL = {"type": "fail", "message": "no"}
DRAW = {"type": "rand_int", "key": "k", "min": 0, "max": 99}


def refused(path: Path) -> FozzyError:
    with pytest.raises(FozzyError) as raised:
        open_failing(path)
    return raised.value


def test_a_failing_run_as_script_tape_and_reason(bench: Any) -> None:
    """All that a search needs, from the trace alone."""
    failing = bench.failing([DRAW, FAIL], seed=7, tags=["x"])
    assert failing.failure.title == "fail" and failing.failure.at == "steps[1]"
    assert failing.message == "no"
    assert failing.header.seed == 7
    assert [draw.label for draw in failing.first.tape.draws] == ["rand.k"]
    assert failing.first.script.raw["steps"] == [DRAW, FAIL]


def test_a_warning_before_the_failure_is_not_the_failure(bench: Any) -> None:
    """Under --unsafe a fault that was never rolled is only told; the reason is what failed the run."""
    fault = {"type": "fault", "name": "f", "on": "http", "kind": "drop"}
    steps = [fault, {"type": "memory_alloc", "bytes": 64, "key": "p"}]
    failing = bench.failing(steps, options=Options(det=True, strict=False, leak_bytes_max=0))
    assert failing.failure.title == "memory_leak"
    assert failing.failure.at == "end"


def test_what_did_not_fail_cannot_be_opened(bench: Any) -> None:
    """A run that passed; one that was cut off; with a command that helps."""
    _, passed = bench.record([DRAW])
    assert refused(passed).code == "shrink.nothing_failed"
    _, failed = bench.record([DRAW, FAIL])
    cut = bench.folder / "cut.fozzy"
    cut.write_bytes(b"".join(failed.read_bytes().splitlines(keepends=True)[:-1]))
    assert refused(cut).code == "trace.unsealed"


def test_what_was_altered_cannot_be_opened(bench: Any, resealed: Any) -> None:
    """With a broken seal it is refused; with a new seal its failure does not come again where the scenario changed."""
    _, failed = bench.record([DRAW, {"type": "assert_eq_int", "a": 1, "b": 2}])
    data = failed.read_bytes().replace(b'\\"b\\": 2', b'\\"b\\": 1')
    altered = bench.folder / "altered.fozzy"
    altered.write_bytes(data)
    assert isinstance(refused(altered), EvidenceError)
    assert refused(altered).code == "trace.seal_broken"
    data = failed.read_bytes().replace(b'\\"a\\": 1', b'\\"a\\": 2')
    altered.write_bytes(resealed(data))
    error = refused(altered)
    assert error.code in ("shrink.not_again", "trace.seal_broken")
    assert isinstance(refused(bench.folder / "none.fozzy"), StoreError)


def test_a_failure_that_does_not_come_again_is_refused(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same title at another place is another failure."""
    from fozzy.search.scenario import ScenarioSubject

    _, failed = bench.record([FAIL, FAIL])
    run = ScenarioSubject.run

    def elsewhere(self: ScenarioSubject, candidate: Any) -> Any:
        return run(self, candidate.without(["steps[0]"]))

    monkeypatch.setattr(ScenarioSubject, "run", elsewhere)
    error = refused(failed)
    assert error.code == "shrink.not_again"
    assert "failed with fail at steps[0] when it was recorded; now it fails with fail at steps[1]" in error.message
    assert error.hint.startswith("fozzy replay ")


def test_one_combination_of_a_matrix_is_variables() -> None:
    """What speaks of the file as it was, and the matrix, are gone."""
    head = {"version": 1, "name": "n", "vars": {"a": 1}, "matrix": {"b": [1, 2]}, "expect": {}, "$schema": "x"}
    script = folded(script_of({**head, "steps": [FAIL]}), {"b": 2})
    assert script.head == {"version": 1, "name": "n", "vars": {"a": 1, "b": 2}}
    assert folded(script_of({"version": 1, "name": "n", "steps": [FAIL]}), {}).head == {"version": 1, "name": "n"}


def test_a_script_as_a_file() -> None:
    """Its text is in the one form, and its digest is the text's."""
    doc = document_of(script_of({"version": 1, "name": "n", "steps": [FAIL]}), "a.fozzy.json")
    assert doc.text.endswith("}\n") or doc.text.endswith("}")
    assert doc.name == doc.shown == "a.fozzy.json"
    assert len(doc.digest) == 64

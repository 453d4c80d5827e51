from __future__ import annotations

import os
from pathlib import Path

import pytest

from fozzy.chaos.cassette.storing import store_traces
from fozzy.errors import StoreError


def test_one_file_is_the_trace_of_its_run_and_several_are_its_members(tmp_path: Path) -> None:
    """A run id names the recording, a member each file of several; what lies there already stays."""
    paths = [tmp_path / name for name in ("a.fozzy", "b.fozzy")]
    for path in paths:
        path.write_text(path.name)
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    store_traces(one, paths[:1])
    store_traces(two, paths)
    assert (one / "trace.fozzy").read_text() == "a.fozzy"
    assert {name: (two / name).read_text() for name in os.listdir(two)} == {"1.fozzy": "a.fozzy", "2.fozzy": "b.fozzy"}
    store_traces(one, [one / "trace.fozzy"])
    store_traces(one, [])
    assert os.listdir(one) == ["trace.fozzy"]
    os.replace(tmp_path / "b.fozzy", tmp_path / "a.fozzy")
    assert (one / "trace.fozzy").read_text() == "a.fozzy"


def test_a_store_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Nothing is lost without a word."""
    (tmp_path / "a.fozzy").write_text("x")
    with pytest.raises(StoreError):
        store_traces(tmp_path / "missing", [tmp_path / "a.fozzy"])

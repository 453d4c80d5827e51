"""What tests of the fuzzer share: targets of the user's, campaigns against them, and a look at what is left behind."""

from __future__ import annotations

import glob
import json
import os
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.limits import MIB
from fozzy.dsl.load import document, parse
from fozzy.engine.prepare import Options, Ready, header_of, ready
from fozzy.search.fuzz.campaign import Campaign, Plan
from fozzy.search.fuzz.python_bench import PythonBench
from fozzy.search.fuzz.python_job import Python
from fozzy.world.code.permission import permit
from tests.leftovers import gone

Write = Callable[[str], Path]
Fuzz = Callable[..., Campaign]


@pytest.fixture
def nothing_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The test leaves no process of its own and no temporary file; the folder those would be in."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    assert gone(str(tmp_path))
    assert glob.glob(str(folder / "*")) == []


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the user's module `m`, of which every process carries the folder in its words."""

    def module(text: str) -> Path:
        path = tmp_path / "m.py"
        path.write_text("import os, signal, sys, threading, time\n" + textwrap.dedent(text), encoding="utf-8")
        return path

    return module


def python(folder: Path, **more: Any) -> Python:
    """The target `m:f` of a folder."""
    given: dict[str, Any] = {
        "function": "m:f",
        "permission": permit(True, AssertionError),
        "folders": (str(folder),),
        "root": str(folder),
        "hang_ns": 20 * 10**9,  # who stands still for a moment does not hang
        "memory_bytes": 256 * MIB,
        "input_bytes_max": 256,
        "covered": True,
    }
    return Python(**{**given, **more})


@pytest.fixture
def fuzz(tmp_path: Path) -> Fuzz:
    """Runs a whole campaign against `m:f`: `fuzz([b"given"], runs=100, jobs=1, **of the target)`."""

    def campaign(
        given: Sequence[bytes] = (), *, runs: int = 300, jobs: int = 1, seed: int = 1, guided: bool = True, **more: Any
    ) -> Campaign:
        bench = PythonBench(python(tmp_path, covered=guided, **more), jobs)
        try:
            made = Campaign(Plan(seed=seed, runs=runs, bytes_max=256, guided=guided, unit=64), bench, given)
            made.run()
        finally:
            bench.close()
        assert made.interrupted is None
        return made

    return campaign


def result_of(campaign: Campaign) -> dict[str, Any]:
    """All that must be the same wherever a campaign of so many runs is done, as JSON has it."""
    crashes = [[*crash.print, crash.message, crash.data.hex(), crash.number] for crash in campaign.crashes.values()]
    return {
        "runs": campaign.runs,
        "corpus": [data.hex() for data in campaign.corpus],
        "strong": [data.hex() for data in campaign.strong],
        "seen": sorted(campaign.seen),
        "crashes": crashes,
        "first": list(campaign.first_runs.values()),
        "finds": [[number, find.number, find.data.hex(), find.features] for number, find in campaign.finds],
    }


def scenario(steps: list[dict[str, Any]], **more: Any) -> Ready:
    """A scenario of these steps, ready to run."""
    text = json.dumps({"version": 1, "name": "n", **more, "steps": steps})
    loaded = parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json"))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    return ready(header, loaded, redactor)


def ours() -> dict[str, str]:
    """The environment of a python that has this fozzy."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}

"""Runs the scenarios beside this file without keeping anything: what each execution recorded, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from blake3 import blake3

from fozzy.core.events import Event, Found, Record
from fozzy.core.log import Log
from fozzy.core.sources import Seeded
from fozzy.dsl.load import load
from fozzy.engine.cluster.hosted import Session
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, Ready, header_of, ready
from fozzy.world.code.unsettle import VARIABLE

HERE = Path(__file__).parent

encode = msgspec.json.Encoder().encode


class Executed(NamedTuple):
    """One execution: its status, what was found, and every record of it."""

    status: str
    now_ns: int
    findings: list[Found]
    records: list[Record]

    @property
    def digest(self) -> str:
        """Of all that was recorded."""
        return blake3(b"\n".join(encode(each) for each in self.records)).hexdigest()

    def said(self, node: str) -> list[str]:
        """The lines a machine wrote."""
        said = [each for each in self.records if isinstance(each, Event) and each.name == "node.said"]
        return [each.fields["text"] for each in said if each.fields["node"] == node]


class Process:
    """A process that executes one scenario, forked from an interpreter that has imported its programs."""

    def __init__(self, run: Ready) -> None:
        self._run = run
        self._session = Session(run)

    def execute(self, seed: int) -> Executed:
        """Execute once."""
        records: list[Record] = []
        job = self._session.job(self._run, Seeded(seed))
        over = self._session.execute(job, Log([records.extend]))
        return Executed(over.status, over.now_ns, over.findings, records)

    def close(self) -> None:
        """End it."""
        self._session.close()


class Processes:
    """Makes processes for one scenario. With `hash_seed` their interpreter has that one."""

    def __init__(self, run: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run = run
        self._monkeypatch = monkeypatch

    @contextmanager
    def __call__(self, hash_seed: int = 0) -> Iterator[Process]:
        self._monkeypatch.setenv("PYTHONHASHSEED", str(hash_seed))  # that of others must not matter at all
        self._monkeypatch.setenv(VARIABLE, json.dumps({"hash_seed": hash_seed}))
        process = Process(self._run)
        try:
            yield process
        finally:
            process.close()


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Processes]:
    """Processes for a scenario by its name: `with processes("redis")(hash_seed=1) as process: process.execute(7)`."""

    def of(name: str) -> Processes:
        return prepared(HERE / f"{name}.fozzy.toml", monkeypatch)

    return of


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Processes]:
    """Processes for programs that a test writes: `written({"one.py": "…"}, a="one:main")`, by node."""

    def write(files: dict[str, str], **nodes: str) -> Processes:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        lines = [f'{node} = {{ program = "{program}" }}' for node, program in nodes.items()]
        scenario = tmp_path / "written.fozzy.toml"
        scenario.write_text("\n".join(["version = 1", 'name = "written"', "[distributed.nodes]", *lines]) + "\n")
        return prepared(scenario, monkeypatch)

    return write


def prepared(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    """Processes for a scenario, which is the whole of its project."""
    monkeypatch.chdir(scenario.parent)
    loaded = load(scenario, scenario.name, scenario.name)
    header, redactor = header_of(loaded, Options(allow_code=True), 1, "run", None)
    run: Any = ready(header, loaded, redactor, scenario.parent, None)
    return Processes(with_code(run, loaded, Allowance(True, scenario.parent)), monkeypatch)

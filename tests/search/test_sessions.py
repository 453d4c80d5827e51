"""Candidates of a cluster share a process, as long as that makes no difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fozzy.core.sources import Mutated, Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.code import Allowance
from fozzy.engine.prepare import Options, header_of
from fozzy.search.scenario import Origin, ScenarioSubject
from fozzy.search.script import Script, script_of
from fozzy.search.shrink.gate import Gate
from fozzy.search.shrink.shrinker import Shrinker
from fozzy.search.subject import Candidate

PROGRAMS = """
import asyncio, os

async def fails(node):
    await asyncio.sleep(0.5)
    raise ValueError("planted")

async def dies(node):
    os._exit(3)

async def hangs(node):
    while True:
        pass

async def idles(node):
    await asyncio.sleep(1)

async def remembers(node):
    import kept
    kept.runs += 1
    if kept.runs % 2:
        raise ValueError("the first time")
"""


def raw(**cluster: Any) -> dict[str, Any]:
    return {"version": 1, "name": "s", "distributed": {"nodes": ["a", "b"], **cluster}}


@contextmanager
def opened(folder: Path, scenario: dict[str, Any]) -> Iterator[tuple[ScenarioSubject, Script]]:
    """Who runs candidates of a scenario in a folder with programs."""
    (folder / "programs.py").write_text(PROGRAMS, encoding="utf-8")
    (folder / "kept.py").write_text("runs = 0\n", encoding="utf-8")
    loaded = parse(document(json.dumps(scenario).encode(), "s.fozzy.json", "s.fozzy.json", "json"))
    header, redactor = header_of(loaded, Options(), 1, "run")
    origin = Origin(header, redactor, loaded.document, loaded.included, Allowance(True, folder))
    subject = ScenarioSubject(origin)
    try:
        yield subject, script_of(scenario)
    finally:
        subject.close()


def test_runs_share_a_process_that_is_replaced_when_it_ends(tmp_path: Path) -> None:
    """What dies or hangs is a failure of its own, and the next run is as good as the first."""
    with opened(tmp_path, raw(program="programs:fails")) as (subject, script):
        first = subject.run_with(script, Seeded(1))[0]
        assert first.failure is not None and first.failure.cause[0] == "ValueError"
        for program, title in (("dies", "node_died"), ("hangs", "sim_hang"), ("idles", None)):
            other = script.with_cluster({**script.cluster, "program": f"programs:{program}"})
            failure = subject.run_with(other, Seeded(1))[0].failure
            assert (failure.title if failure else None) == title
            again = subject.run_with(script, Seeded(1))[0]
            assert (again.failure, again.draws) == (first.failure, first.draws)
        assert not subject.is_alone


def test_a_program_that_remembers_gets_a_process_for_each_run(tmp_path: Path) -> None:
    """The failure comes only the first time in a process: that is noticed, and the shrinking still gets there."""
    scenario = raw(
        program="programs:remembers",
        share=["kept"],
        faults=[{"kind": "latency", "at": "1s"}, {"kind": "pause", "node": "b", "at": "2s"}],
    )
    with opened(tmp_path, scenario) as (subject, script):
        outcome, tape = subject.run_with(script, Seeded(1))
        assert outcome.failure is not None
        done = Shrinker(Gate(subject, Candidate(script, tape), outcome.failure, 60 * 10**9), ("nodes", "faults")).run()
        assert subject.is_alone
        failing = outcome.failure.at.rpartition(".")[2]
        assert (done.best.script.machines, done.best.script.things) == ((failing,), 0)
        assert subject.run_with(done.best.script, Mutated(done.best.tape.draws))[0].failure == outcome.failure


def test_without_programs_there_is_no_process(tmp_path: Path) -> None:
    """Builtin nodes run here, and are sure at once."""
    steps = [{"type": "client_get_assert", "node": "a", "key": "x", "equals": 1}]
    with opened(tmp_path, raw(steps=steps)) as (subject, script):
        outcome, tape = subject.run_with(script, Seeded(1))
        assert outcome.failure is not None
        assert subject.is_sure(Candidate(script, tape), outcome.failure)
        assert not subject.is_alone

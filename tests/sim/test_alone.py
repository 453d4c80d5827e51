"""An async function that a `call` step names runs in the simulator: virtual time, drawn randomness, a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fozzy.core.events import Draw, Event, Record
from fozzy.core.log import Log
from fozzy.core.sources import Mutated, Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.code import Allowance, with_code
from fozzy.engine.prepare import Options, header_of, ready, start
from fozzy.engine.run import Ended

MODULE = """
import asyncio, random, time
from time import monotonic
kept = []
def plain(): return time.time() > 1_750_000_000
async def slow(x):
    began = monotonic()
    await asyncio.sleep(3600)
    return [x, monotonic() - began]
async def dice(): return [random.randint(1, 1000) for _ in range(5)]
async def boom():
    await asyncio.sleep(2)
    raise KeyError("x")
async def stuck(): await asyncio.get_running_loop().create_future()
async def echo():
    async def answer(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()
    await asyncio.start_server(answer, port=99)
    reader, writer = await asyncio.open_connection("localhost", 99)
    writer.write(b"hi\\n")
    return (await reader.read()).decode()
async def keep(x):
    kept.append(x)
    return kept
async def real():
    import subprocess
    subprocess.run(["true"])
async def forgotten():
    async def fail(): raise ValueError("nobody looks")
    asyncio.get_running_loop().create_task(fail())
    await asyncio.sleep(1)
"""

Run = Callable[..., tuple[Ended, list[Record]]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Executes calls of functions of a module; each is a name, or a step."""
    (tmp_path / "m.py").write_text(MODULE)

    def execute(*calls: Any, source: Any = None, seed: int = 1) -> tuple[Ended, list[Record]]:
        steps = [each if isinstance(each, dict) else {"type": "call", "function": f"m:{each}"} for each in calls]
        text = json.dumps({"version": 1, "name": "n", "steps": steps})
        loaded = parse(document(text.encode(), "n.fozzy.json", "n.fozzy.json", "json"))
        header, redactor = header_of(loaded, Options(det=True), seed, "run")
        made = with_code(ready(header, loaded, redactor, tmp_path), loaded, Allowance(True, tmp_path))
        records: list[Record] = []
        return start(made, source or Seeded(seed), Log([records.extend])), records

    return execute


def said(records: list[Record]) -> list[dict[str, Any]]:
    return [record.fields for record in records if isinstance(record, Event)]


def test_time_is_virtual_and_counts_on_the_scenarios_clock(run: Run) -> None:
    """An hour of sleep costs nothing, is an hour for the function, and an hour for the scenario."""
    ended, records = run({"type": "call", "function": "m:slow", "args": [7]})
    assert said(records)[0]["result"] == [7, 3600.0]
    assert ended.now_ns == 3600 * 10**9


def test_randomness_is_drawn(run: Run) -> None:
    """One draw of the scenario decides all that the function draws; zero is calm."""
    _, records = run("dice")
    draws = [record for record in records if isinstance(record, Draw)]
    assert [draw.label for draw in draws] == ["call.m:dice"]
    assert said(run("dice")[1]) == said(records) != said(run("dice", seed=2)[1])
    assert said(run("dice", source=Mutated(draws))[1]) == said(records)


def test_a_function_may_serve_itself(run: Run) -> None:
    """The machine it runs on has a network of its own."""
    assert said(run("echo")[1])[0]["result"] == "HI\n"


def test_module_state_lives_across_calls_sync_or_not(run: Run) -> None:
    """A scenario's calls share one process; a plain function still sees the true clock."""
    ended, records = run({"type": "call", "function": "m:keep", "args": [1]}, "plain",
                         {"type": "call", "function": "m:keep", "args": [2]})  # fmt: skip
    assert [each["result"] for each in said(records)] == [[1], True, [1, 2]]
    assert ended.status == "pass"


@pytest.mark.parametrize(
    ("name", "title", "kind", "message"),
    [
        ("boom", "call_raised", "assertion", "KeyError"),
        ("stuck", "deadlock", "hang", "nothing can happen any more"),
        ("real", "sim_fenced", "input_invalid", "subprocess"),
        ("forgotten", "node_exception", "checker", "nobody looks"),
    ],
)
def test_what_goes_wrong_has_its_title(run: Run, name: str, title: str, kind: str, message: str) -> None:
    """An exception is as in any call; what only the simulator knows has the simulator's title."""
    ended, _ = run(name)
    finding = ended.findings[0]
    assert (ended.status, finding.title, finding.finding) == ("fail", title, kind)
    assert message in finding.message


def test_time_before_an_exception_counts(run: Run) -> None:
    """The clock has moved by what the function waited before it raised."""
    assert run("boom")[0].now_ns == 2 * 10**9

"""Campaigns: the same finds, crashes and corpus with any number of jobs, in any process, for every kind of target."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fozzy.search.fuzz.campaign import CRASHES_MAX, PORTIONS, Campaign, Plan, distinct
from fozzy.search.fuzz.portion import Crash, Find, Portion, Told
from tests.leftovers import gone

from .conftest import ours

# A campaign against each kind of target, told as JSON. The words: the kind, a folder, jobs, and a seed.
PROGRAM = """
import json, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from conftest import python, result_of, scenario
from fozzy.cli.main import _listen
from fozzy.core.limits import Limits
from fozzy.search.fuzz.benches import LocalBench
from fozzy.search.fuzz.campaign import Campaign, Plan
from fozzy.search.fuzz.command_target import CommandTarget
from fozzy.search.fuzz.python_bench import PythonBench
from fozzy.search.fuzz.scenario_target import ScenarioTarget
_listen()  # as every command does; workers are ended by it
kind, folder, jobs, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
STEPS = json.loads((folder / "steps.json").read_text())
runs = {{"scenario": 1000, "python": 1500, "command": 24}}[kind]
if kind == "python":
    bench = PythonBench(python(folder, input_bytes_max=4096), jobs)
elif kind == "scenario":
    made = lambda _name: ScenarioTarget(scenario(**STEPS), seed)
    bench = LocalBench(made, made("").first, jobs)
else:
    words = ["-S", "-E", str(folder / "program.py"), "@@"]
    made = lambda name: CommandTarget([sys.executable, *words], folder / f"input.{{name}}", Limits(call_ms_max=20_000))
    bench = LocalBench(made, [b"", b"{{}}", b"abort"], jobs)
campaign = Campaign(Plan(seed=seed, runs=runs, unit=5 if kind == "command" else 64), bench, [b"given"])
campaign.listen = lambda: print(campaign.runs, file=sys.stderr, flush=True)
try:
    campaign.run()
finally:
    getattr(bench, "close", lambda: None)()
print(json.dumps(result_of(campaign)), type(campaign.interrupted).__name__, sep="\\n")
"""
STEPS = {
    "vars": {"kind": "buy", "amount": 5},
    "matrix": {"size": [1, 2]},
    "steps": [
        {"type": "rand_int", "key": "a", "min": 0, "max": 1000},
        {"type": "if", "that": "${a}", "greater": 900, "then": [{"type": "set_kv", "key": "b", "value": "${kind}"}]},
        {"type": "if", "that": "${a}", "greater": 990, "then": [{"type": "fail", "message": "a is large"}]},
        {
            "type": "if",
            "that": "${kind}",
            "equals": "refund",
            "then": [{"type": "assert", "that": "${amount}", "greater": 5}],
        },
    ],
}
MODULE = """
import json
def f(data: bytes):
    for one, other in zip(data, data[1:]):
        if one == 0x7F:
            if other > 0x40:
                raise ValueError("bad pair")
    try:
        value = json.loads(data)
    except ValueError:
        return
    if isinstance(value, dict):
        for key in value:
            if key == "kind":
                raise KeyError(key)
"""
COMMAND = """
import os, sys
data = open(sys.argv[1], "rb").read()
if data[:5] == b"abort": os.abort()
print("read", len(data), "bytes", "json" if data[:1] == b"{" else "text" if data.isascii() else "bytes")
sys.exit(3 if data[:1] == b"-" else 0)
"""


@pytest.fixture
def targets(nothing_left: Path, tmp_path: Path) -> Path:
    """A folder with one target of each kind."""
    (tmp_path / "m.py").write_text(MODULE)
    (tmp_path / "program.py").write_text(COMMAND)
    (tmp_path / "steps.json").write_text(json.dumps(STEPS))
    return tmp_path


def start(kind: str, folder: Path, jobs: int = 1, seed: int = 1, hash_seed: str = "0") -> subprocess.Popen[str]:
    """A process with a campaign."""
    code = PROGRAM.format(tests=str(Path(__file__).parent))
    command = [sys.executable, "-c", code, kind, str(folder), str(jobs), str(seed)]
    env = {**ours(), "PYTHONHASHSEED": hash_seed}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def result(kind: str, folder: Path, **how: Any) -> dict[str, Any]:
    """What such a campaign came to."""
    with start(kind, folder, **how) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    told, interrupted = out.splitlines()
    assert interrupted == "NoneType"
    return json.loads(told)  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["scenario", "python", "command"])
def test_the_same_plan_finds_the_same(kind: str, targets: Path) -> None:
    """Whatever the number of jobs and the hash seed: the same finds, crashes, corpus and features; another seed others."""
    first = result(kind, targets)
    assert first["corpus"] and first["crashes"] and first["seen"] and len(first["finds"]) == len(first["corpus"])
    assert result(kind, targets, jobs=2, hash_seed="1") == first
    assert result(kind, targets, jobs=4, hash_seed="random") == first
    other = result(kind, targets, seed=2)
    assert other["finds"] != first["finds"] or kind == "command"


@pytest.mark.parametrize("kind", ["scenario", "python", "command"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_campaign_leaves_nothing(kind: str, jobs: int, targets: Path) -> None:
    """Ctrl-C in the middle: what was found is told, the process ends, and with it all it had started."""
    with start(kind, targets, jobs=jobs) as process:
        assert process.stderr is not None
        for _ in range(3):  # the first round is done here, the next by the jobs
            assert int(process.stderr.readline()) > 0
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, err
    told, interrupted = out.splitlines()
    assert interrupted == "KeyboardInterrupt" and json.loads(told)["runs"] > 0
    assert gone(str(targets)) and not list(targets.glob("input.*"))


class Scripted:
    """A bench that says what it is told to say, and keeps what it was asked for."""

    def __init__(self, *rounds: list[Told]) -> None:
        self.first: list[bytes] = [b"first"]
        self.asked: list[list[Portion]] = []
        self.known: list[frozenset[int]] = []
        self.closed = 0
        self._rounds = list(rounds)

    def run(self, portions: Sequence[Portion], seen: frozenset[int], end_ns: int | None) -> Generator[Told, None, None]:
        self.asked.append(list(portions))
        self.known.append(seen)
        answers = self._rounds.pop(0) if self._rounds else [Told(runs=each.count) for each in portions]
        try:
            yield from answers
        finally:
            self.closed += 1


def crash(name: str, **more: Any) -> Crash:
    """A crash of such a title."""
    return Crash(kind="panic", title=name, message="m", status="crash", **more)


def test_rounds_grow_until_the_runs_are_done() -> None:
    """First the given inputs, once each; then rounds of portions, larger each time, of no more runs than are left."""
    bench = Scripted()
    campaign = Campaign(Plan(seed=1, runs=700, unit=16), bench, [b"a", b"first", b"a"])
    campaign.run()
    assert bench.asked[0][0].given == [b"first", b"a"] and campaign.runs == 700
    sizes = [[each.runs for each in portions] for portions in bench.asked[1:]]
    assert sizes[0] == [16] * PORTIONS and sizes[1] == [32] * PORTIONS and sum(map(sum, sizes)) == 698
    names = [each.name for portions in bench.asked for each in portions]
    assert len(set(names)) == len(names) and names[:3] == ["0", "1.0", "1.1"]
    assert bench.asked[-1][0].length > bench.asked[1][0].length


def test_portions_are_merged_in_their_order() -> None:
    """A feature belongs to the first portion that found it; later rounds start from all that was found, and from what was
    given where nothing of it reached anything."""
    finds = [Find(0, b"x", [1, 2]), Find(3, b"y", [2]), Find(4, b"z", [-5])]
    bench = Scripted([Told(runs=1)], [Told(runs=16, finds=[find]) for find in finds] + [Told(runs=16)])
    campaign = Campaign(Plan(seed=1, runs=100, unit=16), bench, [])
    campaign.run()
    assert campaign.corpus == [b"first", b"x", b"z"] and campaign.strong == [b"x"] and campaign.seen == {1, 2, -5}
    assert [number for number, _ in campaign.finds] == [2, 1 + 32 + 4 + 1]
    assert bench.asked[2][0].corpus == [b"first", b"x", b"z"] and bench.known[2] == {1, 2, -5}


def test_crashes_are_kept_once_each() -> None:
    """The first of its print, with the execution it was first seen in, and there is a bound."""
    same = [crash("a", data=b"1", number=4), crash("a", data=b"2", number=0)]
    many = [crash(f"c{number}") for number in range(CRASHES_MAX + 5)]
    bench = Scripted(
        [Told(runs=1)], [Told(runs=16, crashes=[each]) for each in same] + [Told(runs=16), Told(16, [], many)]
    )
    campaign = Campaign(Plan(seed=1, runs=65, unit=16), bench, [])
    campaign.run()
    first = distinct(campaign)[0]
    assert (first.crash.data, first.run) == (b"1", 6) and len(distinct(campaign)) == CRASHES_MAX


def test_a_blind_campaign_mutates_the_given_inputs_alone() -> None:
    """Nothing is learned, nothing is forgotten."""
    bench = Scripted()
    campaign = Campaign(Plan(seed=1, runs=50, unit=8, guided=False), bench, [b"a"])
    campaign.run()
    assert bench.asked[-1][0].corpus == [b"first", b"a"] and not bench.asked[-1][0].guided


def test_whoever_stops_a_campaign_stops_its_bench() -> None:
    """An interrupt while the campaign looks at what came: the bench is told at once."""
    bench = Scripted()
    campaign = Campaign(Plan(seed=1, runs=50, unit=8), bench, [])

    def stop() -> None:
        raise KeyboardInterrupt

    campaign.listen = stop
    campaign.run()
    assert isinstance(campaign.interrupted, KeyboardInterrupt) and bench.closed == 1 == len(bench.asked)


def test_time_ends_a_campaign() -> None:
    """Between two rounds, however many runs are left."""
    campaign = Campaign(Plan(seed=1, time_ns=1), Scripted(), [])
    campaign.run()
    assert campaign.runs == 1 and campaign.spent_ns > 0

"""The benchmark table: `make bench`. Every row is a ratio against a baseline run beside it, never a verdict.

Start-up rows run whole processes in turn (A B A B …) and compare medians; the others run in this process.
"""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
from blake3 import blake3

from fozzy import wall
from fozzy.api import load
from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.events import Record, Step
from fozzy.core.log import BLOCK_RECORDS, Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.dsl.load import document, parse
from fozzy.engine.prepare import Options, header_of, ready, start
from fozzy.engine.run import execute
from fozzy.engine.tape import Drift, ReplayLog, Tape
from fozzy.faults.engine import Faults
from fozzy.faults.kinds import kind_of
from fozzy.faults.rule import Rule
from fozzy.faults.schedule import Schedule
from fozzy.search.fuzz.benches import LocalBench
from fozzy.search.fuzz.campaign import Campaign, Plan
from fozzy.search.fuzz.scenario_target import ScenarioTarget
from fozzy.trace.finalize import finalize
from fozzy.trace.format import Footer, Header
from fozzy.trace.reader import open_trace
from fozzy.trace.verify import verify
from fozzy.trace.writer import Recorder

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent.parent)]

import clusters  # noqa: E402
import fuzzers  # noqa: E402

from tests.zoo.ours import shrink as shrink_animal  # noqa: E402
from tests.zoo.structure import needle  # noqa: E402

ROUNDS = 15
Row = tuple[str, str, str, str]

TEN: list[dict[str, Any]] = [
    {"type": "set_kv", "key": "a", "value": 1},
    {"type": "get_kv_assert", "key": "a", "equals": 1},
    {"type": "assert_ok", "value": True},
    {"type": "assert_eq_int", "a": 1, "b": 1},
    {"type": "assert_ne_int", "a": 1, "b": 2},
    {"type": "assert_eq_str", "a": "x", "b": "x"},
    {"type": "assert_ne_str", "a": "x", "b": "y"},
    {"type": "rand_u64", "key": "r"},
    {"type": "set_kv", "key": "b", "value": "two"},
    {"type": "get_kv_assert", "key": "b", "equals": "two"},
]


def scenario(steps: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A scenario of these steps."""
    return {"version": 1, "name": "bench", "steps": list(steps)}


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """The best of a few rounds."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def processes(folder: Path, *commands: list[str]) -> list[float]:
    """Median milliseconds of each command, run in turn."""
    times: list[list[float]] = [[] for _ in commands]
    for _ in range(ROUNDS + 1):
        for index, command in enumerate(commands):
            began = time.perf_counter()
            subprocess.run(command, cwd=folder, capture_output=True, check=True)
            times[index].append((time.perf_counter() - began) * 1000)
    return [statistics.median(each[1:]) for each in times]


def start_up(folder: Path) -> list[Row]:
    """What a command costs before it does anything."""
    (folder / "s.fozzy.json").write_text(json.dumps(scenario(TEN * 10)))
    python, fozzy = sys.executable, [sys.executable, "-m", "fozzy"]
    bare, version, schema, help_, run = processes(
        folder,
        [python, "-c", "pass"],
        [*fozzy, "version"],
        [*fozzy, "schema"],
        [*fozzy, "--help"],
        [*fozzy, "run", "s.fozzy.json", "--seed", "1", "-q"],
    )
    rows = [("version", version, 15), ("schema", schema, 15), ("--help", help_, 60), ("run, 100 steps", run, 70)]
    return [
        (
            f"start-up: {name}",
            f"{took - bare:.0f} ms over a bare python ({bare:.0f} ms)",
            f"{budget} ms",
            f"{took / bare:.1f} x",
        )
        for name, took, budget in rows
    ]


def engine() -> list[Row]:
    """Steps and executions per second, with every choice and event recorded."""
    loaded = load(scenario(TEN))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    run = ready(header, loaded, redactor)

    def executions() -> None:
        for seed in range(5000):
            start(run, Seeded(seed), Log())

    per_second = 5000 / seconds(executions)
    plain = load(scenario([step for step in TEN if step["type"] != "rand_u64"]))
    virtual = ready(header, plain, redactor)
    million = virtual.plan._replace(main=virtual.plan.main * (1_000_000 // 9))
    kept: list[int] = []

    def steps() -> None:
        log = Log([lambda records: kept.append(len(records))])
        execute(million, virtual.setting, Choices(Seeded(1), Clock(), log, Redactor(), 10**9))

    steps_per_second = 1_000_000 / seconds(steps)

    def closures() -> None:
        calls = [lambda world: None] * 1000
        for _ in range(1000):
            for call in calls:
                call(None)

    bare = 1_000_000 / seconds(closures)
    return [
        (
            "engine: virtual steps",
            f"{steps_per_second / 1e6:.2f} M/s",
            "1 M/s",
            f"{bare / steps_per_second:.1f} x a bare call",
        ),
        (
            "engine: executions of 10 steps",
            f"{per_second / 1e3:.0f} k/s",
            "50 k/s",
            f"{bare / per_second / 10:.1f} x bare calls",
        ),
    ]


def faults() -> list[Row]:
    """Rolls of a fault with a probability, and what a request costs with no fault armed and with one that never hits."""
    engine = Faults(Choices(Seeded(1), Clock(), log := Log(), Redactor(), 10**9))
    drop = kind_of("http", "drop")
    assert drop is not None
    engine.arm(Rule(name="flaky", on="http", kind=drop(), schedule=Schedule(probability=0.1)))
    event = {"method": "GET", "path": "/x", "url": "/x"}

    def rolls() -> None:
        for _ in range(100_000):
            planned = engine.roll("http", event)
            if planned is not None:
                engine.applied(planned)
            if len(log.buffer) >= BLOCK_RECORDS:
                log.flush()

    def draws() -> None:
        draw = Choices(Seeded(1), Clock(), Log(), Redactor(), 10**9).draw
        for _ in range(100_000):
            draw("fault.flaky", 0, (1 << 53) - 1)

    took, drawing = seconds(rolls), seconds(draws)
    requests = [_requests([]), _requests([{"type": "fault", "on": "http", "kind": "drop", "probability": 0}])]
    return [
        ("faults: rolls", f"{100 / took:.0f} /ms", "500 /ms", f"{took / drawing:.1f} x a draw"),
        ("faults: a request, none armed", f"{requests[0] * 1e6:.1f} us", "", ""),
        (
            "faults: a request, one armed",
            f"{requests[1] * 1e6:.1f} us",
            "",
            f"{requests[1] / requests[0]:.2f} x none armed",
        ),
    ]


def _requests(before: list[dict[str, Any]]) -> float:
    """Seconds of one scripted request after these steps."""
    when = {"type": "http_when", "method": "GET", "path": "/x", "status": 200}
    loaded = load(scenario([when, *before, *[{"type": "http_request", "method": "GET", "path": "/x"}] * 100]))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    run = ready(header, loaded, redactor)
    return seconds(lambda: [start(run, Seeded(1), Log()) for _ in range(20)]) / 2000


def suites(folder: Path) -> list[Row]:
    """A suite of a thousand scenarios beside one of one."""
    many, one = folder / "many", folder / "one"
    for place, number in ((many, 1000), (one, 1)):
        (place / "scenarios").mkdir(parents=True)
        (place / "fozzy.toml").write_text("det = true\n")
        for index in range(number):
            (place / "scenarios" / f"s{index:04d}.fozzy.json").write_text(json.dumps(scenario(TEN)))
    command = [sys.executable, "-m", "fozzy", "test", "--det", "--jobs", "2", "--seed", "1"]
    times = {}
    for place in (one, many):
        taken = []
        for _ in range(5):
            began = time.perf_counter()
            subprocess.run(command, cwd=place, capture_output=True, check=True)
            taken.append(time.perf_counter() - began)
        times[place] = statistics.median(taken)
    extra = times[many] - times[one]
    return [
        (
            "suite: 1,000 scenarios, --jobs 2",
            f"{extra:.2f} s over a suite of one",
            "1 s",
            f"{times[many] / times[one]:.1f} x",
        )
    ]


def big_trace(folder: Path, number: int) -> tuple[Path, Header, float]:
    """A trace of so many records, and how long writing it took."""
    loaded = load(scenario(TEN))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    records: list[Record] = [
        Step(9, "steps[3].group.steps[1]", "get_kv_assert", "0123456789abcdef", 3) for _ in range(BLOCK_RECORDS)
    ]
    recorder = Recorder(header, folder / "big.partial", redactor)
    began = time.perf_counter()
    for _ in range(number // BLOCK_RECORDS):
        recorder(records)
    footer = Footer(
        end="sealed",
        run_id="00000000",
        engine="bench",
        python="",
        os="",
        hash_seed="0",
        started_at="",
        finished_at="",
        counts=recorder.counts,
        blocks=recorder.blocks,
        summary=None,
    )
    path = finalize(recorder, folder / "big.fozzy", "overwrite", lambda _path: footer)
    return path, header, time.perf_counter() - began


def traces(folder: Path) -> list[Row]:
    """Writing, verifying, and finding the first difference."""
    number = 1_000_000 // BLOCK_RECORDS * BLOCK_RECORDS
    path, _, wrote = big_trace(folder, number)
    size_mb = path.stat().st_size / 1e6
    data = path.read_bytes()
    hashing = seconds(lambda: blake3(data).digest())
    lines = data.count(b"\n")
    encode = msgspec.json.Encoder().encode
    sample = Step(1, "steps[3].group.steps[1]", "get_kv_assert", "0123456789abcdef", 3)
    encoding = seconds(lambda: [encode(sample) for _ in range(100_000)]) * number / 100_000
    verifying = seconds(lambda: verify(path), 2)

    def drift() -> None:
        with open_trace(path) as trace:
            trace.check_seal()
            tape = Tape(trace.records(), 1, failing=None, complete=True)
            log = ReplayLog(tape)
            try:
                for _ in range(number - 1):
                    log.append(Step(9, sample.at, sample.type, sample.hash, 3))
                    if len(log.buffer) >= BLOCK_RECORDS:
                        log.flush()
                log.append(sample)
            except Drift:
                return
            raise AssertionError("no drift was found")

    drifting = seconds(drift, 1)
    return [
        (
            "trace: records written",
            f"{number / wrote / 1e3:.0f} k/s",
            "500 k/s",
            f"{wrote / encoding:.1f} x encoding alone",
        ),
        ("trace: verify", f"{size_mb / verifying:.0f} MB/s", "200 MB/s", f"{verifying / hashing:.0f} x hashing alone"),
        ("trace: first drift in a million", f"{drifting:.2f} s", "2 s", f"{drifting / hashing:.0f} x hashing alone"),
        ("trace: size", f"{size_mb:.0f} MB, {lines:,} lines", "", ""),
    ]


def memory(folder: Path) -> list[Row]:
    """The peak of a process that runs a million steps and writes their trace."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.insert(0, sys.argv[2]);"
        "import table; table.million(sys.argv[3]);"
        "from fozzy import wall; print(wall.peak_rss_bytes() // 1000)"
    )
    here = Path(__file__).resolve()
    command = [sys.executable, "-c", code, str(here.parent), str(here.parent.parent.parent), str(folder)]
    million_kb = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
    bare = "import sys; sys.path.insert(0, sys.argv[1]); from fozzy import wall; print(wall.peak_rss_bytes() // 1000)"
    command = [sys.executable, "-c", bare, str(here.parent.parent.parent)]
    bare_kb = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return [
        (
            "memory: a run of a million steps",
            f"{million_kb / 1000:.0f} MB",
            "150 MB",
            f"{million_kb / bare_kb:.1f} x a bare python",
        )
    ]


def million(folder: str) -> None:
    """Run a million steps and write their trace."""
    loaded = load(scenario(TEN))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    run = ready(header, loaded, redactor)
    recorder = Recorder(header, Path(folder, "million.partial"), redactor)
    plan = run.plan._replace(main=run.plan.main * 100_000)
    execute(plan, run.setting, Choices(Seeded(1), Clock(), Log([recorder]), redactor, 10**9))
    recorder.discard()


def loading(folder: Path) -> list[Row]:
    """Reading scenarios: a large one, and many."""
    text = json.dumps(scenario(TEN * 10_000)).encode()
    took = seconds(lambda: parse(document(text, "big", "big", "json")), 2)
    decoding = seconds(lambda: json.loads(text), 2)
    place = folder / "unique"
    place.mkdir()
    small = json.dumps(scenario(TEN))
    peaks = []
    for index in range(10_000):
        path = place / f"s{index}.fozzy.json"
        path.write_text(small)
        load(path)
        path.unlink()
        if index in (999, 9_999):
            peaks.append(wall.peak_rss_bytes())
    grown = (peaks[1] - peaks[0]) / 1e6
    return [
        ("load: 100,000 steps", f"{took:.2f} s ({len(text) / 1e6:.1f} MB)", "", f"{took / decoding:.1f} x json.loads"),
        ("load: 10,000 paths in one process", f"{grown:.1f} MB more after 9,000 more", "flat", ""),
    ]


def fuzzing(folder: Path) -> list[Row]:
    """Executions per second of a fuzzed scenario and a fuzzed function, and shrinking a needle among 1,000 steps."""
    loaded = load(scenario(TEN))
    header, redactor = header_of(loaded, Options(det=True), 1, "run")
    run = ready(header, loaded, redactor)
    plain = seconds(lambda: [start(run, Seeded(seed), Log()) for seed in range(5000)])

    def campaign() -> None:
        target = ScenarioTarget(run, 1)
        Campaign(Plan(seed=1, runs=5000), LocalBench(lambda _name: target, target.first, 1), []).run()

    scenarios = seconds(campaign)
    bare, covered = (fuzzers.per_second(folder, each) for each in (False, True))
    began = time.perf_counter()
    reached = shrink_animal(needle(1000))
    needle_s = time.perf_counter() - began
    return [
        ("fuzz: scenario, executions", f"{5 / scenarios:.1f} k/s", "", f"{scenarios / plain:.1f} x the engine alone"),
        ("fuzz: py:, not covered", f"{bare / 1e3:.0f} k/s", "20 k/s", ""),
        ("fuzz: py:, covered", f"{covered / 1e3:.0f} k/s", "", f"{bare / covered:.2f} x not covered"),
        (
            "shrink: a needle among 1,000 steps",
            f"{needle_s:.2f} s, {reached.runs} runs, {reached.steps} steps left",
            "1 s",
            f"{needle_s / plain * 5000:.0f} x ten steps run once",
        ),
    ]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="fozzy-bench-") as name:
        folder = Path(name)
        (folder / "fozzy.toml").write_text("det = true\n")
        os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent.parent)
        rows = [
            *memory(folder),
            *loading(folder),
            *start_up(folder),
            *engine(),
            *faults(),
            *fuzzing(folder),
            *suites(folder),
            *traces(folder),
            *clusters.rows(folder),
        ]
    out = io.StringIO()
    widths = [max(len(row[index]) for row in [*rows, _HEAD]) for index in range(4)]
    for row in [_HEAD, *rows]:
        out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    sys.stdout.write(out.getvalue())


_HEAD: Row = ("what", "measured", "budget", "ratio to its baseline")

if __name__ == "__main__":
    main()

"""`fozzy explore`: campaigns from the command line, in processes of their own where it matters."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Fz, WriteScenario
from tests.leftovers import children

SECONDS_MAX = 60


def buyer(who: str) -> list[dict[str, Any]]:
    return [
        {"type": "set_kv", "key": f"{who}_saw", "value": "${tickets}"},
        {"type": "trace_event", "name": f"{who} thinks"},
        {"type": "set_kv", "key": "tickets", "value": 0},
    ]


RACE = [
    {"type": "set_kv", "key": "tickets", "value": 1},
    {"type": "parallel", "name": "buy", "branches": {"ann": buyer("ann"), "bob": buyer("bob")}},
    {"type": "assert", "that": "${ann_saw} ${bob_saw}", "not_equals": "1 1"},
]
FINE = [{"type": "parallel", "branches": {who: [{"type": "trace_event", "name": who}] * 3 for who in "ab"}}]
RARE = [
    {"type": "rand_int", "key": "k", "min": 0, "max": 499},
    *FINE,
    {"type": "assert", "that": "${k}", "not_equals": 7},
]


@pytest.fixture
def race(scenario: WriteScenario) -> Path:
    return scenario("race", RACE)


def body(out: bytes | str, *without: str) -> dict[str, Any]:
    """What a campaign says of itself, without times and the name of its run."""
    document = json.loads(re.sub(rb"runs/[0-9a-f]{8}", b"runs/", out if isinstance(out, bytes) else out.encode()))
    for name in ("durationMs", "executionsPerSecond", *without):
        document["explore"].pop(name)
    for name in ("startedAt", "finishedAt", "durationMs"):
        document.pop(name)
    document["identity"].pop("runId")
    return document  # type: ignore[no-any-return]


@pytest.mark.parametrize("words", [("random",), ("pct", "--depth", "2"), ("random", "--all")])
def test_the_same_campaign_in_two_processes(
    words: tuple[str, ...], scenario: WriteScenario, fz_env: dict[str, str]
) -> None:
    """Whatever the jobs and the hash seed are: the same document, and the same trace byte for byte."""
    path = scenario("rare", RARE)

    def ran(jobs: int, hash_seed: str) -> bytes:
        command = [sys.executable, "-m", "fozzy", "explore", str(path), "--schedule", *words, "--seeds", "2000"]
        command += ["--seed", "3", "--jobs", str(jobs), "--json"]
        env = {**fz_env, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run(command, env=env, capture_output=True, timeout=SECONDS_MAX, check=False)
        assert done.returncode == 1 and done.stderr == b"", done
        return done.stdout

    one, other = ran(1, "1"), ran(3, "2")
    assert body(one) == body(other) and body(one)["explore"]["failures"]
    traces = [Path(json.loads(each)["identity"]["tracePath"]).read_bytes().splitlines()[:-1] for each in (one, other)]
    assert traces[0] == traces[1]


@pytest.mark.parametrize("schedule", ["random", "pct", "dfs", "bfs"])
def test_a_failure_is_an_ordinary_run(schedule: str, race: Path, fz: Fz) -> None:
    """It replays SAME, is what @last-fail means, can be shrunk and shown; the command that finds it again does."""
    ran = fz("explore", race, "--schedule", schedule, "--seed", "5")
    assert ran.code == 1 and "assert: " in ran.out
    commands = [shlex.split(each) for each in re.findall(r"^  [a-z ]{8}fozzy (.*)$", ran.out, re.MULTILINE)]
    assert [words[0] for words in commands] == ["replay", "shrink", "explore", "explore"]
    assert fz("replay", "@last-fail", "--json").document()["replay"]["verdict"] == "SAME"
    assert fz(*commands[0]).code == 1 and fz(*commands[1]).code == 0
    again = fz(*commands[2], "--json").document()
    assert len(again["explore"]["failures"]) == 1
    if schedule in ("random", "pct"):
        assert again["explore"]["total"] == 1 and "--seeds 1" in ran.out
    on = fz(*commands[3], "--json")
    assert on.code == 1 and on.document()["explore"]["failures"][0]["seen"] > 1  # known by now: it ends nothing


def test_a_run_of_exploring_is_in_the_store(race: Path, fz: Fz) -> None:
    """What shows, lists, exports and compares runs takes it."""
    run = fz("explore", race, "--seed", "5", "--all", "--seeds", "50", "--json").document()["identity"]["runId"]
    assert "explore" in fz("artifacts", "ls").out and "explore.json" in fz("artifacts", "ls", run).out
    shown = fz("report", "show", run)
    assert shown.code == 0 and "0 passed, 1 failed" in shown.out and "fozzy run" not in shown.out
    assert "<failure" in fz("report", "show", run, "--format", "junit").out
    assert fz("report", "show", f"{run}/1").code == 0
    assert fz("artifacts", "export", run, "--out", "e.zip").code == 0
    assert fz("artifacts", "pack", run, "--out", "e.fozzypack").code == 0
    assert fz("trace", "verify", f"{run}/1").code == 0
    assert fz("shrink", run).code == 0
    checked = fz("ci", f"{run}/1", "--json").document()
    assert {each["name"]: each["status"] for each in checked["checks"]}["artifacts"] == "pass"
    assert fz("test", str(race), "--last-failed", "-q").code in (0, 1)


def test_dfs_runs_every_order_once_and_says_so(scenario: WriteScenario, fz: Fz) -> None:
    """Branches of three and three have twenty; four within bound 1, ten within bound 2."""
    path = scenario("fine", FINE)
    for words, said in (
        ((), "exhausted: all 20 schedules (17 states)"),
        (("--bound", "1"), "exhausted: all 4 schedules within bound 1 ("),
        (("--bound", "2"), "exhausted: all 10 schedules within bound 2 ("),
    ):
        for schedule in ("dfs", "bfs"):
            ran = fz("explore", path, "--schedule", schedule, *words)
            assert ran.code == 0 and said in ran.out and "correct" not in ran.out
            assert "--resume" not in ran.out


def test_fifo_is_the_order_of_run(race: Path, fz: Fz) -> None:
    """Its one schedule is that of branches one after the other, so this race is not found."""
    ran = fz("explore", race, "--schedule", "fifo", "--seeds", "30", "--json")
    assert ran.code == 0 and ran.document()["explore"]["schedules"] == 1


def test_without_a_failure_nothing_is_written(scenario: WriteScenario, fz: Fz) -> None:
    """And it says so; the run still says what was explored."""
    ran = fz("explore", scenario("fine", FINE), "--seeds", "30", "--seed", "1", "--record", "t.fozzy")
    assert ran.code == 0 and "no trace was written" in ran.out and not Path("t.fozzy").exists()
    assert re.search(r"no counterexample in 30 executions \(\d+ schedules, 17 states\)", ran.out)


@pytest.mark.parametrize("schedule", ["random", "pct", "dfs", "bfs"])
def test_a_campaign_in_parts_is_a_campaign(schedule: str, race: Path, fz: Fz) -> None:
    """Ten executions, then up to forty, then all: together the same as in one go."""
    usual = ("explore", race, "--all", "--json")
    settled = ("--schedule", schedule, "--seed", "5")
    whole = fz(*usual, *settled, "--seeds", "60").document()
    fz(*usual, *settled, "--seeds", "10")
    second = fz(*usual, "--resume", "@latest", "--seeds", "17").document()["explore"]
    assert (second["executions"], second["total"]) == (7, 17)
    third = fz(*usual, "--resume", "@latest", "--seeds", "60").document()
    assert third["explore"]["executions"] == whole["explore"]["total"] - 17
    for name in ("total", "schedules", "states", "failing", "exhausted", "notCovered", "horizon"):
        assert third["explore"][name] == whole["explore"][name], name
    assert [each["execution"] for each in third["explore"]["failures"]] == [
        each["execution"] for each in whole["explore"]["failures"]
    ]
    assert all(Path(each["tracePath"]).is_file() for each in third["explore"]["failures"])


def test_nothing_left_is_nothing_ran(scenario: WriteScenario, fz: Fz) -> None:
    """A resumed run without anything to do ends with 5, and says why."""
    path = scenario("fine", FINE)
    fz("explore", path, "--schedule", "dfs")
    ran = fz("explore", path, "--resume", "@latest")
    assert ran.code == 5 and "nothing ran" in ran.out


def test_only_the_same_scenario_is_resumed(race: Path, fz: Fz) -> None:
    """A changed file is refused, and what the run has settled cannot be said again."""
    fz("explore", race, "--seeds", "5", "--schedule", "dfs", "--bound", "3")
    for flag in (("--schedule", "dfs"), ("--bound", "3"), ("--seed", "1"), ("--steps", "9")):
        ran = fz("explore", race, "--resume", "@latest", *flag, "--json")
        assert (ran.code, ran.document()["error"]["code"]) == (2, "explore.idle_flag")
    race.write_text(race.read_text().replace("thinks", "waits"))
    ran = fz("explore", race, "--resume", "@latest", "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (2, "explore.changed")


def test_time_and_records_are_budgets(scenario: WriteScenario, fz: Fz) -> None:
    """The clock ends a campaign and is no failure; an execution of too many records is cut and counted."""
    path = scenario("fine", FINE)
    timed = fz("explore", path, "--time", "2s", "--json", "-j1").document()["explore"]
    assert timed["endedBy"] == "time" and timed["total"] > 0
    cut = fz("explore", path, "--steps", "3", "--seeds", "5", "--json").document()["explore"]
    assert cut["cut"] == 5


def test_a_matrix_needs_its_combination(scenario: WriteScenario, fz: Fz) -> None:
    """One is explored; the command that finds the failure again names it."""
    steps = [{"type": "assert", "that": "${size}", "less": 2}]
    path = scenario("sizes", steps, matrix={"size": [1, 2]})
    assert fz("explore", path, "--json").document()["error"]["code"] == "run.which_case"
    assert fz("explore", path, "--case", "size=1", "--seeds", "5").code == 0
    ran = fz("explore", path, "--case", "size=2")
    assert ran.code == 1 and "--case size=2" in ran.out
    resumed = fz("explore", path, "--resume", "@latest", "--seeds", "9", "--json").document()["explore"]
    assert (resumed["failing"], resumed["total"], len(resumed["failures"])) == (9, 9, 1)
    kept = Path(".fozzy", "runs", Path(".fozzy/runs/latest").read_text(), "explore.json")
    assert json.loads(kept.read_text())["case"] == 1  # its number: values may be secrets


def test_a_tree_that_changes_is_told(scenario: WriteScenario, fz: Fz) -> None:
    """User code that answers differently makes dfs meaningless: 6, and no run pretends otherwise."""
    Path("turn.py").write_text(
        "from pathlib import Path\ndef turn():\n    f = Path(__file__).with_name('n')\n"
        "    n = int(f.read_text()) if f.exists() else 0\n    f.write_text(str(n + 1))\n    return n % 2\n"
    )
    call = {"type": "call", "function": "turn:turn", "save_as": "n"}
    extra = {"type": "if", "that": "${n}", "equals": 1, "then": [*FINE]}
    wide = {"type": "parallel", "branches": {who: [{"type": "trace_event", "name": who}] * 2 for who in "abc"}}
    ran = fz("explore", scenario("turn", [call, extra, wide]), "--schedule", "dfs", "--allow-code", "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (6, "explore.not_deterministic")
    assert "was among" in ran.document()["error"]["message"]


@pytest.mark.parametrize("schedule", ["random", "dfs"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_campaign_is_resumed(
    schedule: str, number: int, code: int, scenario: WriteScenario, fz: Fz, fz_env: dict[str, str]
) -> None:
    """It ends with 130 or 143, tells what it did, keeps where it is, and what goes on repeats nothing."""
    branches = {who: [{"type": "trace_event", "name": f"{who}{n}"} for n in range(9)] for who in "ab"}
    path = scenario("wide", [{"type": "parallel", "branches": branches}])
    command = [sys.executable, "-m", "fozzy", "explore", str(path), "--schedule", schedule, "--seeds", "1000000"]
    with subprocess.Popen([*command, "--seed", "1"], env=fz_env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and b"exploring" in process.stdout.readline()
        time.sleep(1)
        process.send_signal(number)
        said = process.communicate(timeout=SECONDS_MAX)[0].decode()
    assert process.returncode == code and "stopped early" in said
    run = Path(".fozzy/runs/latest").read_text()
    seen = json.loads(Path(".fozzy", "runs", run, "explore.json").read_text())["so"]["next"]
    usual = ("--seeds", str(seen + 50), "--json")
    whole = fz("explore", path, "--schedule", schedule, "--seed", "1", *usual, "-j1").document()["explore"]
    resumed = fz("explore", path, "--resume", run, *usual).document()["explore"]
    assert (resumed["executions"], resumed["total"]) == (50, seen + 50)
    assert [resumed[name] for name in ("schedules", "states")] == [whole[name] for name in ("schedules", "states")]


def test_exploring_leaves_no_process(race: Path, fz: Fz) -> None:
    """Workers end with the campaign."""
    before = children()
    assert fz("explore", race, "--jobs", "3", "--all", "--seeds", "300").code == 1
    assert children() == before


@pytest.mark.parametrize(
    "words",
    [("--depth", "3"), ("--horizon", "9"), ("--bound", "1"), ("--schedule", "dfs", "--jobs", "2"),
     ("--schedule", "pct", "--bound", "1"), ("--schedule", "dfs", "--depth", "2")],
)  # fmt: skip
def test_a_flag_that_does_nothing_is_a_mistake(words: tuple[str, ...], race: Path, fz: Fz) -> None:
    """In words, and nothing runs."""
    ran = fz("explore", race, *words, "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (2, "explore.idle_flag")
    assert not Path(".fozzy").exists()

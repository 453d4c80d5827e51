"""Suites: many scenarios as one run, told in discovery order, each as if it ran alone."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import fozzy
from fozzy.core.sources import member_seed
from fozzy.engine.discover import Chosen, discover
from fozzy.engine.suite import Selection

if TYPE_CHECKING:
    from tests.conftest import Fz, WriteScenario

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")

OK = {"type": "assert_ok", "value": True}
BAD = {"type": "fail", "message": "m"}
DRAW = {"type": "rand_u64", "key": "k"}


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are forked whatever threads earlier tests have left idle."""
    monkeypatch.setattr("fozzy.engine.workers.can_fork", lambda: True)


def members(document: Any) -> list[dict[str, Any]]:
    """The members of a suite without what differs between two runs of it."""
    changing = ("durationNs", "tracePath")
    return [{key: value for key, value in each.items() if key not in changing} for each in document["scenarios"]]


def some(scenario: WriteScenario) -> None:
    for index in range(9):
        step = BAD if index % 4 == 3 else DRAW
        scenario(f"s/{'zyxwvutsr'[index]}", [step, {"type": "trace_event", "name": "${seed}"}])


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("jobs", ["2", "5"])
def test_any_number_of_jobs_says_the_same(fz: Fz, scenario: WriteScenario, jobs: str) -> None:
    """Members come in discovery order with the same ends, seeds and findings, however many workers run them."""
    some(scenario)
    alone = fz("test", "s", "--det", "--seed", "7", "--json", "--jobs", "1")
    together = fz("test", "s", "--det", "--seed", "7", "--json", "--jobs", jobs)
    assert alone.code == together.code == 1
    assert members(alone.document()) == members(together.document())
    assert [each["path"] for each in members(alone.document())] == [f"s/{name}.fozzy.json" for name in "rstuvwxyz"]
    assert alone.document()["tests"] == together.document()["tests"] == {"passed": 7, "failed": 2, "skipped": 0}


def test_spawned_workers_say_the_same(fz: Fz, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a thread runs, workers are spawned and load the scenarios again, with the same result."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent))
    some(scenario)
    alone = fz("test", "s", "--det", "--seed", "7", "--json", "--jobs", "1")
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        spawned = fz("test", "s", "--det", "--seed", "7", "--json", "--jobs", "2")
    finally:
        over.set()
        thread.join()
    assert members(spawned.document()) == members(alone.document())


def test_a_members_seed_follows_from_its_path(fz: Fz, scenario: WriteScenario) -> None:
    """Each member's seed is derived from the suite's and its path; `run --seed` with it does the same run."""
    path = scenario("s/a", [DRAW, {"type": "fail", "message": "${k}"}])
    (member,) = members(fz("test", "s", "--det", "--seed", "7", "--json").document())
    assert member["seed"] == member_seed(7, "s/a.fozzy.json")
    alone = fz("run", str(path), "--det", "--seed", str(member["seed"]), "--json").document()
    assert alone["findings"][0]["message"] == member["findings"][0]["message"]
    scenario("s/b", [OK])
    again = members(fz("test", "s", "--det", "--seed", "7", "--json").document())
    assert again[0] == member  # another scenario beside it changes nothing


def test_a_scenarios_own_seed_wins(fz: Fz, scenario: WriteScenario) -> None:
    """A seed that a scenario insists on is the seed it runs with."""
    scenario("s/a", [OK], seed=3)
    assert members(fz("test", "s", "--seed", "7", "--json").document())[0]["seed"] == 3


@pytest.mark.parametrize(
    ("expect", "steps", "passed", "title"),
    [
        ({"status": "fail"}, [BAD], True, "fail"),
        ({"status": "fail", "title": "fail", "at": "steps[0]"}, [BAD], True, "fail"),
        ({"status": "fail", "title": "panic"}, [BAD], False, "fail"),
        ({"status": "fail", "at": "steps[1]"}, [BAD], False, "fail"),
        ({"status": "timeout"}, [BAD], False, "fail"),
        ({"status": "timeout"}, [{"type": "sleep", "duration": "9s"}], True, "timeout"),
        ({"status": "fail"}, [OK], False, "unexpected_pass"),
    ],
)
def test_expect_decides_what_passes(
    fz: Fz, scenario: WriteScenario, expect: dict[str, str], steps: list[Any], passed: bool, title: str
) -> None:
    """A scenario with `expect` passes exactly when it ends so; what it found is told all the same."""
    scenario("s/a", steps, expect=expect, timeout="5s")
    ran = fz("test", "s", "--det", "--json")
    (member,) = members(ran.document())
    assert (member["passed"], ran.code == 0) == (passed, passed)
    assert member["findings"][0]["title"] == title
    told = [finding["title"] for finding in member["findings"][1:]]
    assert told == ([] if passed or title == "unexpected_pass" else ["unexpected_end"])


@pytest.mark.parametrize(
    ("expect", "steps", "message", "pointed_at", "label"),
    [
        (
            {"status": "fail", "title": "nope"},
            [BAD],
            'ended with fail "fail" at steps[0], but it says it ends with fail "nope"',
            '"nope"',
            "is fail",
        ),
        (
            {"status": "fail", "at": "steps[1]"},
            [BAD],
            'ended with fail "fail" at steps[0], but it says it ends with fail at steps[1]',
            '"steps[1]"',
            "is steps[0]",
        ),
        (
            {"status": "timeout", "title": "nope"},
            [BAD],
            'ended with fail "fail" at steps[0], but it says it ends with timeout "nope"',
            '"timeout"',
            "is fail",
        ),
        ({"status": "fail"}, [OK], "passed, but it says it ends with fail", '"fail"', "passed"),
    ],
)
def test_an_end_that_is_not_expected_is_told(
    fz: Fz, scenario: WriteScenario, expect: dict[str, str], steps: list[Any], message: str, pointed_at: str, label: str
) -> None:
    """Who expected another end is told how it ended and what was expected, at the word that does not hold."""
    scenario("s/a", steps, expect=expect)
    found = members(fz("test", "s", "--det", "--json").document())[0]["findings"][-1]
    assert found["message"] == f"the scenario {message}"
    where = found["location"]
    assert (where["path"], where["label"]) == ("expect", label)
    assert where["text"][where["col"] - 1 : where["col"] - 1 + where["length"]] == pointed_at
    assert where["details"]["expected"] == expect
    shown = fz("test", "s", "--det").out
    assert message in shown and pointed_at in shown


@pytest.mark.usefixtures("forked")
def test_a_dying_worker_is_one_crash(fz: Fz, scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """The member whose process dies is a crash; every other member ends as ever."""
    from fozzy.engine import suite

    some(scenario)
    run_member = suite._run_member

    def dying(chosen: Chosen, number: int, job: Any) -> Any:
        if number == 4:
            os._exit(9)
        return run_member(chosen, number, job)

    calm = members(fz("test", "s", "--det", "--seed", "7", "--json", "--jobs", "2").document())
    monkeypatch.setattr(suite, "_run_member", dying)
    ran = fz("test", "s", "--det", "--seed", "7", "--json", "--jobs", "2")
    told = members(ran.document())
    assert ran.code == 4
    assert (told[3]["status"], told[3]["findings"][0]["title"]) == ("crash", "worker_died")
    assert told[:3] + told[4:] == calm[:3] + calm[4:]


def test_a_member_that_cannot_run_is_an_error_of_its_own(fz: Fz, scenario: WriteScenario) -> None:
    """A scenario that cannot run like this is an error; the others run."""
    scenario("s/a", [{"type": "http_request", "method": "GET", "path": "/"}])
    scenario("s/b", [OK])
    ran = fz("test", "s", "--http", "host", "--json")
    assert [each["status"] for each in members(ran.document())] == ["error", "pass"]
    assert ran.code == 2 and "http_base_url" in json.dumps(ran.document())


def test_a_cluster_is_executed_as_often_as_it_says(fz: Fz, scenario: WriteScenario) -> None:
    """A distributed scenario stands beside others; it counts its nodes and its executions, up to the first that fails."""
    scenario("s/a", [OK])
    put = {"type": "client_put", "node": "n0", "key": "k", "value": 1}
    cluster: dict[str, Any] = {"node_count": 2, "seeds": 3, "steps": [put]}
    for name, invariants in (("b", []), ("c", [{"type": "kv_node_equals", "node": "n1", "key": "k", "equals": 2}])):
        told = {"version": 1, "name": name, "distributed": {**cluster, "invariants": invariants}}
        Path(f"s/{name}.fozzy.json").write_text(json.dumps(told))
    ran = fz("test", "s", "--json")
    steps, passing, failing = members(ran.document())
    assert (ran.code, steps["status"], passing["status"], failing["status"]) == (1, "pass", "pass", "fail")
    assert [(each.get("nodes", 0), each.get("executions", 1)) for each in (steps, passing, failing)] == [
        (0, 1),
        (2, 3),
        (2, 1),
    ]


def test_a_kept_trace_is_a_test(fz: Fz, scenario: WriteScenario) -> None:
    """A trace of a failing run still fails, one of a passing run passes; both lie beside scenarios."""
    fozzy.run(scenario("a", [BAD]), seed=1, record="s/failing.fozzy")
    fozzy.run(scenario("b", [OK]), seed=1, record="s/passing.fozzy")
    ran = fz("test", "s", "--json")
    told = members(ran.document())
    assert [(each["path"], each["passed"], each["replay"]["verdict"]) for each in told] == [
        ("s/failing.fozzy", False, "SAME"),
        ("s/passing.fozzy", True, "SAME"),
    ]
    assert ran.code == 1


def test_fail_fast_ends_the_suite(fz: Fz, scenario: WriteScenario) -> None:
    """After the first failure nothing more is told, and what was left out is counted."""
    for name in "abcd":
        scenario(f"s/{name}", [BAD if name == "b" else OK])
    document = fz("test", "s", "--fail-fast", "--jobs", "1", "--json").document()
    assert [each["path"] for each in members(document)] == ["s/a.fozzy.json", "s/b.fozzy.json"]
    assert document["tests"] == {"passed": 1, "failed": 1, "skipped": 2}


def test_recording_many_numbers_them(fz: Fz, scenario: WriteScenario) -> None:
    """Several scenarios write t.N.fozzy in discovery order, one writes t.fozzy."""
    for name in "ab":
        scenario(f"s/{name}", [OK])
    assert fz("test", "s", "--record", "t.fozzy").code == 0
    assert sorted(path.name for path in Path().glob("t*.fozzy")) == ["t.1.fozzy", "t.2.fozzy"]
    assert fz("test", "s/a.fozzy.json", "--record", "u.fozzy").code == 0
    assert [path.name for path in Path().glob("u*.fozzy")] == ["u.fozzy"]


@pytest.mark.parametrize(
    ("selection", "taken"),
    [
        (Selection(), "abc"),
        (Selection("S/A"), "a"),
        (Selection("named b"), "b"),
        (Selection("s/"), "abc"),
        (Selection(tags=["slow"]), "ab"),
        (Selection(not_tags=["slow"]), "c"),
        (Selection(tags=["slow", "host"], not_tags=["host"]), "a"),
        (Selection("nothing"), ""),
    ],
)
def test_what_is_selected(scenario: WriteScenario, selection: Selection, taken: str) -> None:
    """A filter looks at path and name without case; tags take, other tags leave out."""
    for name, tags in (("a", ["slow"]), ("b", ["slow", "host"]), ("c", [])):
        path = scenario(f"s/{name}", [OK], tags=tags)
        path.write_text(path.read_text().replace(f'"name": "s/{name}"', f'"name": "named {name}"'))
    chosen = discover(["s"], Path()).chosen
    assert "".join(each.path.name[0] for each in chosen if selection.takes(each)) == taken


def test_nothing_chosen_is_nothing_run(fz: Fz, scenario: WriteScenario) -> None:
    """A filter that leaves nothing ends with 5, and says how many it left out."""
    scenario("s/a", [OK])
    ran = fz("test", "s", "-k", "nope", "--json")
    assert ran.code == 5 and ran.document()["tests"]["skipped"] == 1


def test_a_fault_of_ours_ends_one_scenario_with_its_own_status(
    fz: Any, scenario: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in one scenario is exit 70 and a finding; the others of the suite still run."""
    scenario("a", [{"type": "fail", "message": "no"}])
    scenario("b", [{"type": "unfreeze"}])

    def broken(*_words: Any, **_more: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("fozzy.dsl.steps.flow.Fail.run", broken)
    ran = fz("test", "a.fozzy.json", "b.fozzy.json", "--json", "--jobs", "1")
    assert ran.code == 70
    first, second = ran.document()["scenarios"]
    assert (first["status"], first["findings"][0]["title"], second["status"]) == ("error", "fozzy.bug", "pass")


MISSED = """
version = 1
name = "missed"
[expect]
status = "fail"
title = "kv_all_equal"
[distributed]
node_count = 2
seeds = 50
[[distributed.faults]]
kind = "restart"
node = "n1"
at = { within = ["0s", "50ms"] }
for = "500ms"
[[distributed.steps]]
type = "client_put"
node = "n0"
key = "a"
value = 1
[[distributed.steps]]
type = "tick"
duration = "1s"
[[distributed.invariants]]
type = "kv_all_equal"
key = "a"
"""


def test_a_cluster_that_fails_as_it_should_is_recorded_when_asked_for(fz: Fz, project: Path) -> None:
    """The execution that fails is the one that is recorded, though more were wanted; it replays alone."""
    (project / "missed.fozzy.toml").write_text(MISSED)
    member = fz("test", "missed.fozzy.toml", "--seed", "3", "--record", "t.fozzy", "--json").document()["scenarios"][0]
    assert (member["status"], member["passed"], member["tracePath"]) == ("fail", True, "t.fozzy")
    assert member.get("executions", 1) < 50
    assert fz("replay", "t.fozzy", "--json").document()["replay"]["verdict"] == "SAME"
    assert [path.name for path in project.glob("t*.fozzy")] == ["t.fozzy"]

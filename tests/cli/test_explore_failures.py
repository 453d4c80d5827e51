"""What becomes of each failure of a campaign; the whole of it is tested in commands/test_explore.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Fz, WriteScenario

# Each combination of two draws fails in a place of its own.
SEVERAL = [
    {"type": "rand_int", "key": "k", "min": 0, "max": 9},
    *[{"type": "assert", "that": "${k}", "not_equals": number} for number in range(3)],
]
SHY = """
from pathlib import Path
def once():
    mark = Path(__file__).with_name("mark")
    fresh = not mark.exists()
    mark.write_text("x")
    return fresh
"""


@pytest.fixture
def several(scenario: WriteScenario) -> Path:
    return scenario("several", SEVERAL)


def test_each_failure_is_recorded_under_its_number(several: Path, fz: Fz) -> None:
    """In the order they were first seen; each replays, and the words that name it are those of a suite."""
    body = fz("explore", several, "--seeds", "200", "--seed", "1", "--all", "--json").document()
    failures = body["explore"]["failures"]
    assert len(failures) == 3 and sum(each["seen"] for each in failures) == body["explore"]["failing"] > 9
    assert [each["execution"] for each in failures] == sorted(each["execution"] for each in failures)
    run = body["identity"]["runId"]
    for number, each in enumerate(failures, 1):
        assert each["tracePath"] == f".fozzy/runs/{run}/{number}.fozzy"
        replayed = fz("replay", f"{run}/{number}", "--json").document()
        assert (replayed["replay"]["verdict"], replayed["findings"][0]["location"]["path"]) == ("SAME", each["at"])


@pytest.mark.parametrize("policy", ["append", "overwrite", "error"])
def test_record_names_the_trace_of_the_earliest(policy: str, several: Path, fz: Fz) -> None:
    """By the collision policy every command has; the run in the store has it too."""
    words = ("explore", several, "--seeds", "200", "--seed", "1", "--all", "--record", "t.fozzy", "--json")
    first = fz(*words).document()["explore"]["failures"]
    assert first[0]["tracePath"] == "t.fozzy" and first[1]["tracePath"].endswith("/2.fozzy")
    again = fz(*words, "--record-collision", policy)
    if policy == "error":
        assert again.document()["error"]["code"] == "trace.exists"
        return
    document = again.document()
    assert document["explore"]["failures"][0]["tracePath"] == {"append": "t.1.fozzy"}.get(policy, "t.fozzy")
    assert fz("replay", f"{document['identity']['runId']}/1").code == 1


def test_the_earliest_is_made_smaller(several: Path, fz: Fz) -> None:
    """The whole trace stays; the smaller one is checked in a fresh process, and a bare run id means it."""
    body = fz("explore", several, "--seeds", "200", "--seed", "1", "--all", "--shrink", "--json").document()
    first, *others = body["explore"]["failures"]
    assert first["smallPath"].endswith("/min.fozzy") and all("smallPath" not in each for each in others)
    small = fz("replay", body["identity"]["runId"], "--json").document()
    assert small["replay"]["verdict"] == "SAME" and small["identity"]["tracePath"].endswith("min.fozzy")
    steps = [json.loads(line)["kind"] for line in Path(first["smallPath"]).read_bytes().splitlines()[1:-1]]
    assert steps.count("step") == 2
    assert fz("replay", f"{body['identity']['runId']}/1").code == 1


def test_record_with_shrink_names_the_smaller_one(several: Path, fz: Fz) -> None:
    """As `fozzy fuzz` does; the whole one is in the store."""
    words = ("explore", several, "--seed", "1", "--shrink", "--record", "t.fozzy", "--json")
    (failure,) = fz(*words).document()["explore"]["failures"]
    assert failure["smallPath"] == "t.fozzy" and failure["tracePath"].endswith("/1.fozzy")


def test_what_does_not_come_again_has_no_trace(scenario: WriteScenario, fz: Fz) -> None:
    """It is told as it was seen, and why there is no trace; nothing half written stays."""
    Path("shy.py").write_text(SHY)
    call = {"type": "call", "function": "shy:once", "save_as": "fresh"}
    path = scenario("shy", [call, {"type": "assert", "that": "${fresh}", "equals": False}])
    ran = fz("explore", path, "--seeds", "9", "--allow-code", "--record", "t.fozzy", "--json", "-j1")
    (failure,) = ran.document()["explore"]["failures"]
    assert "tracePath" not in failure and "when it was recorded with no failure" in failure["message"]
    assert ran.code == 1 and not Path("t.fozzy").exists() and not list(Path().rglob("*.partial"))

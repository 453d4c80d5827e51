"""The flow a team relies on: each command of it ends with 0 on a sound project, and with its own code when one thing
is broken on purpose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fozzy.cli.commands.schema import FOLDER

ORDER = [
    {"type": "rand_int", "key": "amount", "min": 1, "max": 9},
    {"type": "http_when", "method": "POST", "path": "/orders", "status": 201},
    {"type": "retry", "attempts": 3, "steps": [
        {"type": "http_request", "method": "POST", "path": "/orders", "expect_status": 201},
    ]},
    {"type": "sleep", "duration": "5ms"},
]  # fmt: skip
PRICE = [{"type": "call", "function": "shop:price", "args": [3], "expect": 30}]
CLOCK = {"type": "proc_spawn", "cmd": "date", "args": ["+%s%N"], "expect_exit": 0}
TOGGLE = {
    "type": "proc_spawn",
    "cmd": "sh",
    "args": ["-c", "if [ -e flag ]; then rm flag; exit 1; else touch flag; fi"],
    "expect_exit": 0,
}
SCENARIO, TRACE = "scenarios/order.fozzy.json", "order.fozzy"


@pytest.fixture
def say(sound: Any, fz: Any, project: Path) -> Any:
    """Says a command with --json in the sample project: its exit status and its document, which its schema describes."""
    (project / "shop.py").write_text("def price(count):\n    return 10 * count\n")
    sound("order", *ORDER)
    sound("price", *PRICE)
    (project / "fozzy.toml").write_text("det = true\nallow_code = true\n")

    def call(*words: str) -> tuple[int, Any]:
        ran = fz(*words, "--json")
        document = ran.document()
        name = document["command"].replace(" ", "-")
        schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        assert [each.message for each in Draft202012Validator(schema).iter_errors(document)] == []
        return ran.code, document

    return call


def record(say: Any, *words: str) -> None:
    """The recorded run of the flow."""
    assert say("run", SCENARIO, "--det", "--seed", "7", "--record", TRACE, *words)[0] == 0


def found(document: Any) -> list[str]:
    """The codes of everything that checks found."""
    return [each["code"] for check in document["checks"] for each in check["found"] if check["status"] == "fail"]


def test_a_sound_project_passes_every_command(say: Any) -> None:
    """doctor, test, run, trace verify, replay, ci: all end with 0 and one document each."""
    flow = [
        ("doctor", "--deep", "--scenario", "scenarios", "--runs", "3", "--seed", "7"),
        ("test", "--det", "--strict", "scenarios", "-j1"),
        ("run", SCENARIO, "--det", "--seed", "7", "--record", TRACE),
        ("trace", "verify", TRACE, "--strict"),
        ("replay", TRACE),
        ("ci", TRACE),
        ("ci", TRACE, "--flake-runs", "2", "--baseline", TRACE),
    ]
    ended = [(words, *say(*words)) for words in flow]
    assert [(words[0], code, document["status"]) for words, code, document in ended] == [
        (words[0], 0, "pass") for words in flow
    ]


def test_one_flipped_byte(say: Any) -> None:
    """Every reader of the trace ends with 6 and says that its seal is broken."""
    record(say)
    whole = Path(TRACE).read_bytes()
    at = whole.index(b'"kind":"draw"') + 20
    Path(TRACE).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    code, document = say("trace", "verify", TRACE, "--strict")
    assert (code, document["verification"]["trusted"]) == (6, False)
    code, document = say("replay", TRACE)
    assert (code, document["error"]["code"]) == (6, "trace.seal_broken")
    code, document = say("ci", TRACE)
    assert (code, found(document)[0]) == (6, "trace.seal_broken")


def test_a_scenario_that_reads_the_clock_through_a_process(say: Any, sound: Any) -> None:
    """The doctor ends with 1 and names the process and the clock; its recording still replays."""
    clock = sound("clock", CLOCK, backends={"proc": "host"})
    code, document = say("doctor", "--deep", "--scenario", clock, "--runs", "3", "--seed", "7")
    assert (code, found(document)) == (1, ["doctor.not_deterministic"])
    [parted] = [each for check in document["checks"] for each in check["parted"]]
    assert [cause["kind"] for cause in parted["causes"]] == ["clock"]
    assert parted["first"].startswith("ask proc.spawn") and parted["record"] == 0
    assert say("run", clock, "--record", "clock.fozzy")[0] == 0
    assert say("replay", "clock.fozzy")[0] == 0
    assert say("ci", "clock.fozzy")[0] == 0


def test_a_flaky_pair_of_runs(say: Any, sound: Any) -> None:
    """`ci` with a flake budget ends with 1 and says how often it ended otherwise; a budget that allows it passes."""
    toggle = sound("toggle", TOGGLE, backends={"proc": "host"})
    assert say("run", toggle, "--record", "toggle.fozzy")[0] == 0
    code, document = say("ci", "toggle.fozzy", "--flake-runs", "2")
    assert (code, found(document)) == (1, ["ci.flaky"])
    assert say("ci", "toggle.fozzy", "--flake-runs", "2", "--flake-budget", "50")[0] == 0


def test_a_slower_run(say: Any, sound: Any) -> None:
    """`ci` with a baseline ends with 1 when the scenario takes longer by its own clock."""
    record(say)
    sound("order", *ORDER[:-1], {"type": "sleep", "duration": "6ms"})
    assert say("run", SCENARIO, "--det", "--seed", "7", "--record", "slow.fozzy")[0] == 0
    code, document = say("ci", "slow.fozzy", "--baseline", TRACE)
    assert code == 1
    assert "ci.slower" in found(document)
    code, document = say("ci", TRACE, "--baseline", "slow.fozzy", "--max-slowdown", "1000000")
    assert (code, document["status"]) == (0, "pass")


def test_user_code_that_changed(say: Any) -> None:
    """A recorded call that now answers otherwise is found by replay and ci: the failing step says how."""
    assert say("run", "scenarios/price.fozzy.json", "--det", "--record", "price.fozzy")[0] == 0
    assert say("ci", "price.fozzy")[0] == 2, "a trace gives no permission"
    assert say("ci", "price.fozzy", "--allow-code")[0] == 0
    Path("shop.py").write_text("def price(count):\n    return 11 * count\n")
    code, document = say("ci", "price.fozzy", "--allow-code")
    assert (code, found(document)) == (6, ["ci.drift"])

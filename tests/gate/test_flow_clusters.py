"""The commands that judge, over clusters: what is recorded is worth something, and what is kept is a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import asyncio, random


async def main(node):
    await asyncio.sleep(random.random())
    {body}


class Client:
    def __init__(self, node):
        self.node = node

    async def ask(self):
        return {answer}
"""
CLUSTER = {
    "node_count": 2,
    "program": "prog:main",
    "client": "prog:Client",
    "steps": [{"type": "client", "node": "n0", "op": "ask", "expect": 1}],
}
FLAGS = ("--allow-code", "--seed", "5")


@pytest.fixture
def write(project: Path) -> Any:
    """Writes the program and its scenario; `answer` is what the client returns."""

    def writes(answer: int, body: str = "print(node.name)") -> str:
        (project / "prog.py").write_text(PROGRAM.format(answer=answer, body=body))
        (project / "scenarios").mkdir(exist_ok=True)
        scenario = {"version": 1, "name": "asked", "distributed": CLUSTER}
        (project / "scenarios/asked.fozzy.json").write_text(json.dumps(scenario))
        return "scenarios/asked.fozzy.json"

    return writes


def statuses(ran: Any) -> dict[str, str]:
    """How each check of a document ended."""
    return {each["name"]: each["status"] for each in ran.document()["checks"]}


def test_a_recorded_cluster_is_worth_something(write: Any, fz: Any) -> None:
    """It is trusted, replays, and ends the same way again and again; when the program changes, that is told."""
    path = write(1)
    assert fz("run", path, *FLAGS, "--record", "t.fozzy").code == 0
    ran = fz("ci", "t.fozzy", "--allow-code", "--flake-runs", "3", "--json")
    assert ran.code == 0, ran.said
    assert statuses(ran) == {"verify": "pass", "replay": "pass", "artifacts": "pass", "flake": "pass", "speed": "skip"}
    write(2)
    ran = fz("ci", "t.fozzy", "--allow-code", "--flake-runs", "3", "--json")
    assert ran.code != 0 and statuses(ran)["replay"] == statuses(ran)["flake"] == "fail"


def test_a_kept_failure_of_a_cluster_is_a_test(write: Any, fz: Any, project: Path) -> None:
    """It fails until the program is mended, in `test` and in `full`."""
    path = write(2)
    assert fz("run", path, *FLAGS, "--record", "scenarios/kept.fozzy").code == 1
    kept = fz("test", "scenarios/kept.fozzy", *FLAGS)
    assert kept.code == 1 and "wanted 1" in kept.said
    write(1)
    assert fz("test", *FLAGS).code == 0
    ran = fz("full", *FLAGS, "--json")
    assert ran.code == 0, ran.said
    made = statuses(ran)
    for name in ("determinism", "commuting", "traces", "test", "roundtrip"):
        assert made[name] == "pass"
    assert made["drift"] == "info"


def test_the_gate_audits_a_cluster(write: Any, fz: Any) -> None:
    """What its program asks past Python fails it, with the node and the line."""
    path = write(1, "print(open('/proc/self/stat').read())")
    ran = fz("gate", "--scope", path, *FLAGS, "--json")
    assert ran.code == 1 and statuses(ran)["determinism"] == "fail"
    [parted] = next(each for each in ran.document()["checks"] if each["name"] == "determinism")["parted"]
    assert [each["kind"] for each in parted["causes"]] == ["system_file"]
    assert parted["node"] in ("n0", "n1") and parted["at"] == "prog.py:7" and parted["timeNs"] > 0
    shown = fz("gate", "--scope", path, *FLAGS).out
    assert "where" in shown and "prog.py:7" in shown


def test_fuzzing_a_cluster_is_refused_with_what_does_it(write: Any, fz: Any) -> None:
    """Exploring is what runs a cluster again and again."""
    path = write(1)
    ran = fz("fuzz", f"scenario:{path}", "--runs", "5", "--allow-code")
    assert ran.code == 2 and f"fozzy explore {path}" in ran.said

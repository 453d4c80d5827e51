"""The story of a cluster's run in commands: wherever a failure is shown, and in JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Fz = Callable[..., Any]

KV = """
version = 1
name = "two writers"
[distributed]
node_count = 3
[[distributed.faults]]
kind = "partition"
between = [["n0"], ["n1", "n2"]]
at = "0s"
for = "1s"
[[distributed.steps]]
type = "client_put"
node = "n0"
key = "owner"
value = "ada"
[[distributed.steps]]
type = "client_put"
node = "n1"
key = "owner"
value = "grace"
[[distributed.steps]]
type = "tick"
duration = "2s"
[[distributed.invariants]]
type = "kv_all_equal"
key = "owner"
"""
STUCK = """
version = 1
name = "stuck"
[distributed]
node_count = 1
program = "stuck:main"
"""
STORY = [
    "put owner=ada -> n0",
    "FAULT   partition n0 | n1 n2",
    "partition ends",
    "3 held messages go on",
    "FAIL  kv_all",
]


@pytest.fixture
def kv(project: Path) -> str:
    """A scenario that fails: two writers of the builtin store."""
    (project / "kv.fozzy.toml").write_text(KV)
    return "kv.fozzy.toml"


def test_a_failing_run_tells_its_story(fz: Fz, kv: str) -> None:
    """Below what was found stands how it happened; a passing run says nothing of it without -v."""
    ran = fz("run", kv, "--seed", "1")
    assert ran.code == 1
    place = ran.out.index("how it happened")
    assert ran.out.index("kv_all_equal: ") < place < ran.out.index("  FAIL  kv.fozzy.toml  3 nodes, 3 steps")
    assert all(each in ran.out[place:] for each in STORY)
    assert "2.03s of virtual time" in ran.out
    Path("ok.fozzy.toml").write_text(KV.replace("node_count = 3", 'node_count = 3\nargs = { merge = "newest" }'))
    assert "how it happened" not in fz("run", "ok.fozzy.toml", "--seed", "1").out
    assert "how it happened" in fz("run", "ok.fozzy.toml", "--seed", "1", "-v").out


def test_a_replay_tells_the_same_story(fz: Fz, kv: str) -> None:
    """The story is made from records, so a replay has the same, on the screen and in JSON."""
    run = fz("run", kv, "--seed", "1", "--json").document()
    replay = fz("replay", "@latest", "--json").document()
    assert run["story"] == replay["story"]
    assert run["story"][0] == {"atNs": 0, "who": "client", "what": "put owner=ada -> n0", "outcome": "ok"}
    assert run["nodes"] == replay["nodes"] == 3
    shown = fz("replay", "@latest").out
    assert all(each in shown for each in STORY)
    assert "SAME  3 nodes, 3 steps" in shown and "same failure" in shown


def test_a_trace_tells_its_story(fz: Fz, kv: str) -> None:
    """`trace show --story` tells it in place of the records; a trace without a cluster says that it has none."""
    fz("run", kv, "--seed", "1", "--record", "t.fozzy")
    shown = fz("trace", "show", "t.fozzy", "--story").out
    assert all(each in shown for each in STORY) and "draw" not in shown
    document = fz("trace", "show", "t.fozzy", "--story", "--json").document()
    assert document["records"] == [] and document["story"][-1]["outcome"] == "FAIL"
    Path("a.fozzy.json").write_text('{"version": 1, "name": "a", "steps": [{"type": "sleep", "duration": "1s"}]}')
    fz("run", "a.fozzy.json", "--det", "--record", "a.fozzy")
    assert "there is no story" in fz("trace", "show", "a.fozzy", "--story").out


@pytest.mark.parametrize("form", ["pretty", "json", "junit", "html", "tap", "github"])
def test_every_report_of_a_cluster_can_be_shown(fz: Fz, kv: str, form: str) -> None:
    """A recorded run of a cluster is shown in every format, with its story where there is room for it."""
    fz("run", kv, "--seed", "1", "--record", "t.fozzy")
    Path("moved.fozzy").write_bytes(Path("t.fozzy").read_bytes())
    shown = fz("report", "show", "moved.fozzy", "--format", form)
    assert shown.code == 0 and "kv_all_equal" in shown.out
    if form in ("pretty", "json", "junit", "html"):
        assert "partition ends" in shown.out


def test_a_suite_tells_the_story_of_what_failed(fz: Fz, kv: str) -> None:
    """`fozzy test` tells it below each failure, from its trace."""
    ran = fz("test", kv, "--seed", "1", "--det")
    assert ran.code == 1 and all(each in ran.out for each in STORY)
    member = fz("test", kv, "--seed", "1", "--json").document()["scenarios"][0]
    assert member["nodes"] == 3 and member["story"][-1]["outcome"] == "FAIL"


def test_other_commands_read_a_trace_of_a_cluster(fz: Fz, kv: str) -> None:
    """Each command about recorded runs takes one of a cluster."""
    fz("run", kv, "--seed", "1", "--record", "t.fozzy")
    assert fz("trace", "verify", "t.fozzy").code == 0
    assert fz("trace", "diff", "t.fozzy", "t.fozzy").code == 0
    top = fz("profile", "top", "t.fozzy")
    assert top.code == 0 and "steps[2] tick" in top.out and "client" in top.out
    assert fz("profile", "timeline", "t.fozzy", "--out", "t.html").code == 0
    assert "3 steps" in fz("profile", "explain", "t.fozzy").out
    assert fz("memory", "top", "t.fozzy").code == 0
    assert fz("artifacts", "ls", "t.fozzy").code == 0
    assert "SAME, 3 nodes, 3 steps" in fz("ci", "t.fozzy").out


def test_a_deadlock_says_where_every_task_waits(fz: Fz, project: Path) -> None:
    """The place of each task of every node stands below the finding."""
    (project / "stuck.py").write_text(
        "import asyncio\nasync def wait():\n    await asyncio.Event().wait()\nasync def main(node):\n    await wait()\n"
    )
    (project / "stuck.fozzy.toml").write_text(STUCK)
    ran = fz("run", "stuck.fozzy.toml", "--allow-code", "--seed", "1")
    assert ran.code == 1
    assert "deadlock: " in ran.out and "tasks       n0 " in ran.out
    assert ran.out.index("wait (stuck.py:3)") < ran.out.index("main (stuck.py:5)")
    shown = fz("report", "show", "@latest").out
    assert "--allow-code           exact, offline" in shown and "tasks       n0 " in shown
    assert "--allow-code</code>" in fz("report", "show", "@latest", "--format", "html").out


def test_exploring_and_shrinking_end_with_the_story(fz: Fz, kv: str) -> None:
    """What was found is told, of the smallest run there is; in JSON it is the story of the earliest failure."""
    explored = fz("explore", kv, "--seed", "1", "--jobs", "1")
    assert explored.code == 1 and all(each in explored.out for each in STORY)
    shrunk = fz("shrink", "@last-fail")
    assert shrunk.code == 0 and shrunk.out.index("what is left") < shrunk.out.index("how it happened")
    assert "put owner=" in shrunk.out and "FAIL  kv_all_equal" in shrunk.out
    document = fz("explore", kv, "--seed", "1", "--jobs", "1", "--json").document()
    assert document["scenarios"][0]["story"][-1]["outcome"] == "FAIL"

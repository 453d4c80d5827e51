"""`fozzy shrink` of a distributed scenario, and what `fozzy test` makes of the trace that is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

QUORUM = """
version = 1
name = "quorum"
[distributed]
node_count = 5
[[distributed.faults]]
kind = "latency"
add = "2ms"
at = "1ms"
[[distributed.faults]]
kind = "partition"
between = [["n0", "n4"], ["n1", "n2"]]
at = { within = ["0s", "20ms"] }
[[distributed.steps]]
type = "client_put"
node = "n3"
key = "y"
value = 1
[[distributed.steps]]
type = "tick"
duration = "30ms"
[[distributed.steps]]
type = "client_put"
node = "n0"
key = "x"
value = "a word"
[[distributed.invariants]]
type = "kv_all_equal"
key = "x"
"""

COUNTER = """
import asyncio

async def server(node):
    node.state["n"] = 0
    async def handle(reader, writer):
        while line := await reader.readline():
            word, *rest = line.split()
            if word == b"SET":
                node.state["n"] = int(rest[0])
            if word == b"ADD":
                node.state["n"] += int(rest[0])
            writer.write(b"%d\\n" % node.state["n"])
        writer.close()
    async with await asyncio.start_server(handle, "0.0.0.0", 80) as serving:
        await serving.serve_forever()

class Client:
    def __init__(self, node):
        self.node, self.streams = node, None
    async def ask(self, line):
        self.streams = self.streams or await asyncio.open_connection(self.node.host, 80)
        self.streams[1].write(line)
        return int(await self.streams[0].readline())
    async def add(self, amount):
        value = await self.ask(b"GET\\n")
        await self.ask(b"SET %d\\n" % (value + amount))

def nothing_lost(cluster):
    adds = [each for each in cluster.history if each.op == "add"]
    if any(not each.ok for each in adds):
        return all(not each.error for each in adds)
    return cluster.nodes[0].state.get("n", 0) == sum(each.args["amount"] for each in adds)
"""

LOST = {
    "version": 1,
    "name": "lost",
    "distributed": {
        "nodes": ["store", "spare"],
        "program": "counter:server",
        "client": "counter:Client",
        "faults": [{"kind": "pause", "node": "spare", "at": {"within": ["0s", "50ms"]}, "for": "5ms"}],
        "steps": [
            {
                "type": "workload",
                "clients": 4,
                "count": 5,
                "operations": [{"op": "add", "node": "store", "args": {"amount": {"int": [1, 9]}}}],
            },
            {"type": "tick", "duration": "1s"},
        ],
        "invariants": [{"type": "always", "check": "counter:nothing_lost"}],
    },
}
ALWAYS = '        value = await self.ask(b"GET\\n")\n        await self.ask(b"SET %d\\n" % (value + amount))\n'
MENDED = '        await self.ask(b"ADD %d\\n" % amount)\n'
WORSE = "        raise LookupError(amount)\n"


@pytest.fixture
def quorum(project: Path) -> str:
    """A cluster of builtin nodes that fails with any seed."""
    (project / "quorum.fozzy.toml").write_text(QUORUM, encoding="utf-8")
    return "quorum.fozzy.toml"


@pytest.fixture
def lost(project: Path) -> str:
    """A cluster of programs that loses an update."""
    (project / "counter.py").write_text(COUNTER, encoding="utf-8")
    (project / "lost.fozzy.json").write_text(json.dumps(LOST), encoding="utf-8")
    return "lost.fozzy.json"


def smallest(where: str = ".fozzy/runs/*/min.fozzy") -> Any:
    """The cluster of the only trace there."""
    (trace,) = Path().glob(where)
    header = json.loads(trace.read_bytes().splitlines()[0])
    return json.loads(header["scenario"]["text"])["distributed"]


def test_a_cluster_becomes_smaller(quorum: str, fz: Any) -> None:
    """Nodes, steps, faults and choices go; the screen counts nodes, and says why each one is left."""
    ran = fz("shrink", quorum, "--seed", 3)
    assert ran.code == 0, ran.said
    for said in ("5 nodes, 3 steps, ", " 2 faults  ->  2 nodes, 1 step, 0 choices, 1 fault", "nodes   steps",
                 "drop nodes", "node    n0", "what fails", "without it", "the same failure"):  # fmt: skip
        assert said in ran.out, (said, ran.out)
    left = smallest()
    assert left["node_count"] == 2
    assert left["faults"] == [{"kind": "partition", "between": [["n0"], ["n1"]], "at": "0s"}]
    assert [step["type"] for step in left["steps"]] == ["client_put"]
    words = next(each for each in ran.out.splitlines() if "next " in each).split()
    replayed = fz(*words[2:])
    assert replayed.code == 1 and "  SAME  " in replayed.out


def test_a_document_tells_the_nodes(quorum: str, fz: Any) -> None:
    """Before and after, after each pass, and why each is left; of a scenario of steps nothing is said of nodes."""
    body = fz("shrink", quorum, "--seed", 3, "--json").document()["shrink"]
    assert (body["nodesBefore"], body["nodes"], body["faults"], body["choicesNotBoring"]) == (5, 2, 1, 0)
    assert body["passes"][-1]["nodes"] == 2
    assert [(each["what"], each["name"]) for each in body["left"]] == [
        ("node", "n0"),
        ("node", "n1"),
        ("step", "client_put"),
        ("fault", "partition"),
        ("invariant", "kv_all_equal"),
    ]


@pytest.mark.parametrize(
    ("what", "nodes", "steps", "faults"), [("nodes", 2, 2, 2), ("faults", 5, 3, 1), ("schedule", 5, 3, 2)]
)
def test_only_what_was_asked_for_changes(what: str, nodes: int, steps: int, faults: int, quorum: str, fz: Any) -> None:
    """With a node goes what names it; the rest stays."""
    body = fz("shrink", quorum, "--seed", 3, "--minimize", what, "--json").document()["shrink"]
    assert (body["nodes"], body["steps"], body["faults"]) == (nodes, steps, faults)


def test_the_result_is_a_scenario(quorum: str, fz: Any) -> None:
    """One that fails in the same way by itself."""
    ran = fz("shrink", quorum, "--seed", 3, "--as-scenario")
    Path("small.fozzy.json").write_text(ran.out)
    again = fz("run", "small.fozzy.json", "--json").document()
    assert again["status"] == "fail"
    assert [each["title"] for each in again["findings"]] == ["kv_all_equal"]


def test_programs_need_permission(lost: str, fz: Any) -> None:
    """For a trace only the flag counts."""
    assert fz("run", lost, "--seed", 2, "--allow-code", "--record", "lost.fozzy").code == 1
    refused = fz("shrink", "lost.fozzy")
    assert refused.code == 2 and "code.not_allowed" in refused.err
    ran = fz("shrink", "lost.fozzy", "--allow-code")
    assert ran.code == 0, ran.said
    left = smallest()
    assert left["nodes"] == ["store"]
    assert "faults" not in left
    (work,) = left["steps"]
    assert work.get("clients", 2) * work["count"] == 2


def test_a_kept_trace_is_a_test(lost: str, fz: Any) -> None:
    """While the program is as it was it fails; mended it passes; failing otherwise it fails, as what it is now."""
    assert fz("shrink", lost, "--seed", 2, "--allow-code", "--keep", "kept").code == 0
    assert smallest("kept/*.fozzy")["nodes"] == ["store"]
    verdicts = []
    for body in (ALWAYS, MENDED, WORSE, ALWAYS):
        Path("counter.py").write_text(COUNTER.replace(ALWAYS, body), encoding="utf-8")
        ran = fz("test", "kept/lost.fozzy", "--allow-code", "--json")
        member = ran.document()["scenarios"][0]
        verdicts.append((ran.code, member["replay"]["verdict"]))
    assert verdicts == [(1, "SAME"), (0, "FIXED"), (1, "CHANGED"), (1, "SAME")]

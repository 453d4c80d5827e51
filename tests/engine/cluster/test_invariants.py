"""Each invariant is judged when it says, and tells what it saw."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from fozzy.dsl.steps.cluster import Invariants
from fozzy.engine.cluster.invariants import JUDGES

PUT0 = {"type": "client_put", "node": "n0", "key": "k", "value": 0}
PUT1 = {"type": "client_put", "node": "n1", "key": "k", "value": 1}
CUT = {"type": "partition", "a": "n0", "b": "n1"}
TICK = {"type": "tick", "duration": "5s"}

EQUAL = {"type": "kv_all_equal", "key": "k"}
PRESENT = {"type": "kv_present_on_all", "key": "k"}
HOLDS = {"type": "kv_node_equals", "node": "n2", "key": "k", "equals": 0}


def test_every_invariant_type_has_its_judge() -> None:
    """None is forgotten, none is left over."""
    assert set(JUDGES) == set(get_args(Invariants))


def test_all_hold_of_a_store_that_nothing_happens_to(builtin: Any) -> None:
    """Differences on the way are no failure."""
    ran = builtin([PUT0, TICK], invariants=[EQUAL, PRESENT, HOLDS])
    assert (ran.status, ran.findings) == ("pass", [])


@pytest.mark.parametrize(
    ("steps", "invariant", "message"),
    [
        ([CUT, PUT0], EQUAL, "k differs: n0=0, n1=nothing, n2=0"),
        ([CUT, PUT0], PRESENT, "k is not on n1"),
        ([CUT, PUT1], HOLDS, "k on n2 is 1, wanted 0"),
        ([TICK], HOLDS, "k on n2 is nothing, wanted 0"),
        ([TICK], PRESENT, "k is not on n0, n1, n2"),
    ],
)
def test_what_does_not_hold_of_a_store(builtin: Any, steps: Any, invariant: Any, message: str) -> None:
    """Is a finding of a checker, with the values, placed at the invariant."""
    ran = builtin(steps, invariants=[{"type": "no_exception"}, invariant])
    assert ran.status == "fail"
    assert (ran.title, ran.message, ran.findings[0].finding) == (invariant["type"], message, "checker")
    assert ran.findings[0].at == "distributed.invariants[1]"


def test_some_are_judged_when_nothing_is_on_its_way(builtin: Any) -> None:
    """So what is mended later has failed before; what is only equal at the end has not."""
    steps = [CUT, PUT0, TICK, {"type": "heal_all"}, TICK]
    assert builtin(steps, invariants=[EQUAL]).findings == []
    ran = builtin(steps, invariants=[PRESENT])
    assert ran.message == "k is not on n1"
    assert ran.now_ns < 5 * 10**9


def test_a_store_that_lost_power_still_holds_what_was_put(builtin: Any) -> None:
    """A builtin store is looked into, whether it is up or not."""
    assert builtin([PUT0, TICK, {"type": "crash", "node": "n1"}], invariants=[EQUAL, PRESENT]).findings == []
    assert builtin([{"type": "crash", "node": "n1"}, PUT0], invariants=[EQUAL]).title == "kv_all_equal"


PROGRAMS = """
import asyncio
async def counts(node):
    node.state["count"] = 0
    for _ in range(10):
        await asyncio.sleep(1)
        node.state["count"] += 1
async def serves(node):
    async def handler(reader, writer):
        while line := await reader.readline():
            op, *words = line.decode().split()
            if op == "put":
                node.state[words[0]] = words[1]
            writer.write((node.state.get(words[0], "") + "\\n").encode())
    await (await asyncio.start_server(handler, "0.0.0.0", node.port)).serve_forever()
class Client:
    def __init__(self, node):
        self.node = node
    async def ask(self, *words):
        reader, writer = await asyncio.open_connection(self.node.host, self.node.port)
        writer.write((" ".join(words) + "\\n").encode())
        return (await reader.readline()).decode().strip() or None
    async def put(self, key, value):
        await self.ask("put", key, value)
    async def get(self, key):
        return await self.ask("get", key)
async def stuck(node):
    async def waits():
        await asyncio.Event().wait()
    asyncio.create_task(waits())
    server = await asyncio.start_server(print, port=80)
    await server.serve_forever()
async def idles(node):
    server = await asyncio.start_server(print, port=80)
    await server.serve_forever()
def below(limit):
    def check(cluster):
        assert cluster.now_ns >= 0 and cluster.node("n0").is_up and not cluster.history
        return cluster.nodes[0].state.get("count", 0) < limit
    return check
below3, below99 = below(3), below(99)
def reaches3(cluster): return cluster.nodes[0].state.get("count", 0) >= 3
def raises(cluster): raise KeyError("check")
def exits(cluster): raise SystemExit(1)
async def asynchronous(cluster): return False
def opens(cluster):
    import subprocess
    subprocess.run(["true"])
"""


def always(check: str) -> dict[str, str]:
    return {"type": "always", "check": f"m:{check}"}


def eventually(check: str, within: str) -> dict[str, str]:
    return {"type": "eventually", "check": f"m:{check}", "within": within}


def test_functions_of_the_users_judge(programs: Any, inside: Any) -> None:
    """All the time or once; whatever else they do is a failure of the invariant."""
    programs.write(PROGRAMS)
    run = programs.ready(program="m:counts")
    session = programs.session(run)

    def judged(*invariants: Any, **more: Any) -> Any:
        return inside(
            session, programs.ready(program=more.pop("program", "m:counts"), invariants=list(invariants), **more), 1
        )

    assert judged(always("below99"), eventually("reaches3", "4s")).findings == []
    ran = judged(always("below99"), always("below3"))
    assert (ran.title, ran.message, ran.findings[0].at) == (
        "always",
        "m:below3 does not hold",
        "distributed.invariants[1]",
    )
    assert ran.now_ns == 3 * 10**9
    ran = judged(eventually("reaches3", "2s"))
    assert (ran.title, ran.status) == ("eventually", "fail")
    assert "never holds within 2" in ran.message
    assert judged(eventually("reaches3", "3s")).findings == []
    ran = judged(always("raises"))
    assert ran.title == "always"
    assert ran.message.startswith("m:raises raised KeyError")
    assert ran.findings[0].details["at"].startswith("m.py:")
    assert "m:exits raised SystemExit" in judged(always("exits")).message
    assert "plain function" in judged(always("asynchronous")).message
    assert judged(always("opens")).title == "sim_fenced"
    assert "is_nothing" in judged(always("is_nothing")).message
    assert judged({"type": "no_deadlock"}, program="m:stuck", duration="5s").title == "no_deadlock"
    assert judged({"type": "no_deadlock"}, program="m:idles", duration="5s").findings == []
    assert judged({"type": "no_deadlock"}, {"type": "no_exception"}).findings == []


def test_programs_are_asked_by_clients(programs: Any, inside: Any) -> None:
    """What a store of the user's holds is read through his client, at the end."""
    programs.write(PROGRAMS)
    shared = {"program": "m:serves", "client": "m:Client", "node_count": 2}
    session = programs.session(programs.ready(**shared))
    put = [{"type": "tick", "duration": "1s"}, {"type": "client_put", "node": "n0", "key": "k", "value": "1"}]

    def judged(steps: Any, *invariants: Any) -> Any:
        return inside(session, programs.ready(steps=steps, invariants=list(invariants), **shared), 1)

    assert judged(put, {**HOLDS, "node": "n0", "equals": "1"}).findings == []
    ran = judged(put, EQUAL)
    assert ran.message == 'k differs: n0="1", n1=nothing'
    assert judged([*put, {"type": "crash", "node": "n1"}], EQUAL, PRESENT).findings == []

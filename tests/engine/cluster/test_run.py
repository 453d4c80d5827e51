"""A run knows its machines by name, and calls functions on them as tasks of their programs."""

from __future__ import annotations

from typing import Any

PROGRAM = """
import asyncio
calls = []
async def main(node):
    global here
    here = node
    await asyncio.sleep(50)
def plain(*args, **more):
    calls.append(args)
    return [here.name, list(args), more, len(calls)]
async def waits(seconds):
    await asyncio.sleep(seconds)
    return here.name
async def fails():
    raise LookupError("on purpose")
def strange(): return object(), {3, 1}, float("inf")
def deep():
    made = []
    for _ in range(3000):
        made = [made]
    return made
class Bad:
    @property
    def x(self): raise RuntimeError
    def __eq__(self, other): raise RuntimeError("never compared")
    def __repr__(self): raise RuntimeError("never shown")
def bad(): return Bad()
def changes(items):
    items.append(1)
    return len(items)
async def returns(node): return
async def cancels():
    asyncio.current_task().cancel()
    await asyncio.sleep(1)
"""


def call(function: str, node: str = "n0", **more: Any) -> dict[str, Any]:
    return {"type": "call", "node": node, "function": f"m:{function}", **more}


def test_functions_are_called_where_the_program_runs(programs: Any) -> None:
    """In the modules of that machine, with arguments by place or name, awaited where they are asynchronous."""
    programs.write(PROGRAM)
    ran = programs(node_count=2, steps=[
        call("plain", args=[1, "x"], expect=["n0", [1, "x"], {}, 1]),
        call("plain", args={"a": 1}, expect=["n0", [], {"a": 1}, 2]),
        call("plain", "n1", expect=["n1", [], {}, 1]),
        call("waits", args=[5], expect="n0"),
        call("fails", expect_raises="LookupError"),
        call("cancels", expect_raises="TimeoutError"),
        {"type": "restart", "node": "n0"}, {"type": "tick", "duration": "1s"},
        call("plain", expect=["n0", [], {}, 1]),
    ])  # fmt: skip
    assert ran.findings == []
    assert ran.now_ns >= 6 * 10**9


def test_what_a_call_comes_to(programs: Any, inside: Any) -> None:
    """A value that differs, an exception, a name that is not there, a machine that is down."""
    programs.write(PROGRAM)
    session = programs.session(programs.ready(steps=[call("plain")]))

    def ran(*steps: Any) -> Any:
        return inside(session, programs.ready(steps=list(steps)), 1)

    assert "wanted 3" in ran(call("waits", args=[1], expect=3)).message
    told = ran(call("fails"))
    assert (told.title, told.message) == ("call", "m:fails raised LookupError: on purpose")
    assert told.findings[0].details["at"].startswith("m.py:")
    assert "nothing" in ran(call("nothing")).message
    assert "TypeError" in ran(call("waits")).message
    assert "wanted it to raise KeyError" in ran(call("plain", expect_raises="KeyError")).message
    assert "runs no program of yours" in ran({"type": "crash", "node": "n0"}, call("plain")).message


def test_whatever_a_call_returns_is_told(programs: Any, inside: Any) -> None:
    """By its value or its type, never by what differs from run to run; what is too much is an error."""
    programs.write(PROGRAM)
    session = programs.session(programs.ready(steps=[call("plain")]))

    def ran(*steps: Any, **more: Any) -> Any:
        return inside(session, programs.ready(steps=list(steps), **more), 1)

    assert ran(call("strange")).steps() == [("call", 'm:strange = [{"$type":"object"},[1,3],{"$float":"inf"}]')]
    assert ran(call("bad")).steps() == [("call", 'm:bad = {"$type":"m.Bad"}')]
    assert "deeper" in ran(call("deep")).message
    for _ in range(2):
        assert ran(call("changes", args=[[]], expect=1)).findings == []


def test_a_call_outlives_the_program(programs: Any) -> None:
    """It is a step's, not the program's own, so it is not cancelled when that ends."""
    programs.write(PROGRAM + "here = None\nasync def ended(): await asyncio.sleep(5); return 7")
    ran = programs(program="m:returns", steps=[call("ended", expect=7), call("ended", expect=7)])
    assert ran.findings == []
    assert len(ran.events("node.exit")) == 1

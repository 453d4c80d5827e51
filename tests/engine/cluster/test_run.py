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

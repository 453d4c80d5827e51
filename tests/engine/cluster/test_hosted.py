"""Whatever a program does to its interpreter, its run ends with what happened, and the next one is none the worse."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.engine.cluster import hosted

PROGRAM = """
import asyncio, ctypes, os, sys, time
def exits(node): sys.exit(3)
def ends(node): os._exit(7)
async def aborts(node): os.abort()
async def faults(node): ctypes.string_at(0)
async def spins(node):
    while True:
        pass
async def stubborn(node):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
async def spins_in_c(node): sum(range(10**12))
async def recurses(node): await recurses(node)
async def prints(node):
    for number in range(20):
        print("x" * 200_000)
    print("done")
async def many(node):
    for number in range(5000):
        print(number)
async def raises(node): raise ValueError("on purpose")
async def fine(node): print("fine")
async def computes(node):
    from fozzy.sim.patches import original
    clock = original("time.monotonic")
    until = clock() + 4.5
    while clock() < until:
        sum(range(100_000))
        await asyncio.sleep(0)
async def grows(node):
    kept = []
    while True:
        kept.append(bytearray(10_000_000))
"""


@pytest.mark.parametrize(
    ("name", "status", "title", "message"),
    [
        ("exits", "fail", "node_exception", "raised SystemExit"),
        ("ends", "crash", "node_died", "a program ended its interpreter with exit code 7"),
        ("aborts", "crash", "node_died", "SIGABRT"),
        ("faults", "crash", "node_died", "SIGSEGV"),
        ("recurses", "fail", "node_exception", "RecursionError"),
        ("raises", "fail", "node_exception", "ValueError: on purpose"),
    ],
)
def test_an_end_that_is_none_is_told(programs: Any, name: str, status: str, title: str, message: str) -> None:
    """With how the interpreter ended, or what the program raised."""
    programs.write(PROGRAM)
    ran = programs(program=f"m:{name}")
    assert (ran.status, ran.title) == (status, title)
    assert message in ran.message
    assert ran.records[-1] == ran.findings[0]
    assert programs(program="m:fine").said() == ["fine"]


def hanging(programs: Any, inside: Any, name: str, hang_ns: int) -> Any:
    """An execution whose steps may take so long, and what became of it; imports may take longer."""
    programs.write(PROGRAM)
    run = programs.ready(program=f"m:{name}")
    session = programs.session(run)
    session.hang_ns = hang_ns
    try:
        return inside(session, run, 1)
    except hosted.Broken as broken:
        return hosted.failure_of(broken.outcome)


@pytest.mark.parametrize("name", ["spins", "stubborn", "spins_in_c"])
def test_a_program_that_does_not_give_control_back_is_ended(
    programs: Any, inside: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Python runs the line is told, also when it catches everything; in C the process is ended."""
    monkeypatch.setattr(hosted, "GRACE_NS", (8 if name == "spins" else 1) * 10**9)
    ran = hanging(programs, inside, name, 10**9)
    assert (ran.status, ran.title) == ("timeout", "sim_hang")
    if name == "spins":
        assert ran.message.startswith("m.py:") and "n0" in ran.message


def test_a_program_that_computes_for_long_but_goes_on_is_no_hang(
    programs: Any, inside: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step gives control back, though nothing is said for longer than the bound."""
    monkeypatch.setattr(hosted, "GRACE_NS", 2 * 10**9)
    ran = hanging(programs, inside, "computes", 2 * 10**9)
    assert ran.findings == []


def test_what_is_printed_comes_whole(programs: Any) -> None:
    """Much of it, and many lines; in order."""
    programs.write(PROGRAM)
    ran = programs(program="m:many")
    assert ran.said() == [str(number) for number in range(5000)]
    ran = programs(program="m:prints")
    assert ran.findings == []
    assert ran.said()[-1] == "done"
    assert len(ran.said()) > 20


def test_memory_is_bounded(programs: Any) -> None:
    """A program that takes more than it may is ended or told, and no machine is brought down."""
    programs.write(PROGRAM)
    ran = programs(program="m:grows", limits={"code_bytes_max": 200_000_000})
    assert ran.status in ("fail", "crash")
    assert ran.title in ("node_exception", "node_died")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("raise ValueError('import')", "node_import_failed"),
        ("def main(:", "node_import_failed"),
        ("import no_such_module_at_all", "node_import_failed"),
        ("x = 1", "node_not_found"),
        ("main = 3", "node_not_found"),
        ("import os; os._exit(5)", "node_died"),
    ],
)
def test_a_module_that_has_no_program(programs: Any, text: str, title: str) -> None:
    """It cannot be imported, or what it names is not there or no function."""
    programs.write(text)
    ran = programs()
    assert ran.title == title, ran.findings
    assert ran.status in ("fail", "crash")
    assert ran.findings[0].finding in ("input_invalid", "panic")


def test_a_module_that_hangs_while_it_is_imported(programs: Any) -> None:
    """Is named."""
    programs.write("while True: pass")
    ran = programs(limits={"call_ms_max": 1500})
    assert (ran.status, ran.title) == ("timeout", "sim_hang")


def test_a_session_goes_on_after_a_failure(programs: Any, inside: Any) -> None:
    """A run that failed leaves its process as good as it was."""
    programs.write(PROGRAM)
    run = programs.ready(program="m:raises")
    session = programs.session(run)
    for name, title in (("raises", "node_exception"), ("fine", ""), ("recurses", "node_exception"), ("fine", "")):
        assert inside(session, programs.ready(program=f"m:{name}"), 1).title == title

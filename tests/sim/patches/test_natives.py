"""Natives: a library that reaches the network past Python is fenced when it is imported, sooner or later."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sim.patches.conftest import Told

UVLOOP = """
def __getattr__(name):
    if name != "install": raise AttributeError(name)
    def install(): return "true"
    globals()["install"] = install
    return install
def new_event_loop(): return Loop()
def run(main): return "true"
class Loop:
    def __init__(self, *args): self.args = args
"""
PSYCOPG = """
class Connection:
    @classmethod
    def connect(cls, *args): return "true"
class AsyncConnection(Connection):
    @classmethod
    async def connect(cls, *args): return "true"
connect = Connection.connect
"""


@pytest.mark.parametrize("is_late", [True, False])
def test_uvloop_is_fenced(told: Told, tmp_path: Path, is_late: bool) -> None:
    """Its functions and its class end the run on a machine and at import, and are true elsewhere."""
    (tmp_path / "uvloop.py").write_text(UVLOOP)
    lines = ["patches.install()", "import uvloop"]
    script = (
        "sys.path.insert(0, '.')\n"
        + "\n".join(lines if is_late else lines[::-1])
        + """
seen = [uvloop.install(), uvloop.run(1), uvloop.Loop(3).args, isinstance(uvloop.new_event_loop(), uvloop.Loop)]
for call in (uvloop.install, uvloop.new_event_loop, uvloop.run, uvloop.Loop):
    try:
        with on(Machine()): call()
    except Stop as stop: seen.append(str(stop).split(":")[0])
try:
    with patches.importing(): uvloop.install()
except patches.Fence as fence: seen.append(str(fence)[:14])
told(seen)
"""
    )
    named = [f"uvloop.{name}" for name in ("install", "new_event_loop", "run", "Loop", "install")]
    assert told(script) == ["true", "true", [3], True, *named]


def test_drivers_in_c_are_fenced(told: Told, tmp_path: Path) -> None:
    """A call that would leave Python is told of by its library's name, with one that can be simulated."""
    for name in ("psycopg2", "MySQLdb"):
        (tmp_path / f"{name}.py").write_text("def connect(*args): return 'true'")
    (tmp_path / "psycopg.py").write_text(PSYCOPG)
    script = """
patches.install()
sys.path.insert(0, ".")
import psycopg, psycopg2, MySQLdb
seen = [psycopg2.connect(), psycopg.connect(), psycopg.Connection.connect(), MySQLdb.connect("a")]
for call in (psycopg2.connect, psycopg.connect, psycopg.Connection.connect, psycopg.AsyncConnection.connect, MySQLdb.connect):
    try:
        with on(Machine()): call()
    except Stop as stop: seen.append(str(stop))
told(seen)
"""
    *true, libpq, plain, kind, async_kind, mysql = told(script)
    assert true == ["true"] * 4
    assert libpq.startswith("psycopg2.connect: ") and "asyncpg" in libpq
    assert plain.startswith("psycopg.connect: ") and kind.startswith("psycopg.Connection.connect: ")
    assert async_kind.startswith("psycopg.AsyncConnection.connect: ") and "aiomysql" in mysql

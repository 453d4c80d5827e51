"""What tests of the command line share: a small project, a run with nothing in it that changes, and real processes."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fozzy import wall
from fozzy.gate import parts

SECONDS_MAX = 60

ADD_ITEM = """\
{
  "version": 1,
  "name": "an item is added",
  "tags": ["quick"],
  "steps": [
    { "type": "set_kv", "key": "cart", "value": "apple" },
    { "type": "sleep", "duration": "3ms" },
    { "type": "get_kv_assert", "key": "cart", "equals": "apple" }
  ]
}
"""

PAY_TWICE = """\
{
  "version": 1,
  "name": "the card is charged once",
  "tags": ["money"],
  "vars": { "charges": 2 },
  "steps": [
    { "type": "http_when", "method": "POST", "path": "/pay", "status": 200 },
    { "type": "rand_u64", "key": "dice" },
    { "type": "http_request", "method": "POST", "path": "/pay" },
    { "type": "sleep", "duration": "12ms" },
    { "type": "http_request", "method": "POST", "path": "/pay" },
    { "type": "assert_eq_int", "a": "${charges}", "b": 1 },
    { "type": "trace_event", "name": "paid" }
  ]
}
"""

SLOW_REFUND = """\
{
  "version": 1,
  "name": "a refund is quick",
  "tags": ["money"],
  "timeout": "2s",
  "steps": [
    { "type": "trace_event", "name": "refund asked" },
    { "type": "sleep", "duration": "1500ms" },
    { "type": "sleep", "duration": "1500ms" }
  ]
}
"""

KILLED = """\
version = 1
name = "a program is killed"

[backends]
proc = "host"

[[steps]]
type = "proc_spawn"
cmd = "sh"
args = ["-c", "kill -9 $$"]
expect_exit = 0
"""

REFUSED = """\
{
  "version": 1,
  "name": "a refusal is expected",
  "expect": { "status": "fail", "title": "fail" },
  "steps": [{ "type": "fail", "message": "no" }]
}
"""

PARSING = '''
def parse(data: bytes) -> None:
    """Takes anything."""
    if data[:1] == b"a":
        len(data)


def pay(amount: int) -> None:
    """Takes so much and no more."""
    if amount > 5_000:
        raise OverflowError("too much")


async def later(data: bytes) -> None:
    """Cannot be called."""
'''

DISTRIBUTED = {
    "version": 1,
    "name": "a cluster",
    "distributed": {
        "node_count": 3,
        "steps": [{"type": "client_put", "node": "n0", "key": "x", "value": "1"}],
        "invariants": [{"type": "kv_all_equal", "key": "x"}],
    },
}

BROKEN = """\
{
  "version": 1,
  "name": "pay",
  "name": "pay again",
  "steps": [
    { "type": "slep", "duration": "10ms" },
    { "type": "sleep", "durations": "10ms" },
    { "type": "assert_throws", "steps": [
      { "type": "advance", "duration": "-5ms" }
    ] }
  ]
}
"""


class Shop(NamedTuple):
    """A small project: the paths of its scenarios."""

    root: Path
    passing: str = "scenarios/cart/add_item.fozzy.json"
    failing: str = "scenarios/checkout/pay_twice.fozzy.json"
    slow: str = "scenarios/orders/slow_refund.fozzy.json"
    crashing: str = "scenarios/programs/killed.fozzy.toml"
    refused: str = "scenarios/programs/refused.fozzy.json"

    def edited(self, name: str, *changes: tuple[str, str], of: str = PAY_TWICE) -> str:
        """A scenario written anew as `name`, with every first text replaced by the second."""
        for old, new in changes:
            assert old in of
            of = of.replace(old, new)
        path = self.root / f"{name}.fozzy.json"
        path.write_text(of, encoding="utf-8")
        return path.name

    def targets(self) -> None:
        """What can be fuzzed: a module, a program that aborts, a scenario with a draw, and one that calls."""
        (self.root / "parsing.py").write_text(PARSING, encoding="utf-8")
        (self.root / "aborts").write_text("#!/bin/sh\nread x\nkill -ABRT $$\n", encoding="utf-8")
        (self.root / "aborts").chmod(0o755)
        for name, step in (
            ("limit", {"type": "rand_int", "key": "n", "min": 1, "max": 90}),
            ("calls", {"type": "call", "function": "parsing:pay", "args": [1]}),
        ):
            whole = {"version": 1, "name": name, "steps": [step]}
            (self.root / f"{name}.fozzy.json").write_text(json.dumps(whole), encoding="utf-8")


@pytest.fixture
def shop(project: Path) -> Shop:
    """The project: one scenario that passes, one that fails, times out, crashes, and fails as expected."""
    made = Shop(project)
    (project / "fozzy.toml").write_text("det = true\n", encoding="utf-8")
    texts = {
        made.passing: ADD_ITEM,
        made.failing: PAY_TWICE,
        made.slow: SLOW_REFUND,
        made.crashing: KILLED,
        made.refused: REFUSED,
    }
    for name, text in texts.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return made


@pytest.fixture
def broken(project: Path) -> str:
    """A scenario with problems of many kinds, outside the scenarios folder."""
    path = project / "bad" / "pay.fozzy.json"
    path.parent.mkdir()
    path.write_text(BROKEN, encoding="utf-8")
    return "bad/pay.fozzy.json"


@pytest.fixture
def distributed(project: Path) -> str:
    """A distributed scenario, outside the scenarios folder."""
    path = project / "cluster.fozzy.json"
    path.write_text(json.dumps(DISTRIBUTED), encoding="utf-8")
    return path.name


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clock, no chance, no machine: what is printed is the same everywhere, but for what real programs take."""
    numbers = itertools.count(1)
    monkeypatch.setattr(wall, "fresh_run_id", lambda: f"{next(numbers) * 0x7F3C2A1D % (1 << 32):08x}")
    monkeypatch.setattr(wall, "fresh_seed", lambda: 1337)
    monkeypatch.setattr(wall, "now_iso", lambda: "2026-01-02T03:04:05.006Z")
    monkeypatch.setattr(wall, "elapsed_ns", lambda: 0)
    monkeypatch.setattr(wall, "stopwatch", lambda: lambda: 0)
    monkeypatch.setattr(wall, "python_version", lambda: "3.11.0")
    monkeypatch.setattr(wall, "system_name", lambda: "linux x86_64")
    monkeypatch.setattr(wall, "hash_seed", lambda: "0")
    monkeypatch.setattr(parts, "SYSTEM", "linux")
    monkeypatch.setattr(parts, "is_there", lambda part: part.name not in ("map parsers", "redis-server"))


class Process(NamedTuple):
    """A command line that ran as a process of its own."""

    code: int
    out: str
    err: str


Processes = Callable[..., Process]


@pytest.fixture
def process(project: Path, fz_env: dict[str, str]) -> Processes:
    """Runs `python -m fozzy …` here: `process("test", "-q", env={"NO_COLOR": "1"})`."""

    def run(*words: str, env: dict[str, str] | None = None, code: str | None = None) -> Process:
        for name in ("NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_ACTIONS", "PYTHONIOENCODING"):
            fz_env.pop(name, None)
        start = ["-m", "fozzy"] if code is None else ["-c", code]
        done = subprocess.run(
            [sys.executable, *start, *words],
            cwd=project,
            env={**fz_env, "PYTHONUTF8": "1", "TERM": "xterm", **(env or {})},
            capture_output=True,
            timeout=SECONDS_MAX,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return Process(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))

    return run


Pasted = Callable[[str], list[list[str]]]


@pytest.fixture
def pasted() -> Pasted:
    """The commands of a screen as words: what stands from `fozzy` to the end of the line or to two spaces."""
    import shlex

    def find(screen: str) -> list[list[str]]:
        found = re.findall(r"(?:^|\s{2}|: )fozzy ((?:\S| (?! ))+)", screen, re.MULTILINE)
        headings = r"\d+\.\d+\.\d+|proxy$"
        return [shlex.split(words) for words in found if not re.match(headings, words)]

    return find


@pytest.fixture
def on_terminal(project: Path, fz_env: dict[str, str]) -> Callable[..., tuple[int, str]]:
    """Runs `python -m fozzy …` on a pseudo-terminal of 80 columns; returns its status and all it wrote there."""
    pty = pytest.importorskip("pty")

    def run(*words: str, **env: str) -> tuple[int, str]:
        for name in ("NO_COLOR", "FORCE_COLOR", "CI", "GITHUB_ACTIONS"):
            fz_env.pop(name, None)
        ours, theirs = pty.openpty()
        child: Any = subprocess.Popen(
            [sys.executable, "-m", "fozzy", *words],
            cwd=project,
            env={**fz_env, "TERM": "xterm-256color", "COLUMNS": "80", "PYTHONUTF8": "1", **env},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            close_fds=True,
        )
        os.close(theirs)
        said = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # Linux: nobody has the other side open any more
                break
            if not data:
                break
            said += data
        os.close(ours)
        return child.wait(SECONDS_MAX), said.decode("utf-8")

    return run

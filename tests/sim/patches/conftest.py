"""A child interpreter in which the patches are in place: they change a process for good."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent.parent

PRELUDE = """
import json, os, sys
sys.path.insert(0, ROOT)
from fozzy.sim import context, patches

class Stop(BaseException):
    pass

class Machine:
    def __init__(self, name="n0", pid=11):
        self.name, self.ip, self.pid = name, "10.0.0.1", pid
        self.ns, self.asked, self.said, self.blocked, self.word = 0, [], [], [], 0
    def now_ns(self): return self.ns
    def bits(self, count):
        self.asked.append(count)
        self.word = (self.word * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.word >> 8) % 2**count
    def entropy(self, count):
        return bytes(self.bits(8) for _ in range(count))
    def block(self, duration_ns):
        self.blocked.append(duration_ns)
        self.ns += duration_ns
    def say(self, text): self.said.append(text)
    def fence(self, call, why): return Stop(f"{call}: {why}")

class Calm(Machine):
    def bits(self, count): return 0

class on:
    def __init__(self, machine): self.machine = machine
    def __enter__(self): self.before, context.current = context.current, self.machine; return self.machine
    def __exit__(self, *_): context.current = self.before

def told(value):
    sys.__stdout__.write(json.dumps(value)); sys.__stdout__.flush()
"""

Told = Callable[..., Any]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Runs a script in a child after the prelude; answers what it told."""

    def run(script: str, *, hash_seed: str = "0", folder: Path = tmp_path) -> Any:
        text = f"ROOT = {str(ROOT)!r}\n{PRELUDE}\n{script}"
        done = subprocess.run(
            [os.environ.get("FOZZY_CHILD_PYTHON", sys.executable), "-B", "-W", "error", "-c", text],
            cwd=folder,
            env={"PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo", "PATH": os.environ.get("PATH", "")},
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return run

"""The memory of a program, seen from outside."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

import fozzy
from fozzy.core.limits import MIB, Limits
from fozzy.world.proc.base import Spawn
from fozzy.world.proc.host import HostProc
from fozzy.world.proc.memory import LOOK_S, looks, tree_bytes

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is seen by reading /proc")

HOLD = "b = bytearray({size}); b[::4096] = b'x' * len(b[::4096]); import time; time.sleep(0.3)"


@pytest.fixture
def proc(twice: Callable[..., Any], limits: Limits) -> Any:
    return twice(lambda choices, loop, root: HostProc(choices, loop, limits, root))


def test_looks_come_at_growing_distances() -> None:
    """The first looks are near each other, and no distance is longer than the last."""
    first = list(islice(looks(), 20))
    assert first == sorted(first)
    assert first[-1] == LOOK_S


def test_what_is_held_now_is_seen() -> None:
    """A process holds something, and one that is gone nothing."""
    assert tree_bytes(os.getpid()) > MIB
    assert tree_bytes(2**22 + 1) == 0


def test_the_peak_of_a_program_is_told(proc: Any) -> None:
    """A program that holds 80 MB for a moment is seen to have held them."""
    ended = proc.spawn(Spawn(cmd=sys.executable, args=["-c", HOLD.format(size=80 * MIB)]))
    assert 80 * MIB < ended.peak_bytes < 200 * MIB


def test_descendants_count(proc: Any) -> None:
    """What a program's own children hold counts with it."""
    child = HOLD.format(size=40 * MIB)
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    ended = proc.spawn(Spawn(cmd=sys.executable, args=["-c", script]))
    assert ended.peak_bytes > 40 * MIB


def test_a_scenario_may_bound_it(tmp_path: Path) -> None:
    """`peak_bytes` is a part of an answer that can be checked, and a replay sees what the recording saw."""
    spawn = {"type": "proc_spawn", "cmd": sys.executable, "args": ["-c", HOLD.format(size=80 * MIB)]}
    bound = {"at": "peak_bytes", "less": 80 * MIB}
    steps = [{**spawn, "expect": [bound]}]
    scenario = {"version": 1, "name": "n", "backends": {"proc": "host"}, "steps": steps}
    result = fozzy.run(scenario, record=tmp_path / "t.fozzy")
    assert [finding.title for finding in result.findings] == ["proc_spawn"]
    assert fozzy.replay(tmp_path / "t.fozzy").verdict == "SAME"

"""The test check ends as `fozzy test` would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.config import load_config
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.gate.checks.tests import Suite, passes

CRASH = {"type": "proc_spawn", "cmd": "sh", "args": ["-c", "kill -9 $$"], "expect_exit": 0}


@pytest.mark.parametrize(
    ("step", "more"),
    [
        ({"type": "sleep", "duration": "5ms"}, {}),
        ({"type": "fail", "message": "no"}, {}),
        ({"type": "fail", "message": "no"}, {"expect": {"status": "fail"}}),
        ({"type": "sleep", "duration": "5ms"}, {"expect": {"status": "fail"}}),
        ({"type": "sleep", "duration": "5s"}, {"timeout": "1s"}),
        (CRASH, {"backends": {"proc": "host"}}),
        ({"type": "call", "function": "a:b"}, {}),
    ],
)
def test_it_ends_as_the_command_does(sound: Any, fz: Any, step: dict[str, Any], more: dict[str, Any]) -> None:
    """Pass, fail, expected, unexpected, timeout, crash, not allowed: the same exit status."""
    path = sound("a", step, **more)
    config = load_config(None)
    checked = passes(Suite(discover([path], config.root).chosen, Options(settings=config.settings), Path(), 7))
    code = 0 if checked.status == "pass" else int(checked.exit_status)
    assert code == fz("test", path, "--det", "--strict", "--seed", "7").code
    assert (checked.found == []) == (code == 0)


def test_nothing_is_skipped_with_its_reason(project: Path) -> None:
    """Without scenarios nothing ran, which is no pass."""
    assert passes(Suite([], Options(), Path(), 7)).status == "skip"

"""`ci` is a list of checks: each is made or says why not, and nothing untrusted is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fozzy.config import load_config
from fozzy.errors import NotAllowedError
from fozzy.gate.checks.flake import Budget
from fozzy.gate.ci import Claim, ci

NAMES = ["verify", "replay", "artifacts", "flake", "speed"]


def test_all_checks_of_a_sound_trace(recorded: Any) -> None:
    """Asked for everything, everything is made and passes."""
    trace = recorded("calm")
    claim = Claim(trace, load_config(None), budget=Budget(2), baseline=trace)
    assert [(each.name, each.status) for each in ci(claim)] == [(name, "pass") for name in NAMES]


def test_what_was_not_asked_for_says_so(recorded: Any) -> None:
    """Runs and a baseline are named by flags; without them the checks say which."""
    checks = list(ci(Claim(recorded("calm"), load_config(None))))
    assert [each.status for each in checks] == ["pass", "pass", "pass", "skip", "skip"]
    assert all("--" in each.left_out[0] for each in checks[3:])


def test_nothing_of_a_damaged_trace_is_used(recorded: Any) -> None:
    """A broken seal leaves out all else, by name."""
    trace = recorded("calm")
    trace.write_bytes(trace.read_bytes().replace(b'"t":5000000', b'"t":5000001'))
    checks = list(ci(Claim(trace, load_config(None), budget=Budget(2))))
    assert [(each.name, each.status) for each in checks] == [
        ("verify", "fail"),
        *((name, "skip") for name in NAMES[1:]),
    ]


def test_a_trace_never_gives_permission(sound: Any, fz: Any, project: Path) -> None:
    """A trace that calls needs the flag, whatever the configuration says."""
    sound("shop", {"type": "call", "function": "shop:price"})
    Path("shop.py").write_text("def price():\n    return 3\n")
    Path("fozzy.toml").write_text("det = true\nallow_code = true\n")
    assert fz("run", "scenarios/shop.fozzy.json", "--record", "t.fozzy").code == 0
    with pytest.raises(NotAllowedError):
        list(ci(Claim(Path("t.fozzy"), load_config(None))))
    claim = Claim(Path("t.fozzy"), load_config(None), allow_code=True, budget=Budget(2))
    assert {each.status for each in ci(claim)} == {"pass", "skip"}

"""Round trip: what is recorded can be trusted and replays, and what does not is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.config import load_config
from fozzy.engine.discover import discover
from fozzy.engine.prepare import Options
from fozzy.errors import Exit
from fozzy.gate.checked import Checked
from fozzy.gate.checks.roundtrip import Trip, roundtrip


def go(folder: Path) -> tuple[Checked, list[Path]]:
    """The check on all scenarios of the project."""
    config = load_config(None)
    chosen = discover(["scenarios"], config.root).chosen
    return roundtrip(Trip(chosen, config, Options(settings=config.settings, allow_code=True), 7, folder))


def test_every_scenario_replays(sound: Any, tmp_path_factory: Any) -> None:
    """Passing and failing ones alike; the traces of failing ones are handed on, and no run is made here."""
    sound("calm")
    sound("bad", {"type": "fail", "message": "no"})
    sound("live", {"type": "proc_spawn", "cmd": "date"}, backends={"proc": "host"}, tags=["host"])
    checked, failing = go(tmp_path_factory.mktemp("trip"))
    assert (checked.status, checked.ran) == ("pass", "2 scenarios recorded, verified and replayed")
    assert checked.left_out == ["1 scenario with the tag host: test runs them"]
    assert len(failing) == 1
    assert not Path(".fozzy").exists()


def test_user_code_that_is_not_deterministic_is_found(sound: Any, tmp_path_factory: Any) -> None:
    """A call that answers otherwise when it is replayed leaves its recording: no evidence."""
    sound("code", {"type": "call", "function": "shop:now", "save_as": "t"}, {"type": "sleep", "duration": "5ms"})
    Path("shop.py").write_text("import time\n\n\ndef now():\n    return time.time_ns()\n")
    checked, failing = go(tmp_path_factory.mktemp("trip"))
    assert (checked.status, checked.exit_status, failing) == ("fail", Exit.EVIDENCE, [])
    assert [each.code for each in checked.found] == ["full.no_roundtrip"]
    assert "DRIFT at record #0" in checked.found[0].message

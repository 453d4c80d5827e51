"""What tests of checks share: a small project that is sound, with a recorded run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

STEPS = [{"type": "rand_u64", "key": "k"}, {"type": "sleep", "duration": "5ms"}]
Recorded = Callable[..., Path]


@pytest.fixture
def sound(project: Path) -> Callable[..., str]:
    """Writes a scenario: `sound("calm", *steps, tags=["x"])`; returns its path."""
    (project / "fozzy.toml").write_text("det = true\n")

    def write(name: str, *steps: dict[str, Any], **more: Any) -> str:
        path = project / "scenarios" / f"{name}.fozzy.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"version": 1, "name": name, **more, "steps": steps or STEPS}, indent=1))
        return path.relative_to(project).as_posix()

    return write


@pytest.fixture
def recorded(sound: Callable[..., str], fz: Any) -> Recorded:
    """Records a run of a scenario: `recorded("calm", *steps)`; the trace is named after it."""

    def record(name: str, *steps: dict[str, Any], to: str = "", code: int = 0, **more: Any) -> Path:
        trace = Path(f"{to or name}.fozzy")
        ran = fz("run", sound(name, *steps, **more), "--det", "--seed", "7", "--record", trace)
        assert ran.code == code, ran.said
        return trace

    return record

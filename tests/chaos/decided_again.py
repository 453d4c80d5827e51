"""What a test's proxies decided, decided again from its records alone: the trace of every resilience test replays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fozzy.chaos.tcp.redecide import TcpRedeciding
from fozzy.chaos.tcp.timeline import TcpTimeline
from fozzy.core.wires import Connected, Spoken
from fozzy.pytest_plugin.keeping import keep


def decide_again(test: Any, folder: Path) -> None:
    """Write the trace of a test that has ended, and go through it offline. *Errors*: `AssertionError` for any difference."""
    if not any(isinstance(record, Connected | Spoken) for record in test.records):
        return
    path = keep(test, folder / "test.fozzy", is_strict=True)
    with TcpTimeline([path]) as timeline:
        found = TcpRedeciding(timeline).run()
    path.unlink()
    assert found.divergence.verdict == "SAME", found.divergence
    assert found.requests, "nothing was decided"

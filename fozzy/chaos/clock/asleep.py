"""Whether threads of this process run or want to, as the system tells it."""

from __future__ import annotations

import threading
from pathlib import Path

TASKS = Path("/proc/self/task")
RUNNING = "RD"  # has a processor or waits for one; waits for a disk


def is_any_thread_running() -> bool:
    """Whether any thread but this one does. False where the system does not tell (no /proc)."""
    own = str(threading.get_native_id())
    return any(_state(task) in RUNNING for task in TASKS.glob("*") if task.name != own)


def _state(task: Path) -> str:
    try:
        return (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")[2][:1] or "Z"
    except OSError:
        return "Z"  # it has ended

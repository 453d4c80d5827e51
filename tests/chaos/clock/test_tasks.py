"""Where tasks wait is told for those in code below the working directory, by their innermost line there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from fozzy.chaos.clock.tasks import NAMED_MAX, waiting

TASKS = """
import asyncio

async def inner():
    await asyncio.sleep(3600)

async def outer():
    await inner()
"""


def test_the_innermost_line_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nested coroutines the deepest below the folder is named; of too many the first; of library code none."""
    path = tmp_path / "program.py"
    path.write_text(TASKS, encoding="utf-8")
    names: dict[str, object] = {}
    exec(compile(TASKS, str(path), "exec"), names)
    monkeypatch.chdir(tmp_path)

    async def look() -> tuple[list[str], list[str]]:
        own = [asyncio.create_task(names["outer"](), name=f"t{number:02}") for number in range(NAMED_MAX + 2)]  # type: ignore[operator]
        other = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0)
        found = waiting((task.get_name(), task.get_coro()) for task in own), waiting([("other", other.get_coro())])
        for task in (*own, other):
            task.cancel()
        return found

    own, others = asyncio.run(look())
    assert own[0] == "t00 waits at program.py:5 in inner"
    assert own[-1] == "and 2 more" and len(own) == NAMED_MAX + 1
    assert others == []

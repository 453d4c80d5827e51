"""Where the tasks of a loop wait, for people whose test waits for what never comes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from fozzy.trace.finalize import shown_path

NAMED_MAX = 10
NOT_OWN = "site-packages"


def waiting(tasks: Iterable[tuple[str, Any]]) -> list[str]:
    """A line for each of these names and coroutines that waits in code below the working directory: the innermost there."""
    said = sorted(line for name, coroutine in tasks for line in _said(name, coroutine))
    more = len(said) - NAMED_MAX
    return said if more <= 0 else [*said[:NAMED_MAX], f"and {more} more"]


def _said(name: str, coroutine: Any) -> list[str]:
    for frame in reversed(_frames(coroutine)):
        path = shown_path(Path(frame.f_code.co_filename))
        if not Path(path).is_absolute() and NOT_OWN not in path:
            return [f"{name} waits at {path}:{frame.f_lineno} in {frame.f_code.co_name}"]
    return []


def _frames(coroutine: Any) -> list[FrameType]:
    """From the outermost to what it waits in."""
    found: list[FrameType] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", getattr(coroutine, "gi_frame", None))
        if frame is None:
            break
        found.append(frame)
        coroutine = getattr(coroutine, "cr_await", getattr(coroutine, "gi_yieldfrom", None))
    return found

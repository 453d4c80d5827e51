"""Where a new process has its memory: Linux scatters it, and what is ordered by address then differs between processes.

A set of objects that have no hash of their own is ordered by where they lie. Interpreters that are to repeat exactly are
started unscattered; where the system refuses that, nothing is lost but this.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

ADDR_NO_RANDOMIZE = 0x0040000  # personality(2)
ASK = 0xFFFFFFFF  # changes nothing


@contextmanager
def unscattered(wanted: bool = True) -> Iterator[None]:
    """What this thread starts meanwhile has its memory at the same addresses each time, where that can be had."""
    personality = _personality() if wanted else None
    before = personality(ASK) if personality is not None else -1
    if personality is None or before < 0 or before & ADDR_NO_RANDOMIZE:
        yield
        return
    personality(before | ADDR_NO_RANDOMIZE)
    try:
        yield
    finally:
        personality(before)


def _personality() -> Callable[[int], int] | None:
    """The system's call; none where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        call: Any = ctypes.CDLL(None).personality
        call.argtypes, call.restype = [ctypes.c_ulong], ctypes.c_int
        return cast(Callable[[int], int], call)
    return None

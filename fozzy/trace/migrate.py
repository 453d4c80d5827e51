"""Older trace formats, one step at a time: version -> what turns that version's header into the next one's.

The format's version is apart from the release. To change the format: raise `VERSION` in format.py, add a function
here under the old version, keep a trace of the old format in tests/fixtures/traces/.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fozzy.trace.format import VERSION

STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def migrate_header(data: bytes, version: int) -> bytes:
    """The header's line in the newest format. *Errors*: `msgspec.DecodeError` when it is no JSON."""
    if version == VERSION:
        return data
    header = msgspec.json.decode(data)
    for old in range(version, VERSION):
        header = STEPS[old](header) if old in STEPS else header
    return msgspec.json.encode({**header, "version": VERSION})

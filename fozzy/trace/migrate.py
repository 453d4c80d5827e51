"""Older trace formats, one step at a time: version -> what turns that version's header into the next one's.

The format's version is apart from the release. To change the format: raise `VERSION` in format.py, add a function
here under the old version, keep a trace of the old format in tests/fixtures/traces/.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from fozzy.errors import EvidenceError
from fozzy.trace.format import VERSION

STEPS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}


def migrate_header(data: bytes, version: int) -> bytes:
    """The header's line in the newest format. *Errors*: `msgspec.DecodeError` when it is no JSON, `EvidenceError`
    when no step leads on from its version: that never was a format, or is no longer read."""
    if version == VERSION:
        return data
    header = msgspec.json.decode(data, type=dict[str, Any])
    for old in range(version, VERSION):
        if old not in STEPS:
            raise EvidenceError(
                "trace.unknown_format",
                f"trace format {old} cannot be read; this fozzy reads up to {VERSION}",
                hint="record the run again with this fozzy",
            )
        header = STEPS[old](header)
    return msgspec.json.encode({**header, "version": VERSION})

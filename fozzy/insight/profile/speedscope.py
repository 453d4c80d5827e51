"""A profile as speedscope reads it: one sampled profile for each kind of time, in the order of the run.

https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources
"""

from __future__ import annotations

from typing import Any

import msgspec

from fozzy.insight.profile.spans import Span
from fozzy.insight.profile.top import By
from fozzy.report.text import safe
from fozzy.version import VERSION

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(root: Span, name: str, timed: bool) -> bytes:
    """The file."""
    frames: dict[tuple[str, str], int] = {}
    kinds: list[By] = ["real", "virtual"] if timed else ["virtual"]
    profiles = [_profile(root, by, frames) for by in kinds]
    document = {
        "$schema": SCHEMA,
        "name": safe(name),
        "exporter": f"fozzy {VERSION}",
        "activeProfileIndex": 0,
        "shared": {"frames": [_frame(label, at) for label, at in frames]},
        "profiles": profiles,
    }
    return msgspec.json.encode(document) + b"\n"


def _frame(label: str, at: str) -> dict[str, Any]:
    frame: dict[str, Any] = {"name": safe(label)}
    file, _, number = at.rpartition(":")
    if number.isdecimal():
        frame |= {"file": file, "line": int(number)}
    return frame


def _profile(root: Span, by: By, frames: dict[tuple[str, str], int]) -> dict[str, Any]:
    """Every span's own time as a sample, where it stands in the tree."""
    samples: list[list[int]] = []
    weights: list[int] = []
    waiting: list[tuple[Span, list[int]]] = [(root, [])]
    while waiting:
        span, above = waiting.pop()
        key = (span.label, span.at if span.kind == "function" else "")
        stack = [*above, frames.setdefault(key, len(frames))]
        own_ns = span.own_real_ns if by == "real" else span.own_virtual_ns
        if own_ns:
            samples.append(stack)
            weights.append(own_ns)
        waiting += [(each, stack) for each in reversed(span.inside)]
    return {
        "type": "sampled",
        "name": f"{by} time",
        "unit": "nanoseconds",
        "startValue": 0,
        "endValue": sum(weights),
        "samples": samples,
        "weights": weights,
    }

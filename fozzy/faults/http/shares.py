"""Shares: which part of all requests each fault strikes, where its probability alone tells it."""

from __future__ import annotations

from fozzy.core.choice import CHANCES
from fozzy.faults.http import when as schedule
from fozzy.faults.http.kinds import whole
from fozzy.faults.http.resolve import Resolved

SLACK = 64  # of 2^53: shares such as 0.7, 0.2 and 0.1 may add up to a little more than 1
HINT = "lower some, or let mode be cascade; a fault that says no probability has all requests"


def shares(found: Resolved) -> dict[str, float]:
    """By name, in the order in which they are tried. In a cascade one has what those before it left."""
    left = 1.0
    parts = {}
    for name, said in found.faults.items():
        most = schedule.most(whole(name, said.value))
        parts[name] = round(most if found.mode.value == "exclusive" else most * left, 12)
        left *= 1 - most
    return parts


def overfull(found: Resolved) -> str:
    """What is wrong where shares that exclude each other add up to more than all requests; empty where they do not."""
    if found.mode.value != "exclusive":
        return ""
    parts = shares(found)
    if sum(int(part * CHANCES) for part in parts.values()) <= CHANCES + SLACK:
        return ""
    said = " + ".join(f"{name} {part:g}" for name, part in parts.items() if part)
    return f"mode is exclusive, and the probabilities add up to more than 1: {said} = {sum(parts.values()):g}"

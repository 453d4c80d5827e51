"""What is said to people about a test's faults."""

from __future__ import annotations

from fozzy.core.words import count
from fozzy.faults.tcp.armed import Tally


def tally_said(tally: Tally) -> str:
    """What became of a toxic, in a line."""
    said = f"{tally.place} ({tally.type}) came to pass {count(tally.applied, 'time')}"
    if tally.applied:
        return said
    return f"{said}: {never_said(tally)}"


def never_said(tally: Tally) -> str:
    """Why a toxic never came to pass."""
    if tally.bypassed:
        return "it was bypassed: " + ", ".join(f"{reason} ({number})" for reason, number in tally.reasons.items())
    if tally.hit:
        return f"it struck {count(tally.hit, 'time')}, and nothing was left to carry it out on"
    if tally.rolled:
        return f"it was rolled {count(tally.rolled, 'time')} and missed each time"
    if tally.matched:
        return f"{count(tally.matched, 'candidate')} came, none when its schedule was due"
    if tally.connections:
        return f"nothing it is for came over {count(tally.connections, 'connection')}"
    return "no connection came while it was in force"

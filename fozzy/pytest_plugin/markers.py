"""What the markers of a test say."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from fozzy.errors import UsageError, suggestion
from fozzy.wall import SEED_BITS

CHAOS = ("chaos", "chaos_network", "chaos_service", "chaos_middleware")
WORDS = ("seed", "scenario", "real_time", "keeps_state")


class Marked(NamedTuple):
    """`seed` none: it follows from the session's. `runs` 0: as many as the session says. `keeps_state` none: likewise."""

    is_marked: bool
    seed: int | None = None
    scenario: Any = None
    is_real_time: bool = False
    runs: int = 0
    keeps_state: bool | None = None


def marked(item: pytest.Item) -> Marked:
    """All that markers of ours say, the closest first. *Errors*: `UsageError` naming the word that is not ours."""
    said: dict[str, Any] = {}
    is_marked = False
    for mark in item.iter_markers():
        if mark.name in CHAOS:
            is_marked = True
            _refuse_others(mark)
            said = {**mark.kwargs, **said}
    seed = said.get("seed")
    if seed is not None and not (isinstance(seed, int) and 0 <= seed < 1 << SEED_BITS):
        raise UsageError("usage.bad_value", f"seed must be from 0 to 2^{SEED_BITS}-1, got {seed!r}")
    keeps = said.get("keeps_state")
    if keeps is not None and not isinstance(keeps, bool):
        raise UsageError("usage.bad_value", f"keeps_state must be True or False, got {keeps!r}")
    return Marked(is_marked, seed, said.get("scenario"), bool(said.get("real_time", False)), _runs(item), keeps)


def _refuse_others(mark: pytest.Mark) -> None:
    strange = [*map(repr, mark.args), *(name for name in mark.kwargs if name not in WORDS)]
    if strange:
        message = f"the marker {mark.name} of fozzy has no {', '.join(strange)}"
        near = " ".join(filter(None, (suggestion(name, WORDS) for name in mark.kwargs if name not in WORDS)))
        message = f"{message}; {near}" if near else message
        hint = f"it takes {', '.join(WORDS)}; where it is another plugin's marker, run with -p no:fozzy"
        raise UsageError("chaos.foreign_marker", message, hint=hint)


def _runs(item: pytest.Item) -> int:
    mark = item.get_closest_marker("chaos_runs")
    if mark is None:
        return 0
    said = [*mark.args, *mark.kwargs.values()]
    if len(said) != 1 or not isinstance(said[0], int) or said[0] < 1 or set(mark.kwargs) - {"n"}:
        raise UsageError("usage.bad_value", "chaos_runs takes one number of runs: @pytest.mark.chaos_runs(20)")
    return said[0]

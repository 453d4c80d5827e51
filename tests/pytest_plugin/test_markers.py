"""What markers say; a word that is not ours is named."""

from __future__ import annotations

from typing import Any

import pytest

from fozzy.errors import UsageError
from fozzy.pytest_plugin.markers import Marked, marked


class Item:
    """As much of an item as is looked at: its markers, the closest first."""

    def __init__(self, *marks: Any) -> None:
        self.marks = [mark.mark for mark in marks]

    def iter_markers(self) -> list[pytest.Mark]:
        return self.marks

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return next((mark for mark in self.marks if mark.name == name), None)


def said(*marks: Any) -> Marked:
    """What these say."""
    item: Any = Item(*marks)
    return marked(item)


def test_the_closest_word_counts() -> None:
    """A test's own marker goes before its class's, word by word, whatever kind of chaos they are."""
    mark = pytest.mark
    assert said(mark.chaos_network(seed=7), mark.chaos(seed=3, real_time=True)) == Marked(True, 7, None, True)
    assert said(mark.chaos, mark.chaos_runs(5)).runs == 5
    assert said(mark.slow) == Marked(False)
    assert said(mark.chaos(keeps_state=True)).keeps_state is True


@pytest.mark.parametrize(
    ("mark", "named"),
    [
        (pytest.mark.chaos(intensity=3), "intensity"),
        (pytest.mark.chaos("network"), "'network'"),
        (pytest.mark.chaos(seed=-1), "seed"),
        (pytest.mark.chaos(seed="7"), "seed"),
        (pytest.mark.chaos(keeps_state="yes"), "keeps_state"),
        (pytest.mark.chaos_runs(0), "chaos_runs"),
        (pytest.mark.chaos_runs("many"), "chaos_runs"),
        (pytest.mark.chaos_runs, "chaos_runs"),
    ],
)
def test_what_is_not_ours_is_named(mark: Any, named: str) -> None:
    """Another plugin may have markers of the same name."""
    with pytest.raises(UsageError, match=named):
        said(mark)

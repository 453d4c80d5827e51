"""Drift: a cluster that keeps something from one execution to the next is told, and is no issue."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.core.events import Event
from fozzy.gate.checks.drift import NO_PROGRAMS, apart, drift
from tests.gate.cluster_projects import clusters_of, planted


def test_a_counter_of_a_package_is_told_with_its_line(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The scenario, the record, the node and the line; what keeps nothing is not told."""
    planted(project, tmp_path_factory.mktemp("installed") / "site")
    checked = drift(clusters_of("left_over", "clock", "kv"))
    assert (checked.status, [each.code for each in checked.found]) == ("info", ["doctor.drift"])
    [parted] = checked.parted
    assert (parted.scenario, parted.node, [each.kind for each in parted.causes]) == ("left_over", "n1", ["left_over"])
    assert "writer.write" in (project / "planted.py").read_text().splitlines()[int(parted.at.rpartition(":")[2]) - 1]
    assert parted.first != parted.other and parted.record > 0
    assert checked.ran.startswith("2 clusters") and "left_over differs" in checked.ran


def test_without_programs_there_is_nothing_to_look_at(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A builtin program runs in no process of its own."""
    planted(project, tmp_path_factory.mktemp("installed") / "site")
    checked = drift(clusters_of("kv"))
    assert (checked.status, checked.left_out) == ("skip", [NO_PROGRAMS])


def test_where_two_executions_part() -> None:
    """The first record that differs, or where one has no more."""
    a, b = Event(1, "distributed", "a"), Event(2, "distributed", "b")
    assert apart([a, b], [a, b]) is None
    seen = apart([a, b], [a])
    assert seen is not None and (seen.number, seen.other) == (1, "the end of the run")

"""The audit of clusters: what differs is found, with its cause, the node, the virtual time and the user's line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.gate.checked import Checked
from fozzy.gate.checks.determinism import determinism
from tests.gate.cluster_projects import CAUSES, HERE, OTHERS, PREVENTED, audit_of, planted


@pytest.fixture(autouse=True)
def _planted(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    planted(project, tmp_path_factory.mktemp("installed") / "site")


def _lines() -> list[str]:
    return (HERE / "planted_clusters" / "planted.py").read_text().splitlines()


def test_every_planted_cluster_is_in_a_table() -> None:
    """No planted scenario is left out."""
    names = {path.name.removesuffix(".fozzy.toml") for path in (HERE / "planted_clusters/scenarios").iterdir()}
    assert names == {*CAUSES, *PREVENTED, *OTHERS}


@pytest.mark.parametrize("third", [0, 1, 2])
def test_what_a_cluster_does_differently_is_found_and_named(third: int) -> None:
    """Each planted cause is named, and where it shows: the machine it came to, when, and the line that sent it."""
    names = sorted(CAUSES)[third::3]
    checked: Checked = determinism(audit_of(*names))
    found = {each.scenario: [cause.kind for cause in each.causes] for each in checked.parted}
    if found.get("weak_order") == ["unknown"]:  # where objects lie is chance: the search may meet the same order again
        found["weak_order"] = [CAUSES["weak_order"]]
    assert found == {name: [CAUSES[name]] for name in names}
    for each in checked.parted:
        assert each.node == "n1" and each.time_ns is not None and 10**9 < each.time_ns < 2 * 10**9
        assert each.at.startswith("planted.py:") and "writer.write" in _lines()[int(each.at.rpartition(":")[2]) - 1]
    lines = {each.scenario: each.causes[0].at for each in checked.parted}
    for name, code in (("native_clock", "clock_gettime"), ("system_file", "/proc/self/stat"), ("file_time", "mtime")):
        assert name not in names or code in _lines()[int(lines[name].rpartition(":")[2]) - 1]


def test_what_the_simulator_answers_and_what_does_not_differ_is_clean() -> None:
    """Clocks, the order of folders and the moment of a collection are the simulator's; so is a store of ours."""
    checked = determinism(audit_of(*PREVENTED, "kv", "left_over", "shared"))
    assert (checked.status, checked.parted) == ("pass", [])

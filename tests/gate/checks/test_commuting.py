"""Commuting: machines that see which of them ran first are found, by name; those that share nothing are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.core.events import Event, Found, Net, Record
from fozzy.gate.checks.commuting import commuting, difference
from tests.gate.cluster_projects import clusters_of, planted


@pytest.fixture(autouse=True)
def _planted(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    planted(project, tmp_path_factory.mktemp("installed") / "site")


def test_who_shares_is_named(project: Path) -> None:
    """Both machines, the first record, when and by which line; those that share nothing pass."""
    checked = commuting(clusters_of("shared", "clock", "kv"))
    assert (checked.status, [each.code for each in checked.found]) == ("fail", ["doctor.not_commuting"])
    [parted] = checked.parted
    assert (parted.scenario, parted.node, parted.time_ns) == ("shared", "n2", 2_015_000_000)
    assert parted.causes[0].message.startswith("n0 and n1 share something")
    assert "counting.next_number()" in (project / "planted.py").read_text().splitlines()[_line(parted.at)]
    assert "1 bytes" in parted.first and parted.first != parted.other


def _line(at: str) -> int:
    return int(at.rpartition(":")[2]) - 1


def test_where_the_order_is_a_choice_already_nothing_is_taken_for_granted(project: Path) -> None:
    """What is shared on purpose, and links without latency, are left out and said so."""
    path = project / "scenarios/shared.fozzy.toml"
    path.write_text(path.read_text().replace("program =", 'share = ["planted"]\nprogram ='))
    checked = commuting(clusters_of("shared", "kv"))
    assert (checked.status, checked.left_out) == ("pass", ["1 cluster where the order is a choice already"])
    assert commuting(clusters_of("shared")).status == "skip"


def _on(node: str, t: int, said: str) -> Event:
    return Event(t, f"distributed.nodes.{node}", "node.said", {"text": said})


def test_only_the_order_within_a_machine_counts() -> None:
    """Records of several machines at one instant may come in any order, connections may have other numbers."""
    a: list[Record] = [_on("n0", 1, "a"), _on("n1", 1, "b"), Net(2, "distributed.nodes.n1", "open", "n0>n1#1")]
    b: list[Record] = [a[1], a[0], Net(2, "distributed.nodes.n1", "open", "n0>n1#2")]
    assert difference(a, b) is None
    seen = difference(a, [a[0], _on("n1", 1, "c"), a[2]])
    assert seen is not None and (seen.node, seen.number, seen.time_ns) == ("n1", 1, 1)


def test_what_comes_with_the_end_of_a_failing_run_is_not_compared() -> None:
    """Who finds something ends the run: at that instant the others may not have run yet."""
    found = Found(2, "distributed.nodes.n0", "checker", "always", "no")
    first: list[Record] = [_on("n0", 1, "a"), _on("n1", 2, "b"), found]
    assert difference(first, [first[0], found]) is None
    assert difference(first, [_on("n0", 1, "x"), found]) is not None

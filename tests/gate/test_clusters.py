"""What the audits of clusters share: whose record it is, executions in another order, the line of a record."""

from __future__ import annotations

from pathlib import Path

import pytest

from fozzy.core.events import Event, Net
from fozzy.engine.prepare import Ready
from fozzy.gate.clusters import is_commuting, machine_of, machines_of, records_of, repeated, spot_of
from fozzy.gate.statements import Parting, Spot
from fozzy.gate.witness import items_of, prepared
from tests.gate.cluster_projects import clusters_of, planted


@pytest.fixture
def runs(project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ready]:
    """Planted clusters, ready to run."""
    planted(project, tmp_path_factory.mktemp("installed") / "site")
    clusters = clusters_of("shared", "kv")
    items = items_of(clusters.chosen, 7)
    return {item.name.partition(".")[0][10:]: prepared(item, clusters.options, clusters.root) for item in items}


def test_whose_record_it_is() -> None:
    """A node's, a client's, or nobody's."""
    records = [Event(0, at, "x") for at in ("distributed.nodes.n0", "distributed.clients.c", "distributed.steps[0]")]
    assert [machine_of(each) for each in (*records, None)] == ["n0", "c", "", ""]


def test_turning_two_machines_round_is_seen_by_who_shares(runs: dict[str, Ready]) -> None:
    """n0 and n1 count with one counter; neither shares anything with n2."""
    run = runs["shared"]
    assert machines_of(run) == ["n0", "n1", "n2"] and is_commuting(run)
    usual = records_of(run)
    digests = {each.digest for each in usual if isinstance(each, Net) and each.what == "data"}
    assert len(digests) == 2
    assert records_of(run) == usual == records_of(run, ("n1", "n2"))
    assert records_of(run, ("n0", "n1")) != usual != records_of(run, ())


def test_a_record_has_its_node_its_time_and_its_line(runs: dict[str, Ready]) -> None:
    """Of what arrives it is the line that sent it; a builtin program has none."""
    run = runs["shared"]
    number, record = next(
        (number, each) for number, each in enumerate(records_of(run)) if isinstance(each, Net) and each.what == "data"
    )
    spot = spot_of(run, Parting(number, "", "", [], record))
    lines = Path("planted.py").read_text().splitlines()
    assert (spot.node, spot.time_ns) == ("n2", record.t)
    assert "counting.next_number()" in lines[int(spot.at.rpartition(":")[2]) - 1]
    first = next(each for each in records_of(runs["kv"]) if machine_of(each))
    assert spot_of(runs["kv"], Parting(0, "", "", [], first)) == Spot(machine_of(first), first.t, "")


def test_the_same_after_others_in_one_process(runs: dict[str, Ready]) -> None:
    """The first and the last execution of a process, each whole."""
    pair = repeated(runs["shared"], 1)
    assert pair is not None and len(pair[0]) == len(pair[1]) and pair[0] != pair[1]

"""A campaign at rest: written whole, read with suspicion, and only for the same scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fozzy.errors import EvidenceError, FozzyError, StoreError, UsageError
from fozzy.search.explore.campaign import Campaign
from fozzy.search.explore.kept import NAME, check_same, digest_of, kept_of, read_kept, write_kept
from fozzy.trace.store import Store

from .conftest import LOST_UPDATE, bench_of, explored, loaded_of, plan_of, say

LOADED = loaded_of(LOST_UPDATE)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def kept_in(store: Store, kind: str = "dfs") -> str:
    run_id = store.fresh()
    campaign = explored(LOST_UPDATE, kind, 9, goes_on=True)
    write_kept(store, run_id, kept_of(campaign, LOADED, 0, ["1.fozzy"]))
    return run_id


@pytest.mark.parametrize("kind", ["random", "pct", "dfs", "bfs"])
def test_what_is_kept_is_read_as_it_was(kind: str, store: Store) -> None:
    """All of it, so that a campaign restored from it is the campaign that was."""
    run_id = kept_in(store, kind)
    kept = read_kept(store, run_id[:6])
    campaign = explored(LOST_UPDATE, kind, 9, goes_on=True)
    assert kept == kept_of(campaign, LOADED, 0, ["1.fozzy"])
    other = Campaign(plan_of(kind), bench_of(LOST_UPDATE))
    kept.restore(other)
    assert (other.so, other.covered) == (campaign.so, campaign.covered)
    assert other.states.dump() == campaign.states.dump() and other.schedules.count == campaign.schedules.count


def test_the_same_campaign_is_the_same_file(store: Store) -> None:
    """Nothing in it depends on the process, the time or the order of sets."""
    one, other = (store.folder(kept_in(store)) / NAME for _ in range(2))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"schedules": "AAAA" * 100_000},
        {"so": {"next": -1}},
        {"so": {"frontier": {"path": [[2, 2]]}}},
        {"plan": 3},
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], store: Store) -> None:
    """Whatever was done to the file, it is an error that says so and no crash."""
    run_id = kept_in(store)
    path = store.folder(run_id) / NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(EvidenceError, match="cannot be read"):
        read_kept(store, run_id)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_campaign_is_refused(data: bytes, store: Store) -> None:
    """Bytes of any kind."""
    run_id = kept_in(store)
    (store.folder(run_id) / NAME).write_bytes(data)
    with pytest.raises(FozzyError):
        read_kept(store, run_id)


def test_a_run_that_explored_nothing_cannot_be_resumed(store: Store) -> None:
    """Nor can one that is not there."""
    run_id = store.fresh()
    with pytest.raises(UsageError, match="kept no place"):
        read_kept(store, run_id)
    with pytest.raises(StoreError):
        read_kept(store, "nothing")


def test_only_the_same_scenario_goes_on(store: Store) -> None:
    """Another text, or another included file, is another scenario."""
    kept = read_kept(store, kept_in(store))
    check_same(kept, LOADED)
    with pytest.raises(UsageError, match="is not as it was"):
        check_same(msgspec.structs.replace(kept, case=1), LOADED)
    with pytest.raises(UsageError, match="is not as it was"):
        check_same(kept, loaded_of([say("other")]))
    included = LOADED._replace(included={"part": LOADED}) if hasattr(LOADED, "_replace") else None
    included = included or msgspec.structs.replace(LOADED, included={"part": LOADED})
    assert digest_of(included) != digest_of(LOADED)

"""The profile of a recorded run: the same whatever names it, with real times only where they belong to the trace."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from fozzy.errors import StoreError
from fozzy.insight.profile.load import load_profile
from fozzy.trace.store import Store

STEPS = [{"type": "sleep", "duration": "5ms"}, {"type": "trace_event", "name": "x"}]
STORE = Store(Path(".fozzy"))


def test_every_word_for_a_run_finds_it(fz: Any, scenario: Any) -> None:
    """A trace path, a run id, a unique prefix and an alias resolve to the same run with its real times, also for a trace
    that went elsewhere."""
    fz("run", scenario("a", STEPS), "--det", "--profile", "--record", "t.fozzy")
    run_id = (STORE.runs_dir / "latest").read_text()
    found = [load_profile(STORE, word) for word in ("t.fozzy", run_id, run_id[:4], "latest", "@latest")]
    assert {each.run_id for each in found} == {run_id}
    assert all(each.is_timed and each.root.real_ns == found[0].root.real_ns > 0 for each in found)
    assert found[0].root.virtual_ns == 5_000_000 and found[0].name == "a"


def test_a_run_that_was_not_watched_says_so(fz: Any, scenario: Any) -> None:
    """Without a side file the tree has virtual time alone, and the reason is told."""
    fz("run", scenario("a", STEPS), "--det")
    profile = load_profile(STORE, "latest")
    assert not profile.is_timed and profile.why == "real time was not measured"
    assert profile.root.virtual_ns == 5_000_000 and profile.root.real_ns == 0


def test_the_profile_of_another_trace_is_not_believed(fz: Any, scenario: Any) -> None:
    """A side file with another seal is named and not used."""
    fz("run", scenario("a", STEPS), "--det", "--profile")
    fz("run", scenario("a", STEPS), "--det", "--record", "t.fozzy")
    first = next(path for path in STORE.runs_dir.glob("*/trace.profile.json"))
    shutil.copy(first, STORE.folder(STORE.run_of("@latest")) / "trace.profile.json")
    profile = load_profile(STORE, "t.fozzy")
    assert not profile.is_timed and "trace.profile.json belongs to another trace" in profile.why


def test_a_member_of_a_suite(fz: Any, scenario: Any) -> None:
    """A member is named by its number; the suite alone is ambiguous and says so."""
    scenario("s/a", STEPS)
    scenario("s/b", STEPS)
    fz("test", "s", "--det", "--profile", "--jobs", "1")
    assert load_profile(STORE, "latest/2").name == "s/b" and load_profile(STORE, "latest/2").is_timed
    with pytest.raises(StoreError) as caught:
        load_profile(STORE, "latest")
    assert caught.value.code == "store.ambiguous_trace"

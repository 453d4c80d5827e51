"""Retention: the oldest runs go, and those that must stay stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fozzy import wall
from fozzy.config import Retention
from fozzy.errors import StoreError
from fozzy.trace import retention
from fozzy.trace.retention import DAY_S, LOOK_S, MARKER, after_run, plan, remove
from fozzy.trace.store import Store

FEW = Retention(runs_max=3)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path)


def add(store: Store, run_id: str, age_s: float, size: int = 10, *, finished: bool = True) -> None:
    """A run that ended so long ago."""
    folder = store.folder(run_id)
    folder.mkdir(parents=True)
    (folder / "trace.fozzy").write_bytes(b"x" * size)
    if finished:
        (folder / "summary.json").touch()
    for path in (*folder.iterdir(), folder):
        os.utime(path, (wall.now_s() - age_s,) * 2)


def ids(count: int) -> list[str]:
    """The ids of so many runs."""
    return [f"{number:08x}" for number in range(1, count + 1)]


def fill(store: Store, count: int, size: int = 10) -> list[str]:
    """So many runs, the first the oldest."""
    names = ids(count)
    for number, run_id in enumerate(names):
        add(store, run_id, (count - number) * 60, size)
    return names


def test_too_many_runs(store: Store) -> None:
    """The oldest go until the number fits."""
    names = fill(store, 5)
    decided = plan(store, FEW)
    assert [(removal.run.run_id, removal.reason) for removal in decided.removals] == [
        (each, "runs") for each in names[:2]
    ]
    remove(store, decided)
    assert store.ids() == names[2:]
    assert sorted(os.listdir(store.runs_dir)) == names[2:]


def test_too_many_bytes(store: Store) -> None:
    """The oldest go until the sum fits, however small they are."""
    add(store, "0000000a", 300, 10)
    add(store, "0000000b", 200, 500)
    add(store, "0000000c", 100, 400)
    decided = plan(store, Retention(size_bytes_max=901))
    assert [(removal.run.run_id, removal.reason) for removal in decided.removals] == [("0000000a", "size")]
    assert [run.run_id for run in plan(store, Retention(size_bytes_max=450)).kept] == ["0000000c"]


def test_too_old(store: Store) -> None:
    """What is older than the days goes, what is younger stays."""
    add(store, "0000000a", 31 * DAY_S)
    add(store, "0000000b", 29 * DAY_S)
    decided = plan(store, Retention())
    assert [(removal.run.run_id, removal.reason) for removal in decided.removals] == [("0000000a", "days")]


@pytest.mark.parametrize("alias", ["latest", "last-pass", "last-fail"])
def test_named_runs_stay(store: Store, alias: str) -> None:
    """A run that an alias names stays, be it the oldest; the next one goes in its place."""
    names = fill(store, 4)
    (store.runs_dir / alias).write_text(names[0])
    assert [removal.run.run_id for removal in plan(store, FEW).removals] == [names[1]]
    strict = Retention(runs_max=1, size_bytes_max=1, days_max=1)
    assert names[0] not in [removal.run.run_id for removal in plan(store, strict).removals]


def test_runs_being_written_stay(store: Store) -> None:
    """A run without a summary stays while somebody may be writing it, and goes a day after the last change."""
    names = fill(store, 3)
    add(store, "0000aaaa", 60 * 60, finished=False)
    add(store, "0000bbbb", 2 * DAY_S, finished=False)
    gone = [removal.run.run_id for removal in plan(store, Retention(runs_max=1)).removals]
    assert gone == ["0000bbbb", *names]


def test_a_partial_file_shows_that_a_run_is_alive(store: Store) -> None:
    """What counts is the youngest file, not the folder."""
    add(store, "0000aaaa", 2 * DAY_S, finished=False)
    (store.folder("0000aaaa") / "trace.fozzy.0000aaaa.partial").touch()
    os.utime(store.folder("0000aaaa"), (wall.now_s() - 2 * DAY_S,) * 2)
    fill(store, 2)
    assert "0000aaaa" not in [removal.run.run_id for removal in plan(store, Retention(runs_max=1)).removals]


def test_after_a_run_the_number_is_kept(store: Store) -> None:
    """One run too many: the oldest goes at once."""
    names = fill(store, 4)
    after_run(store, names[-1], FEW)
    assert store.ids() == names[1:]


def test_after_a_run_others_are_looked_at_once_an_hour(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the number, nothing but a listing happens, until an hour has passed."""
    names = fill(store, 2)
    after_run(store, names[-1], FEW)
    looks: list[int] = []
    monkeypatch.setattr(retention, "_look", lambda _store: looks.append(1) or [])
    after_run(store, names[-1], FEW)
    assert not looks
    os.utime(store.runs_dir / MARKER, (wall.now_s() - LOOK_S - 1,) * 2)
    after_run(store, names[-1], FEW)
    assert looks == [1]


def test_after_a_large_run_the_size_is_kept_at_once(store: Store) -> None:
    """A run that takes more than its share makes room for itself without waiting for the hour."""
    names = fill(store, 3, size=300)
    limits = Retention(runs_max=10, size_bytes_max=1000)
    after_run(store, names[-1], limits)
    add(store, "0000aaaa", 0, 350)
    after_run(store, "0000aaaa", limits)
    assert store.ids() == [*names[1:], "0000aaaa"]


def test_nothing_that_fails_fails_the_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Automatic retention is silent about what it cannot do; asked for, it says so."""
    names = fill(store, 4)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(retention.os, "rename", refuse)
    after_run(store, names[-1], FEW)
    assert store.ids() == names
    with pytest.raises(StoreError, match="Permission denied"):
        remove(store, plan(store, FEW))


def test_two_at_once(store: Store) -> None:
    """A run that another process removed meanwhile is no error, and what it left is swept up."""
    names = fill(store, 5)
    decided = plan(store, FEW)
    os.rename(store.folder(names[0]), store.runs_dir / f"{names[0]}.gone")
    remove(store, decided)
    assert sorted(os.listdir(store.runs_dir)) == names[2:]


def test_a_link_is_removed_and_not_what_it_names(store: Store, tmp_path: Path) -> None:
    """A folder of the store that is a link loses the link only."""
    names = fill(store, 4)
    treasure = tmp_path / "treasure"
    os.rename(store.folder(names[0]), treasure)
    os.symlink(treasure, store.folder(names[0]))
    remove(store, plan(store, FEW))
    assert (treasure / "trace.fozzy").is_file()
    assert store.ids() == names[1:]


def test_an_empty_store(store: Store) -> None:
    """Before the first run there is nothing to do, and nothing is made."""
    remove(store, plan(store, FEW))
    after_run(store, "00000001", FEW)
    assert not store.runs_dir.exists()

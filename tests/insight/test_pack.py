"""A pack carries a run elsewhere, whole, or is refused."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.errors import EvidenceError, FozzyError, InputError, StoreError
from fozzy.insight.artifacts import kind_of
from fozzy.insight.pack import pack, unpack
from fozzy.insight.recall import Named, find
from fozzy.trace.store import Store
from fozzy.trace.zipping import write_zip

STORE, OTHER = Store(Path(".fozzy")), Store(Path("elsewhere/.fozzy"))
Entries = dict[str, bytes]


def everything(folder: Path) -> list[str]:
    """Every name below a folder."""
    return sorted(str(path) for path in folder.rglob("*"))


def entries_of(path: Path) -> Entries:
    """What an archive holds."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_packing_twice_makes_the_same_bytes(single: Named) -> None:
    """Two packs of a run are equal, whatever the times of its files are and however it is named."""
    pack(single, Path("one.fozzypack"))
    assert single.folder is not None
    for path in single.folder.iterdir():
        os.utime(path, (1, 1))
    pack(find(STORE, "@latest"), Path("two.fozzypack"))
    assert Path("one.fozzypack").read_bytes() == Path("two.fozzypack").read_bytes()


@pytest.mark.parametrize("run", ["single", "suite"])
def test_a_pack_elsewhere_is_the_run(run: str, request: Any, fz: Any) -> None:
    """Unpacked into another store a run has its id and every file; @latest there does not move."""
    named: Named = request.getfixturevalue(run)
    pack(named, Path("p.fozzypack"))
    made = unpack(Path("p.fozzypack"), OTHER)
    assert (made.run_id, made.is_new, named.folder) == (named.run_id, True, STORE.folder(named.run_id))
    ours, theirs = STORE.folder(named.run_id), OTHER.folder(named.run_id)
    assert {path.name: path.read_bytes() for path in theirs.iterdir()} == {
        path.name: path.read_bytes() for path in ours.iterdir()
    }
    assert os.listdir(OTHER.runs_dir) == [named.run_id]
    assert not unpack(Path("p.fozzypack"), OTHER).is_new
    assert unpack(Path("p.fozzypack"), OTHER, Path("deep/own")).folder == Path("deep/own")


def test_replay_works_where_it_was_unpacked(single: Named, process_elsewhere: Callable[..., int]) -> None:
    """In another folder, by another process, without the scenario file, the run replays as it ended."""
    pack(single, Path("p.fozzypack"))
    shutil.copy("p.fozzypack", "elsewhere.fozzypack")
    for path in (Path("a.fozzy.json"), Path(".fozzy")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert process_elsewhere("artifacts", "unpack", "../elsewhere.fozzypack") == 0
    assert process_elsewhere("replay", single.run_id) == 1
    assert process_elsewhere("trace", "verify", single.run_id[:6]) == 0
    assert process_elsewhere("report", "show", single.run_id) == 0


@pytest.fixture
def process_elsewhere(project: Path, fz_env: dict[str, str]) -> Callable[..., int]:
    """Runs the command line as a process in a folder of its own."""
    import subprocess
    import sys

    (project / "other").mkdir()

    def run(*words: str) -> int:
        command = [sys.executable, "-m", "fozzy", *words]
        return subprocess.run(command, cwd=project / "other", env=fz_env, capture_output=True, timeout=60).returncode

    return run


def test_one_scenario_of_a_suite(suite: Named) -> None:
    """A member travels alone and is found there by the same word."""
    pack(find(STORE, f"{suite.run_id}/2"), Path("p.fozzypack"))
    unpack(Path("p.fozzypack"), OTHER)
    assert find(OTHER, f"{suite.run_id}/2").trace == OTHER.folder(suite.run_id) / "2.fozzy"
    assert os.listdir(OTHER.folder(suite.run_id)) == ["2.fozzy"]


def test_a_trace_from_anywhere_is_found_where_it_is_unpacked(fz: Any, scenario: Any) -> None:
    """A trace of another name, and a scenario that was recorded elsewhere, are named so that the store finds them."""
    steps = [{"type": "assert_eq_int", "a": 1, "b": 2}]
    for name in ("s/a", "s/b"):
        scenario(name, steps)
    fz("test", "s", "-j1", "--record", "t.fozzy")
    suite = STORE.run_of("latest")
    Path("t.2.profile.json").write_text("{}")
    pack(find(STORE, f"{suite}/2"), Path("member.fozzypack"))
    unpack(Path("member.fozzypack"), OTHER)
    assert sorted(os.listdir(OTHER.folder(suite))) == ["2.fozzy", "2.profile.json"]
    fz("run", "s/a.fozzy.json", "--record", "own.fozzy")
    single = STORE.run_of("latest")
    shutil.rmtree(".fozzy")
    pack(find(STORE, "own.fozzy"), Path("own.fozzypack"))
    unpack(Path("own.fozzypack"), OTHER)
    assert OTHER.trace_of(single).read_bytes() == Path("own.fozzy").read_bytes()
    assert OTHER.trace_of(f"{suite}/2").read_bytes() == Path("t.2.fozzy").read_bytes()


def test_another_run_of_that_id_is_never_replaced(single: Named) -> None:
    """Where the id is taken by something else the pack is refused, and --out takes it."""
    pack(single, Path("p.fozzypack"))
    assert single.folder is not None
    (single.folder / "summary.json").write_bytes(b"mine")
    with pytest.raises(StoreError) as caught:
        unpack(Path("p.fozzypack"), STORE)
    assert caught.value.code == "artifacts.exists"
    assert (single.folder / "summary.json").read_bytes() == b"mine"


def test_what_would_be_refused_is_not_packed(single: Named) -> None:
    """A damaged trace, a summary of another run, a run without an id: no pack is left of them."""
    assert single.folder is not None and single.trace is not None
    summary = (single.folder / "summary.json").read_bytes()
    (single.folder / "summary.json").write_bytes(summary.replace(single.run_id.encode(), b"0badcafe"))
    with pytest.raises(EvidenceError):
        pack(single, Path("p.fozzypack"))
    (single.folder / "summary.json").write_bytes(summary)
    with pytest.raises(StoreError):
        pack(single._replace(run_id=""), Path("p.fozzypack"))
    single.trace.write_bytes(single.trace.read_bytes().replace(b"rand_u64", b"rand_u65"))
    with pytest.raises(EvidenceError):
        pack(single, Path("p.fozzypack"))
    assert not [name for name in os.listdir() if "fozzypack" in name]


def manifest(entries: Entries, **changed: Any) -> Entries:
    """The entries with a manifest that fits them, or says something else."""
    files = [
        {"name": name, "kind": kind_of(name), "sizeBytes": len(data), "blake3": blake3(data).hexdigest()}
        for name, data in sorted(entries.items())
        if name != "manifest.json"
    ]
    said = {"format": "fozzy-pack", "version": 1, "runId": json.loads(entries["manifest.json"])["runId"]}
    return {**entries, "manifest.json": json.dumps({**said, "files": files, **changed}).encode()}


def without(entries: Entries, name: str) -> Entries:
    """The entries but one."""
    return {each: data for each, data in entries.items() if each != name}


HOSTILE: dict[str, Callable[[Entries], Entries]] = {
    "a file more": lambda all: {**all, "extra.json": b"{}"},
    "a file less": lambda all: without(all, "summary.json"),
    "no manifest": lambda all: without(all, "manifest.json"),
    "a manifest of nonsense": lambda all: {**all, "manifest.json": b"[]"},
    "a manifest too deep": lambda all: {**all, "manifest.json": b"[" * 100_000},
    "a newer format": lambda all: manifest(all, version=2),
    "another format": lambda all: manifest(all, format="zip"),
    "a run that is a path": lambda all: manifest(all, runId="../../ab"),
    "a run that is none": lambda all: manifest(all, runId="latest"),
    "no file": lambda all: manifest(all, files=[]),
    "an altered file": lambda all: {**all, "trace.profile.json": b'{"schemaVersion":2}'},
    "another run's trace": lambda all: manifest(all, runId="0badcafe"),
    "an altered trace, with its digest": lambda all: manifest(
        {**all, "trace.fozzy": all["trace.fozzy"].replace(b"rand_u64", b"rand_u65")}
    ),
    "a trace that is none": lambda all: manifest({**all, "trace.fozzy": b"hello"}),
    "a summary that is none": lambda all: manifest({**all, "summary.json": b"{}"}),
    "a name that leaves the folder": lambda all: manifest({**all, "../x.json": b"{}"}),
    "a hidden name": lambda all: manifest({**all, ".x": b"{}"}),
    "a name in a folder": lambda all: manifest({**all, "a/b": b"{}"}),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_pack_is_refused_whole(what: str, single: Named) -> None:
    """Whatever is wrong in a pack, nothing of it is written."""
    pack(single, Path("p.fozzypack"))
    write_zip(Path("bad.fozzypack"), sorted(HOSTILE[what](entries_of(Path("p.fozzypack"))).items()))
    before = everything(Path())
    with pytest.raises(FozzyError) as caught:
        unpack(Path("bad.fozzypack"), OTHER)
    assert caught.value.hint or caught.value.where
    assert everything(Path()) == before


def test_what_surrounds_the_hostile_is_good(single: Named) -> None:
    """Made by hand and with nothing wrong in it, a pack is taken."""
    pack(single, Path("p.fozzypack"))
    entries = entries_of(Path("p.fozzypack"))
    for file in (entries, manifest(entries), manifest(without(entries, "trace.profile.json"))):
        Path("good.fozzypack").unlink(missing_ok=True)
        write_zip(Path("good.fozzypack"), sorted(file.items()))
        shutil.rmtree("elsewhere", ignore_errors=True)
        assert unpack(Path("good.fozzypack"), OTHER).is_new


def test_what_is_no_pack(project: Path) -> None:
    """Nothing, a folder, a pipe, text and an empty file are unusable input, and nobody waits for a pipe."""
    Path("folder").mkdir()
    os.mkfifo("pipe")
    Path("empty").touch()
    Path("text").write_text("hello\n" * 100)
    for name in ("none", "folder", "pipe", "empty", "text"):
        with pytest.raises(InputError) as caught:
            unpack(Path(name), OTHER)
        assert caught.value.code in ("artifacts.bad_pack", "artifacts.unreadable")


def test_a_disk_that_is_full_leaves_nothing(single: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a file cannot be written the others go too, and the folders that were made."""
    pack(single, Path("p.fozzypack"))
    real = Path.write_bytes

    def full(path: Path, data: Any) -> int:
        if path.name.startswith("trace"):
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError) as caught:
        unpack(Path("p.fozzypack"), OTHER)
    assert caught.value.code == "artifacts.unwritable" and not Path("elsewhere").exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(place=st.integers(min_value=0), value=st.integers(1, 255), cut=st.booleans())
def test_a_changed_byte_never_changes_the_run(place: int, value: int, cut: bool, single: Named) -> None:
    """A pack with one byte changed, or cut off there, is refused, or gives exactly the files it always gave."""
    if not Path("p.fozzypack").exists():
        pack(single, Path("p.fozzypack"))
    data = bytearray(Path("p.fozzypack").read_bytes())
    place %= len(data)
    data[place] ^= value
    Path("bad.fozzypack").write_bytes(data[:place] if cut else data)
    shutil.rmtree("elsewhere", ignore_errors=True)
    assert single.folder is not None
    try:
        made = unpack(Path("bad.fozzypack"), OTHER)
    except FozzyError:
        assert not Path("elsewhere").exists()
        return
    assert {path.name: path.read_bytes() for path in made.folder.iterdir()} == {
        path.name: path.read_bytes() for path in single.folder.iterdir()
    }

"""`fozzy artifacts export`, `pack` and `unpack`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

FAIL = [{"type": "rand_u64", "key": "k"}, {"type": "assert_eq_int", "a": 1, "b": 2}]


@pytest.fixture
def run(fz: Any, scenario: Any) -> str:
    """A failing run whose trace was recorded elsewhere; its id."""
    assert fz("run", scenario("a", FAIL), "--seed", "3", "--det", "--record", "t.fozzy").code == 1
    return Path(".fozzy/runs/latest").read_text()


def test_what_out_ends_with_decides(fz: Any, run: str) -> None:
    """A folder, an archive or the trace alone; each says what was written and which run it is of."""
    for out, files in (("x", 2), ("x.zip", 2), ("x.fozzy", 1)):
        document = fz("artifacts", "export", "t.fozzy", "--out", out, "--json").document()
        assert (document["out"], len(document["files"]), document["run"]["runId"]) == (out, files, run)
        assert ("blake3" in document) == os.path.isfile(out)
    assert sorted(os.listdir("x")) == ["summary.json", "trace.fozzy"]
    assert Path("x.fozzy").read_bytes() == Path("t.fozzy").read_bytes()
    assert fz("trace", "verify", "x.fozzy").code == 0


def test_every_word_exports_the_same_bytes(fz: Any, run: str) -> None:
    """However the run is named, the archive is the same."""
    made = set()
    for index, word in enumerate((run, run[:5], "@latest", "t.fozzy", f".fozzy/runs/{run}/trace.fozzy")):
        assert fz("artifacts", "export", word, "--out", f"{index}.zip").code == 0
        made.add(Path(f"{index}.zip").read_bytes())
    assert len(made) == 1


def test_a_damaged_run_is_not_exported_unasked(fz: Any, run: str) -> None:
    """A trace whose seal is broken ends with 6; --unsafe exports the files as they are."""
    path = Path(f".fozzy/runs/{run}/trace.fozzy")
    data = path.read_bytes().replace(b"rand_u64", b"rand_u65")
    path.unlink()
    path.write_bytes(data)
    assert fz("artifacts", "export", run, "--out", "x").code == 6
    assert fz("artifacts", "export", run, "--out", "x", "--unsafe").code == 0
    assert Path("x/trace.fozzy").read_bytes() == path.read_bytes()


def test_there_and_back(fz: Any, run: str) -> None:
    """A pack named by default is taken in elsewhere, and what the screen says to paste replays the run."""
    packed = fz("artifacts", "pack", "@latest")
    assert packed.code == 0 and f"fozzy artifacts unpack {run}.fozzypack" in packed.out
    Path("there").mkdir()
    taken = fz("artifacts", "unpack", f"../{run}.fozzypack", "--cwd", "there")
    os.chdir("..")
    assert taken.code == 0, taken.said
    assert f"fozzy replay {run[:4]} --cwd there" in taken.out
    again = fz("replay", run[:4], "--cwd", "there")
    assert again.code == 1 and "SAME" in again.out
    os.chdir("..")


def test_a_suite_in_a_folder_of_its_own(fz: Any, scenario: Any) -> None:
    """--out takes a pack into a folder, and the command to paste names a trace there."""
    for name in ("s/a", "s/b"):
        scenario(name, FAIL)
    fz("test", "s", "-j1")
    assert fz("artifacts", "pack", "@latest", "--out", "s.fozzypack", "-q").out.count("\n") == 1
    taken = fz("artifacts", "unpack", "s.fozzypack", "--out", "own")
    assert "fozzy replay own/1.fozzy" in taken.out
    assert sorted(os.listdir("own")) == ["1.fozzy", "2.fozzy", "summary.json"]
    assert fz("replay", "own/2.fozzy").code == 1
    had = fz("artifacts", "unpack", "s.fozzypack", "--json").document()
    assert had["isNew"] is False

"""Files that come into a folder whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from fozzy.trace.staging import Staging, claim, made_folder, temporary


def test_a_folder_that_was_made_goes_when_the_rest_fails(tmp_path: Path) -> None:
    """Only folders that were not there before are removed, and only when empty."""
    there = tmp_path / "there"
    there.mkdir()
    with pytest.raises(KeyboardInterrupt), made_folder(there / "a" / "b"):
        assert (there / "a" / "b").is_dir()
        raise KeyboardInterrupt
    assert os.listdir(there) == []
    with pytest.raises(ValueError), made_folder(there / "a" / "b"):
        (there / "a" / "kept").touch()
        raise ValueError
    assert os.listdir(there / "a") == ["kept"]
    with made_folder(there / "c"):
        pass
    assert (there / "c").is_dir()


def test_a_temporary_file_is_hidden_and_gone_at_the_end(tmp_path: Path) -> None:
    """Whatever happens, nothing stays beside the path."""
    with pytest.raises(ValueError), temporary(tmp_path / "a") as hidden:
        hidden.write_bytes(b"x")
        assert hidden.name.startswith(".") and hidden.parent == tmp_path
        raise ValueError
    assert os.listdir(tmp_path) == []


@pytest.fixture(params=["links", "no links"])
def system(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system with hard links, and one without."""
    if request.param == "no links":

        def refuse(*_: Any) -> None:
            raise PermissionError("no hard links here")

        monkeypatch.setattr(os, "link", refuse)
    return str(request.param)


def test_a_taken_name_is_never_replaced(system: str, tmp_path: Path) -> None:
    """A file, a link to nowhere and a folder keep their names; a free name is given."""
    written = tmp_path / "written"
    written.write_bytes(b"new")
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder").mkdir()
    assert not any(claim(written, tmp_path / name) for name in ("file", "link", "folder"))
    assert (tmp_path / "file").read_bytes() == b"old" and not (tmp_path / "nowhere").exists()
    assert claim(written, tmp_path / "free")
    assert (tmp_path / "free").read_bytes() == b"new"


def test_a_failure_takes_back_what_was_placed(system: str, tmp_path: Path) -> None:
    """After a failure only what was there before is there, also where a name was taken in between."""
    (tmp_path / "old").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), Staging(tmp_path) as staging:
        first, second = staging.write(b"1"), staging.write(b"2")
        assert staging.claim(first, tmp_path / "first")
        assert not staging.claim(second, tmp_path / "old")
        assert (tmp_path / "first").read_bytes() == b"1"
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["old"] and (tmp_path / "old").read_bytes() == b"old"


def test_what_was_placed_stays(system: str, tmp_path: Path) -> None:
    """Without a failure the placed files stay and nothing else does."""
    with Staging(tmp_path) as staging:
        assert staging.claim(staging.write(b"1"), tmp_path / "first")
        staging.write(b"never placed")
    assert os.listdir(tmp_path) == ["first"]

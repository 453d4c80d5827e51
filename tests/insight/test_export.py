"""Runs written elsewhere are the same bytes every time, and what was read is what was written."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy.errors import StoreError
from fozzy.insight import export
from fozzy.insight.artifacts import File, files_of
from fozzy.insight.export import export_file, export_folder, export_zip
from fozzy.insight.recall import Named


def tree(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """The files of a folder: content, mode and time."""
    found = {path.name: path for path in folder.iterdir()}
    return {name: (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns) for name, path in found.items()}


def test_a_folder_holds_every_file_and_is_the_same_twice(single: Named, project: Path) -> None:
    """Content, mode and time of every file are the same in two exports, under another umask too."""
    files = files_of(single)
    made = export_folder(files, project / "deep/one")
    before = os.umask(0o077)
    try:
        export_folder(files, project / "two")
    finally:
        os.umask(before)
    assert tree(project / "deep/one") == tree(project / "two")
    assert {name: data for name, (data, _, _) in tree(project / "two").items()} == {
        file.name: file.path.read_bytes() for file in files
    }
    assert [each.name for each in made.artifacts] == [file.name for file in files]


def test_an_archive_is_the_same_twice(single: Named) -> None:
    """Two archives are equal byte for byte, whatever happened to the times of the run's files in between."""
    files = files_of(single)
    one = export_zip(files, Path("one.zip"))
    for file in files:
        os.utime(file.path, (1, 1))
    two = export_zip(files, Path("two.zip"))
    assert Path("one.zip").read_bytes() == Path("two.zip").read_bytes()
    assert one.blake3 == two.blake3 and one.size_bytes == Path("one.zip").stat().st_size
    with zipfile.ZipFile("one.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            file.name: file.path.read_bytes() for file in files
        }


def test_nothing_is_overwritten_unasked(single: Named) -> None:
    """A taken file or a folder with something in it is refused and stays; a file gives way when that is asked for."""
    files = files_of(single)
    Path("a.zip").write_bytes(b"mine")
    Path("full").mkdir()
    Path("full/mine").write_bytes(b"mine")
    for write in (lambda: export_zip(files, Path("a.zip")), lambda: export_folder(files, Path("full"))):
        with pytest.raises(StoreError) as caught:
            write()
        assert caught.value.code == "artifacts.exists"
    assert Path("a.zip").read_bytes() == b"mine" and os.listdir("full") == ["mine"]
    export_zip(files, Path("a.zip"), overwrite=True)
    export_file(files[0], Path("mine"), overwrite=True)
    assert Path("mine").read_bytes() == files[0].path.read_bytes()


@pytest.mark.parametrize("out", ["a.zip", "folder", "file"])
def test_what_comes_back_otherwise_is_not_kept(out: str, single: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that returns other bytes than it was given is noticed, and nothing stays."""
    files = files_of(single)
    monkeypatch.setattr(export, "digest_of", lambda path: "0" * 64)
    real = export.write_zip

    def bad(path: Path, entries: Any) -> None:
        real(path, ((name, data[:-1]) for name, data in entries))

    monkeypatch.setattr(export, "write_zip", bad)
    with pytest.raises(StoreError) as caught:
        if out == "a.zip":
            export_zip(files, Path(out))
        elif out == "folder":
            export_folder(files, Path(out))
        else:
            export_file(files[0], Path(out))
    assert caught.value.code == "artifacts.changed"
    assert sorted(os.listdir()) == [".fozzy", "a.fozzy.json"]


def test_too_much_for_an_archive_is_refused_before_the_work(single: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit holds for archives; a folder takes anything."""
    monkeypatch.setattr(export, "TOTAL_BYTES_MAX", 100)
    with pytest.raises(StoreError) as caught:
        export_zip(files_of(single), Path("a.zip"))
    assert caught.value.code == "artifacts.too_large" and not os.path.exists("a.zip")
    export_folder(files_of(single), Path("a"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.dictionaries(st.text("abc123", min_size=1, max_size=8), st.binary(max_size=3000), min_size=1, max_size=5))
def test_any_files_come_back(tmp_path: Path, contents: dict[str, bytes]) -> None:
    """Whatever the files hold, an archive of them is made twice alike and holds them."""
    sources = tmp_path / "sources"
    for each in (sources, tmp_path / "out"):
        each.mkdir(exist_ok=True)
        for path in each.iterdir():
            path.unlink()
    for name, data in contents.items():
        (sources / name).write_bytes(data)
    files = sorted(File(name, sources / name, len(data)) for name, data in contents.items())
    one, two = tmp_path / "out/1.zip", tmp_path / "out/2.zip"
    export_zip(files, one)
    export_zip(files, two)
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == contents

"""Archives that are the same bytes wherever and whenever they are made."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fozzy import wall
from fozzy.trace.zipped import Archive, Bounds
from fozzy.trace.zipping import write_zip

BOUNDS = Bounds(100, 1 << 20, 1 << 20)


def test_the_bytes_are_these(tmp_path: Path) -> None:
    """The bytes of a small archive never change: not with the library, the clock, the umask or the system."""
    write_zip(tmp_path / "a.zip", [("b", b"2"), ("a", b"1" * 100)])
    digest = "468019ef"
    assert blake3((tmp_path / "a.zip").read_bytes()).hexdigest()[:8] == digest


def test_nothing_of_the_surroundings_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another time and another umask make the same bytes."""
    write_zip(tmp_path / "a.zip", [("a", b"1")])
    monkeypatch.setattr("time.time", lambda: wall.now_s() + 10**6)
    before = os.umask(0o077)
    try:
        write_zip(tmp_path / "b.zip", [("a", b"1")])
    finally:
        os.umask(before)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


NAMES = st.text("abcdefgh0123456789-_", min_size=1, max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=8))
def test_what_is_written_is_read(tmp_path: Path, entries: dict[str, bytes]) -> None:
    """Our strict reader and Python's read every entry back, byte for byte."""
    path = tmp_path / "a.zip"
    path.unlink(missing_ok=True)
    write_zip(path, sorted(entries.items()))
    assert dict(Archive(path.read_bytes(), "a.zip", BOUNDS).contents()) == entries
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == entries


def test_a_file_that_exists_is_not_touched(tmp_path: Path) -> None:
    """A taken name is an error, and the file stays as it is."""
    path = tmp_path / "a.zip"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_zip(path, [])
    assert path.read_bytes() == b"mine"

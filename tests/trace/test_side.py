"""Side files: written whole, read with suspicion, named after their trace."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fozzy.errors import EvidenceError, StoreError
from fozzy.trace.side import (
    COVERAGE,
    PROFILE,
    SIDE_VERSION,
    CoverageFile,
    ProfileFile,
    read_side,
    side_path,
    write_side,
)

PLAIN = CoverageFile(schema_version=SIDE_VERSION, trace_digest="ab", scenario="a.fozzy.json", files={"shop.py": [1, 3]})


def test_a_side_file_comes_back(tmp_path: Path) -> None:
    """What is written is read again, under the documented names; nothing else stays in the folder."""
    path = tmp_path / "new" / f"1{COVERAGE}"
    write_side(path, PLAIN)
    assert read_side(path, CoverageFile) == PLAIN
    assert [each.name for each in path.parent.iterdir()] == ["1.coverage.json"]
    data = msgspec.json.decode(path.read_bytes())
    assert data == {
        "schemaVersion": 1,
        "traceDigest": "ab",
        "scenario": "a.fozzy.json",
        "case": "",
        "files": {"shop.py": [1, 3]},
    }


def test_it_stands_beside_its_trace() -> None:
    """The stem is the trace's."""
    assert side_path(Path("runs/1/trace.fozzy"), PROFILE) == Path("runs/1/trace.profile.json")
    assert side_path(Path("t.1.fozzy"), COVERAGE) == Path("t.1.coverage.json")


def test_none_is_none(tmp_path: Path) -> None:
    """A run that was not watched has no side file, which is no error."""
    assert read_side(tmp_path / "trace.profile.json", ProfileFile) is None


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff\xfe", b'{"schemaVersion":1}', b'{"files":' * 20_000], ids=range(6)
)
def test_nonsense_is_named(tmp_path: Path, data: bytes) -> None:
    """A file that makes no sense is an error with its name, and no crash."""
    path = tmp_path / "trace.coverage.json"
    path.write_bytes(data)
    with pytest.raises(EvidenceError, match=r"trace\.coverage\.json makes no sense") as caught:
        read_side(path, CoverageFile)
    assert caught.value.code == "store.damaged_side_file"


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    """A side file of a newer fozzy is not guessed at."""
    path = tmp_path / "trace.coverage.json"
    write_side(path, msgspec.structs.replace(PLAIN, schema_version=SIDE_VERSION + 1))
    with pytest.raises(EvidenceError, match="has format 2"):
        read_side(path, CoverageFile)


def test_unreadable_and_unwritable(tmp_path: Path) -> None:
    """A folder in the place of the file is said as it is."""
    path = tmp_path / "trace.coverage.json"
    path.mkdir()
    with pytest.raises(StoreError):
        read_side(path, CoverageFile)
    with pytest.raises(StoreError):
        write_side(path, PLAIN)

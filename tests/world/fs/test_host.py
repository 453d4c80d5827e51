"""Files on disk, below one root."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.blob import Blob
from fozzy.core.limits import Limits
from fozzy.world.fs import below
from fozzy.world.fs.host import HostFs

from .conformance import FsConformance


@pytest.fixture
def fs(twice: Callable[..., Any], limits: Limits) -> Any:
    return twice(lambda choices, _loop, root: HostFs(choices, limits, root))


class TestHostFs(FsConformance):
    pass


class TestHostFsWithoutAnchors(FsConformance):
    @pytest.fixture(autouse=True)
    def no_anchors(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(below, "ANCHORED", False)


@pytest.fixture(params=[True, False], ids=["anchored", "resolved"])
def anchored(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not below.ANCHORED:
        pytest.skip("this system cannot open relative to a folder")
    monkeypatch.setattr(below, "ANCHORED", request.param)


@pytest.mark.usefixtures("anchored")
def test_no_link_is_followed(fs: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A symbolic link is denied as a file and as a folder, to read, to write, and where it leads inside again."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("s")
    (tmp_path / "inside").mkdir()
    (tmp_path / "file").symlink_to(outside / "secret")
    (tmp_path / "folder").symlink_to(outside)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "home").symlink_to("inside")
    (tmp_path / "dangling").symlink_to(outside / "made")
    for path in ("file", "folder/secret", "folder/new", "loop", "loop/x", "home/x", "dangling"):
        assert fs.read(path).failure.kind == "denied", path
        assert fs.write(path, b"x").failure.kind == "denied", path
    assert [entry.name for entry in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "s"


@pytest.mark.usefixtures("anchored", "bounded")
def test_only_regular_files_are_touched(fs: Any, tmp_path: Path) -> None:
    """A FIFO, a socket and a folder are denied at once, to read and to write."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(tmp_path / "socket"))
        for path in ("fifo", "folder", "socket"):
            assert fs.read(path).failure.kind == "denied"
            assert fs.write(path, b"x").failure.kind == "denied"
    assert stat.S_ISFIFO((tmp_path / "fifo").lstat().st_mode)


@pytest.mark.usefixtures("anchored")
def test_a_file_is_no_folder(fs: Any, tmp_path: Path) -> None:
    """Below a regular file nothing is found and nothing can be written."""
    (tmp_path / "file").write_text("1")
    assert fs.read("file/x").failure.kind == "not_found"
    assert fs.write("file/x", b"").failure.kind == "denied"


def test_reading_is_bounded(fs: Any, tmp_path: Path) -> None:
    """A file over the limit is not read, and not replaced because it could not be put back."""
    (tmp_path / "large").write_bytes(b"x" * 1001)
    assert fs.read("large").failure.kind == "limit"
    failure = fs.write("large", b"small").failure
    assert failure.kind == "limit" and "file_bytes_max" in failure.message
    assert (tmp_path / "large").stat().st_size == 1001


def test_a_write_is_whole_or_not_at_all(fs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new content cannot take its place, the old content stays and nothing else is left behind."""
    (tmp_path / "f").write_text("old")

    def full(*_args: Any, **_kwargs: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    failure = fs.write("f", b"new").failure
    assert failure.kind == "io" and "No space left" in failure.message and "'f'" in failure.message
    assert (tmp_path / "f").read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_reader_never_sees_half(fs: Any, tmp_path: Path) -> None:
    """A file open before a write keeps the old content: the new one is another file renamed onto it."""
    (tmp_path / "f").write_text("old")
    with open(tmp_path / "f") as reader:
        fs.write("f", b"new")
        assert reader.read() == "old"


def test_the_mode_is_kept(fs: Any, tmp_path: Path) -> None:
    """A script stays executable when it is written and when it is put back."""
    (tmp_path / "script").write_text("1")
    (tmp_path / "script").chmod(0o750)
    token = fs.snapshot()
    fs.write("script", b"2")
    assert stat.S_IMODE((tmp_path / "script").stat().st_mode) == 0o750
    fs.restore(token)
    assert stat.S_IMODE((tmp_path / "script").stat().st_mode) == 0o750


@pytest.mark.usefixtures("anchored")
def test_restore_leaves_no_trace(fs: Any, tmp_path: Path) -> None:
    """Files and folders that were created are removed; files that were there before are as before."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "f").write_bytes(b"\xff before")
    token = fs.snapshot()
    assert fs.write("old/f", b"after").previous.data() == b"\xff before"
    fs.write("new/deep/f", b"1")
    fs.write("old/made/f", b"1")
    (tmp_path / "new" / "theirs").write_text("somebody else's")
    assert fs.restore(token).failure is None
    assert (tmp_path / "old" / "f").read_bytes() == b"\xff before"
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        "new",
        "new/theirs",
        "old",
        "old/f",
    ]


def test_restore_asks_only_for_what_differs(fs: Any) -> None:
    """A restore names the files that differ and asks nothing when none does."""
    fs.write("a", b"1")
    token = fs.snapshot()
    fs.write("b", b"1")
    fs.restore(token)
    fs.restore(token)
    asked = [ask.request for ask in fs.asks() if ask.label == "fs.restore"]
    assert asked == [{"files": [{"path": "b"}]}]


def test_restore_tells_what_it_could_not_do(fs: Any, tmp_path: Path) -> None:
    """When one file cannot be put back the others are, the failure is told, and a later restore tries again."""
    token = fs.snapshot()
    for name in ("a", "b"):
        fs.write(name, b"1")
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    assert fs.restore(token).failure.kind == "denied"
    assert not (tmp_path / "b").exists()
    (tmp_path / "a").rmdir()
    assert fs.restore(token).failure is None


def test_a_failed_first_write_is_not_restored(fs: Any, tmp_path: Path) -> None:
    """A file that could never be written is not touched by a restore."""
    (tmp_path / "folder").mkdir()
    token = fs.snapshot()
    fs.write("folder", b"1")
    assert fs.restore(token).failure is None
    assert (tmp_path / "folder").is_dir()


def test_odd_names_are_answered(fs: Any) -> None:
    """A name the system cannot take is a failure, not an exception."""
    assert fs.read("x" * 300).failure.kind == "io"
    assert fs.write("x" * 300, b"").failure.kind == "io"


ESCAPES = st.lists(
    st.sampled_from(["..", ".", "", "inside", "out", "file", "loop", "deep", "\0", "new", "/", "secret", "\ud800"]),
    max_size=6,
).map("/".join)


@pytest.mark.usefixtures("anchored")
def test_no_path_escapes(fs: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Among links, folders and files of all kinds no path reads or changes anything outside, and none raises."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("outside")
    (tmp_path / "inside" / "deep").mkdir(parents=True)
    (tmp_path / "file").write_text("1")
    (tmp_path / "inside" / "out").symlink_to(outside)
    (tmp_path / "out").symlink_to(os.path.relpath(outside, tmp_path))
    (tmp_path / "loop").symlink_to("loop")

    @settings(max_examples=100, deadline=None, database=None)
    @given(ESCAPES)
    def holds(path: str) -> None:
        assert "outside" not in fs.read(path).data.shown()
        fs.write(path, b"changed")
        assert os.listdir(outside) == ["secret"] and (outside / "secret").read_text() == "outside"

    holds()


@pytest.mark.skipif(not below.ANCHORED, reason="this system cannot open relative to a folder")
def test_a_link_swapped_in_leads_nowhere(fs: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """While somebody swaps a folder and a file for links that lead out, nothing outside is read or written."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "f").write_text("outside")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("inside")
    (tmp_path / "link").symlink_to(outside)
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            with suppress(OSError):
                os.rename(tmp_path / "d", tmp_path / "kept")
                os.rename(tmp_path / "link", tmp_path / "d")
                os.rename(tmp_path / "d", tmp_path / "link")
                os.rename(tmp_path / "kept", tmp_path / "d")

    racing = threading.Thread(target=swap)
    racing.start()
    try:
        seen = []
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            seen.append(fs.read("d/f"))
            wrote = fs.write("d/f", b"inside")
            assert wrote.failure is None or wrote.failure.kind in ("denied", "not_found", "io")
    finally:
        over.set()
        racing.join()
    assert {answer.data.shown() for answer in seen} <= {"", "inside"}
    assert os.listdir(outside) == ["f"] and (outside / "f").read_text() == "outside"


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="this system has no devices")
@pytest.mark.usefixtures("anchored", "bounded")
def test_devices_are_denied(twice: Callable[..., Any], limits: Limits) -> None:
    """Below a root that holds devices they are denied at once."""
    devices = twice(lambda choices, _loop, _root: HostFs(choices, limits, Path("/dev")))
    for path in ("null", "zero", "tty"):
        assert devices.read(path).failure.kind == "denied"
        assert devices.write(path, b"x").failure.kind == "denied"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so tests that run as root step down for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_permissions_are_told(twice: Callable[..., Any], limits: Limits) -> None:
    """A file the system does not let us read is denied."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        Path(folder, "f").write_text("1")
        Path(folder, "f").chmod(0)
        fs = twice(lambda choices, _loop, _root: HostFs(choices, limits, Path(folder)))
        with as_nobody():
            assert fs.read("f").failure.kind == "denied"


def test_a_missing_root_is_told(twice: Callable[..., Any], limits: Limits, tmp_path: Path) -> None:
    """Without its root nothing is found and nothing is made."""
    fs = twice(lambda choices, _loop, root: HostFs(choices, limits, root / "none"))
    assert fs.read("f").failure.kind == "not_found"
    assert fs.write("f", b"").failure.kind == "not_found"
    assert os.listdir(tmp_path) == []


def test_a_text_answer_is_text(fs: Any) -> None:
    """What is recorded of a text file is text."""
    fs.write("f", b"hello")
    assert fs.read("f").data == Blob(text="hello")
    assert [ask.label for ask in fs.asks()] == ["fs.write", "fs.read"]

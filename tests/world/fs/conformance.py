"""What every file system must hold. A test module subclasses `FsConformance` and gives the fixture `fs`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fozzy.core.blob import Blob

UNUSABLE = ("", "/etc/passwd", "..", "../x", "a/../../x", "a/..", ".", "a\0b")
PATHS = ("f", "g", "d/f", "d/e/f", "ü/ß")
PIECES = st.one_of(
    st.sampled_from(["..", ".", "", "~", "a", "b", "\0", "\n", "\\", "C:", "x" * 300, "\ud800", "ü", " ", "-", "*"]),
    st.text(max_size=4),
)
ANY_PATH = st.one_of(st.text(max_size=20), st.lists(PIECES, max_size=6).map("/".join))
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(PATHS), st.binary(max_size=8)),
        st.tuples(st.just("snapshot"), st.just(0), st.just(b"")),
        st.tuples(st.just("restore"), st.integers(0, 9), st.just(b"")),
    ),
    max_size=20,
)


class FsConformance:
    def test_a_written_file_is_read_back(self, fs: Any) -> None:
        """What was written is what is read, byte for byte, text or not."""
        for data in (b"", b"text", "ü".encode(), b"\xff\x00\xfe"):
            assert fs.write("a/b.bin", data).failure is None
            assert fs.read("a/b.bin").data.data() == data

    def test_a_missing_file_is_not_found(self, fs: Any) -> None:
        """Reading what is not there, in whatever depth, fails with not_found and names the path."""
        for path in ("missing", "no/such/folder/file"):
            failure = fs.read(path).failure
            assert failure.kind == "not_found" and path in failure.message

    @pytest.mark.parametrize("path", UNUSABLE)
    def test_no_path_leads_out(self, fs: Any, path: str) -> None:
        """A path that is absolute, empty, or holds `..` is denied to read and to write."""
        assert fs.read(path).failure.kind == "denied"
        assert fs.write(path, b"x").failure.kind == "denied"

    def test_any_path_is_answered(self, fs: Any) -> None:
        """Whatever text a path is, both answers come, and what was written is what is read."""

        @settings(max_examples=60, deadline=None, database=None)
        @given(ANY_PATH)
        def holds(path: str) -> None:
            wrote, read = fs.write(path, b"x"), fs.read(path)
            if wrote.failure is None:
                assert read.data == Blob(text="x")
            else:
                assert read.failure is not None and wrote.failure.kind in ("denied", "io", "not_found")
            parts = path.split("/")
            if ".." in parts or "\0" in path or path.startswith("/"):
                assert wrote.failure is not None and wrote.failure.kind == "denied"

        holds()

    def test_a_file_is_no_folder(self, fs: Any) -> None:
        """Below a file nothing is found and nothing can be written, however deep; the file stays as it is."""
        fs.write("a", b"1")
        for path in ("a/b", "a/b/c"):
            assert fs.read(path).failure.kind == "not_found"
            failure = fs.write(path, b"2").failure
            assert failure.kind == "denied" and "'a' is not a folder" in failure.message
        assert fs.read("a").data == Blob(text="1")

    def test_a_folder_is_no_file(self, fs: Any) -> None:
        """A folder can neither be read nor written as a file; what is in it stays."""
        fs.write("a/b/c", b"1")
        for path in ("a", "a/b"):
            for failure in (fs.read(path).failure, fs.write(path, b"2").failure):
                assert failure.kind == "denied" and "not a regular file" in failure.message
        assert fs.read("a/b/c").data == Blob(text="1")

    def test_a_folder_goes_with_its_last_file(self, fs: Any) -> None:
        """After a restore a name may be a file that was a folder in between, and the other way round."""
        empty = fs.snapshot()
        for path in ("a/b", "a", "a/b", "a"):
            assert fs.write(path, b"1").failure is None
            assert fs.restore(empty).failure is None

    def test_spellings_of_a_path_are_one_file(self, fs: Any) -> None:
        """`./a//b` and `a/b` are the same file."""
        fs.write("./a//b", b"1")
        assert fs.read("a/b").data == Blob(text="1")

    def test_the_first_write_tells_what_was_there(self, fs: Any) -> None:
        """The first write of a new file tells that there was none."""
        assert fs.write("new", b"1").previous is None

    def test_a_file_is_bounded(self, fs: Any) -> None:
        """A file over the limit is refused with the limit's name, and what was there stays."""
        fs.write("f", b"kept")
        failure = fs.write("f", b"x" * 1001).failure
        assert failure.kind == "limit" and "file_bytes_max" in failure.message
        assert fs.read("f").data == Blob(text="kept")
        assert fs.write("f", b"x" * 1000).failure is None

    def test_restore_puts_files_back(self, fs: Any) -> None:
        """After a restore changed files are as they were and created ones are gone."""
        fs.write("a", b"1")
        token = fs.snapshot()
        fs.write("a", b"2")
        fs.write("made/b", b"3")
        assert fs.restore(token).failure is None
        assert fs.read("a").data == Blob(text="1")
        assert fs.read("made/b").failure.kind == "not_found"

    def test_restore_goes_back_and_forward(self, fs: Any) -> None:
        """Any snapshot can be restored at any time, also a later one after an earlier one, and again."""
        tokens = [fs.snapshot()]
        for text in (b"1", b"2"):
            fs.write("a", text)
            fs.write(f"only-{text.decode()}", text)
            tokens.append(fs.snapshot())
        for number in (0, 2, 1, 2, 0, 0):
            assert fs.restore(tokens[number]).failure is None
            assert fs.read("a").data.text == ("" if number == 0 else str(number))
            assert (fs.read("only-1").failure is None) == (number >= 1)
            assert (fs.read("only-2").failure is None) == (number >= 2)

    def test_it_is_a_dictionary_with_snapshots(self, fs: Any) -> None:
        """Any series of writes, snapshots and restores leaves the files a dictionary would hold."""

        @settings(max_examples=50, deadline=None, database=None)
        @given(MOVES)
        def holds(moves: list[tuple[str, Any, bytes]]) -> None:
            model = _content(fs)
            kept = [(model, fs.snapshot())]
            for move, what, data in moves:
                if move == "write":
                    assert fs.write(what, data).failure is None
                    model = {**model, what: data}
                elif move == "snapshot":
                    kept.append((model, fs.snapshot()))
                else:
                    model, token = kept[what % len(kept)]
                    assert fs.restore(token).failure is None
                assert _content(fs) == model

        holds()


def _content(fs: Any) -> dict[str, bytes]:
    answers = {path: fs.read(path) for path in PATHS}
    return {path: answer.data.data() for path, answer in answers.items() if answer.failure is None}

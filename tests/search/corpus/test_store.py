"""The corpus: one file an input, named by its content, in an order that never changes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from fozzy.errors import FozzyError, InputError, StoreError
from fozzy.search.corpus.store import Added, Corpus, Entry, corpora


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """A corpus that does not exist yet."""
    return Corpus(tmp_path / "deep" / "corpus")


def name(data: bytes) -> str:
    """What an input is called."""
    return blake3(data).hexdigest()[:16]


def test_an_input_is_kept_once(corpus: Corpus) -> None:
    """Equal inputs are one entry, whose file is the input byte for byte; a missing folder is an empty corpus."""
    assert corpus.entries() == []
    assert corpus.add(b"a\0\xff") == Added(name(b"a\0\xff"), 3, True)
    assert corpus.add(b"a\0\xff") == Added(name(b"a\0\xff"), 3, False)
    assert corpus.entries() == [Entry(name(b"a\0\xff"), 3)]
    assert corpus.read(name(b"a\0\xff")) == b"a\0\xff"
    assert os.listdir(corpus.folder) == [name(b"a\0\xff")]


@given(st.lists(st.binary(max_size=8)))
def test_what_was_added_is_there(inputs: list[bytes]) -> None:
    """Whatever is added, in whichever order: the entries are the different inputs, sorted by name."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(Path(folder))
        added = [corpus.add(data) for data in inputs]
        assert sum(each.is_new for each in added) == len(set(inputs))
        names = [entry.name for entry in corpus.entries()]
        assert names == sorted({name(data) for data in inputs})
        assert {corpus.read(each) for each in names} == set(inputs)


def test_the_order_of_the_folder_never_shows(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are sorted however the system lists them, files of other names among them."""
    for each in (b"1", b"2", b"3"):
        corpus.add(each)
    (corpus.folder / "zeta seed").write_bytes(b"z")
    (corpus.folder / "Alpha").write_bytes(b"a")
    once = corpus.entries()
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: Any) -> None:
            self._listing = list(scandir(path))[::-1]

        def __enter__(self) -> Any:
            return iter(self._listing)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    assert corpus.entries() == once == sorted(once)
    assert {"zeta seed", "Alpha"} <= {entry.name for entry in once} and len(once) == 5


def test_only_regular_files_are_entries(corpus: Corpus, tmp_path: Path) -> None:
    """Links, folders, pipes and hidden files are not listed, read or removed, and nothing waits for a pipe."""
    corpus.add(b"x")
    (tmp_path / "secret").write_bytes(b"secret")
    (corpus.folder / "link").symlink_to(tmp_path / "secret")
    (corpus.folder / "folder").mkdir()
    (corpus.folder / ".hidden").write_bytes(b"h")
    os.mkfifo(corpus.folder / "pipe")
    assert [entry.name for entry in corpus.entries()] == [name(b"x")]
    for each in ("link", "folder", ".hidden", "pipe", "none", "", "..", "../secret", "folder/x", "a\0b"):
        for act in (corpus.read, corpus.remove):
            with pytest.raises(StoreError) as caught:
                act(each)
            assert caught.value.code == "corpus.unknown_entry"
    assert sorted(os.listdir(corpus.folder)) == sorted([".hidden", "folder", "link", "pipe", name(b"x")])


def test_a_name_that_is_not_its_content_s_gives_way(corpus: Corpus, tmp_path: Path) -> None:
    """An edited entry, or a link under the name an input should have, stays; the input takes more of its hash."""
    corpus.folder.mkdir(parents=True)
    (corpus.folder / name(b"x")).write_bytes(b"edited")
    (corpus.folder / name(b"y")).symlink_to(tmp_path / "target")
    for data in (b"x", b"y"):
        longer = blake3(data).hexdigest()[:32]
        assert corpus.add(data) == Added(longer, 1, True)
        assert corpus.add(data) == Added(longer, 1, False)
        assert corpus.read(longer) == data
    assert corpus.read(name(b"x")) == b"edited" and not (tmp_path / "target").exists()


def test_an_input_without_any_name_is_refused(corpus: Corpus) -> None:
    """When everything that may be its name is taken, that is an error and nothing is written."""
    for digits in (16, 32, 64):
        (corpus.folder / blake3(b"x").hexdigest()[:digits]).mkdir(parents=True)
    with pytest.raises(StoreError) as caught:
        corpus.add(b"x")
    assert caught.value.code == "corpus.name_taken" and len(os.listdir(corpus.folder)) == 3


def test_the_folder_may_be_a_link(corpus: Corpus, tmp_path: Path) -> None:
    """A corpus folder that is a symbolic link is followed."""
    link = tmp_path / "link"
    link.symlink_to(corpus.folder)
    corpus.add(b"x")
    assert Corpus(link).entries() == corpus.entries() != []
    assert Corpus(link).add(b"y").is_new and len(corpus.entries()) == 2


def test_removing(corpus: Corpus) -> None:
    """A removed entry is gone, and there is room for another one."""
    small = Corpus(corpus.folder, entries_max=1)
    small.add(b"x")
    small.remove(name(b"x"))
    assert small.entries() == [] and small.add(b"y").is_new


@pytest.mark.parametrize("fresh", [True, False])
def test_too_many_entries(corpus: Corpus, fresh: bool) -> None:
    """One entry more than allowed is refused, one that is there already is not; a folder with too many is refused."""
    small = Corpus(corpus.folder, entries_max=2)
    small.add(b"1")
    small.add(b"2")
    again = Corpus(corpus.folder, entries_max=2) if fresh else small
    assert not again.add(b"1").is_new
    for act in (lambda: again.add(b"3"), lambda: again.add_all([("1", b"1"), ("2", b"2"), ("3", b"3")])):
        with pytest.raises(StoreError) as caught:
            act()
        assert caught.value.code == "corpus.too_many"
        assert len(os.listdir(corpus.folder)) == 2
    (corpus.folder / "more").touch()
    with pytest.raises(StoreError, match="holds more than 2 entries"):
        again.entries()


def test_too_large_inputs(corpus: Corpus) -> None:
    """An input above the limit is neither added nor read, one at the limit is; nothing is made for a refused one."""
    small = Corpus(corpus.folder, entry_bytes_max=4)
    for act in (lambda: small.add(b"12345"), lambda: small.add_all([("a", b"1234"), ("b", b"12345")])):
        with pytest.raises(InputError) as caught:
            act()
        assert caught.value.code == "corpus.too_large" and "more than 4 bytes" in caught.value.message
    assert not corpus.folder.parent.exists()
    assert small.add(b"1234").is_new
    (corpus.folder / "large").write_bytes(b"12345")
    assert Entry("large", 5) in small.entries()
    with pytest.raises(InputError, match="large has more than"):
        small.read("large")


def test_named_inputs_come_all_or_none(corpus: Corpus, seen: Callable[[Path], Any], tmp_path: Path) -> None:
    """Names are kept, a taken name gives way to the content's, and a failure in the middle leaves nothing behind."""
    corpus.folder.mkdir(parents=True)
    (corpus.folder / "seed").write_bytes(b"mine")
    before = {path: each[2] for path, each in seen(tmp_path).items()}

    def interrupted() -> Any:
        yield "a", b"a"
        yield "b", b"b"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus.add_all(interrupted())
    assert {path: each[2] for path, each in seen(tmp_path).items()} == before
    inputs = [("seed", b"theirs"), ("other", b"o"), ("seed", b"mine")]
    added = [Added(name(b"theirs"), 6, True), Added("other", 1, True), Added("seed", 4, False)]
    assert corpus.add_all(inputs) == added
    assert corpus.add_all(inputs) == [each._replace(is_new=False) for each in added]
    assert corpus.read("seed") == b"mine" and len(os.listdir(corpus.folder)) == 3


def test_an_interrupt_while_files_are_placed_leaves_nothing(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also when half of the entries have their names already."""
    link, calls = os.link, []

    def interrupt_third(source: Any, target: Any) -> None:
        calls.append(target)
        if len(calls) == 3:
            raise KeyboardInterrupt
        link(source, target)

    monkeypatch.setattr(os, "link", interrupt_third)
    with pytest.raises(KeyboardInterrupt):
        corpus.add_all([(str(number), b"%d" % number) for number in range(5)])
    assert len(calls) == 3 and list(tmp_path.iterdir()) == []


def test_what_the_system_refuses_is_an_error_of_ours(tmp_path: Path) -> None:
    """A file where the folder should be, or a full disk, ends with 2 and its code."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FozzyError) as caught:
        Corpus(tmp_path / "file").entries()
    assert caught.value.code == "corpus.unreadable" and caught.value.exit_status == 2
    with pytest.raises(FozzyError) as caught:
        Corpus(tmp_path / "file" / "below").add(b"x")
    assert caught.value.code == "corpus.unwritable" and caught.value.exit_status == 2


def test_every_corpus_of_a_project(tmp_path: Path) -> None:
    """The corpora of targets are the folders in `corpus`, sorted; hidden ones and files are none."""
    assert corpora(tmp_path) == []
    for each in ("py-b", "py-a", ".hidden"):
        (tmp_path / "corpus" / each).mkdir(parents=True)
    (tmp_path / "corpus" / "file").touch()
    assert [each.folder.name for each in corpora(tmp_path)] == ["py-a", "py-b"]

"""A corpus as an archive: the same bytes everywhere, and back whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from fozzy.errors import FozzyError
from fozzy.search.corpus.archive import export_zip, import_zip
from fozzy.search.corpus.store import Added, Corpus
from fozzy.trace.entry_names import flaw_of, same_name

from .conftest import Item

MIB = 1 << 20
GOLDEN = "36cd16cf0d57a702253c5f3c68723f0ab9bcc477309be2aa193e36ec2f1456c6"
NAMES = st.text(min_size=1, max_size=12).filter(lambda name: not flaw_of(name))


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """A corpus with an input of each sort: packed well, empty, binary, under a name of its own."""
    made = Corpus(tmp_path / "corpus")
    for data in (b"\0" * MIB, b"", bytes(range(256))):
        made.add(data)
    (made.folder / "id:000000,orig:ä").write_bytes(b"seed")
    return made


def held(corpus: Corpus) -> dict[str, bytes]:
    """Every entry with its content."""
    return {entry.name: corpus.read(entry.name) for entry in corpus.entries()}


@given(st.dictionaries(NAMES, st.binary(max_size=40), max_size=6))
def test_what_is_exported_comes_back(entries: dict[str, bytes]) -> None:
    """Whatever its names and contents: what was exported and is imported is the same corpus; twice changes nothing."""
    entries = {name: entries[name] for name in {same_name(name): name for name in entries}.values()}
    with tempfile.TemporaryDirectory() as folder:
        one, other = Corpus(Path(folder) / "one"), Corpus(Path(folder) / "other")
        one.folder.mkdir()
        for name, data in entries.items():
            (one.folder / name).write_bytes(data)
        archive = Path(folder) / "a.zip"
        exported = export_zip(one, archive)
        assert (exported.entries, exported.archive_bytes) == (len(entries), archive.stat().st_size)
        assert import_zip(other, archive) == [Added(name, len(entries[name]), True) for name in sorted(entries)]
        assert held(other) == held(one) == entries
        assert not any(added.is_new for added in import_zip(other, archive))


def test_an_export_is_the_same_bytes_everywhere(corpus: Corpus, tmp_path: Path) -> None:
    """Neither times, modes, umask nor the order of writing show; the bytes are these, on every machine."""
    export_zip(corpus, tmp_path / "one.zip")
    again = Corpus(tmp_path / "again")
    again.folder.mkdir()
    for name, data in reversed(held(corpus).items()):
        (again.folder / name).write_bytes(data)
        os.utime(again.folder / name, (1, 1))
        (again.folder / name).chmod(0o700)
    before = os.umask(0o077)
    try:
        export_zip(again, tmp_path / "two.zip")
    finally:
        os.umask(before)
    data = (tmp_path / "one.zip").read_bytes()
    assert data == (tmp_path / "two.zip").read_bytes()
    assert blake3(data).hexdigest() == GOLDEN


def test_an_export_is_plain(corpus: Corpus, tmp_path: Path) -> None:
    """Other programs read it: sorted names, stored contents, no extra fields, one time, one mode, no comment."""
    export_zip(corpus, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None and archive.comment == b""
        entries = archive.infolist()
        assert [each.filename for each in entries] == [each.name for each in corpus.entries()]
        assert {(each.date_time, each.external_attr, each.extra, each.compress_type) for each in entries} == {
            ((1980, 1, 1, 0, 0, 0), 0o100644 << 16, b"", zipfile.ZIP_STORED)
        }


def test_a_taken_name_is_kept(corpus: Corpus, tmp_path: Path) -> None:
    """What has the name is kept; overwriting replaces files and links, never folders or what a link leads to."""
    (tmp_path / "file.zip").write_bytes(b"mine")
    (tmp_path / "target").write_bytes(b"target")
    (tmp_path / "link.zip").symlink_to(tmp_path / "target")
    (tmp_path / "folder.zip").mkdir()
    for name in ("file.zip", "link.zip", "folder.zip"):
        with pytest.raises(FozzyError) as caught:
            export_zip(corpus, tmp_path / name)
        assert caught.value.code == "corpus.exists"
    assert (tmp_path / "file.zip").read_bytes() == b"mine"
    export_zip(corpus, tmp_path / "file.zip", overwrite=True)
    export_zip(corpus, tmp_path / "link.zip", overwrite=True)
    assert (tmp_path / "target").read_bytes() == b"target"
    assert (tmp_path / "file.zip").read_bytes() == (tmp_path / "link.zip").read_bytes()
    with pytest.raises(FozzyError) as caught:
        export_zip(corpus, tmp_path / "folder.zip", overwrite=True)
    assert caught.value.code == "corpus.unwritable"


@pytest.mark.parametrize(
    ("names", "size", "code"),
    [
        (["a\\b"], 1, "corpus.bad_name"),
        (["a\nb"], 1, "corpus.bad_name"),
        (["x" * 220], 1, "corpus.bad_name"),
        (["Seed", "seed"], 1, "corpus.duplicate"),
        (["large"], MIB + 1, "corpus.too_large"),
        ([str(number) for number in range(65)], MIB, "corpus.too_large"),
        ([str(number) for number in range(10_001)], 0, "corpus.too_many"),
    ],
)
def test_what_no_import_takes_is_not_exported(names: list[str], size: int, code: str, tmp_path: Path) -> None:
    """An archive that would be refused is not made, and nothing stays of the attempt."""
    corpus = Corpus(tmp_path / "corpus")
    corpus.folder.mkdir()
    for name in names:
        with (corpus.folder / name).open("wb") as stream:
            stream.truncate(size)
    with pytest.raises(FozzyError) as caught:
        export_zip(corpus, tmp_path / "new" / "a.zip")
    assert (caught.value.code, caught.value.exit_status) == (code, 2)
    assert os.listdir(tmp_path) == ["corpus"]


def test_an_archive_in_the_corpus_would_be_an_entry(corpus: Corpus, tmp_path: Path) -> None:
    """Also through a link to the folder."""
    (tmp_path / "link").symlink_to(corpus.folder)
    for folder in (corpus.folder, tmp_path / "link"):
        with pytest.raises(FozzyError) as caught:
            export_zip(corpus, folder / "a.zip")
        assert caught.value.code == "corpus.inside"


def test_links_in_the_corpus_stay(corpus: Corpus, tmp_path: Path) -> None:
    """A link under a name an archive brings is neither followed nor replaced, nor is an entry of other content."""
    export_zip(corpus, tmp_path / "a.zip")
    other = Corpus(tmp_path / "other")
    other.folder.mkdir()
    (tmp_path / "target").write_bytes(b"target")
    first, second = (entry.name for entry in corpus.entries()[:2])
    (other.folder / first).symlink_to(tmp_path / "target")
    (other.folder / second).write_bytes(b"mine")
    added = import_zip(other, tmp_path / "a.zip")
    assert all(each.is_new for each in added)
    assert (other.folder / first).is_symlink() and (tmp_path / "target").read_bytes() == b"target"
    assert other.read(second) == b"mine"
    assert set(held(corpus).values()) | {b"mine"} == set(held(other).values())


def test_a_corpus_folder_that_is_a_link_is_followed(corpus: Corpus, tmp_path: Path) -> None:
    """The entries come into the folder the link leads to."""
    export_zip(corpus, tmp_path / "a.zip")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    import_zip(Corpus(tmp_path / "link"), tmp_path / "a.zip")
    assert held(Corpus(tmp_path / "real")) == held(corpus)
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("call", ["link", "mkdir"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError])
def test_a_failed_import_leaves_nothing_behind(
    call: str, failure: type[BaseException], corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Interrupted, or out of room, while folders are made or files placed: everything is as before."""
    export_zip(corpus, tmp_path / "a.zip")
    true, calls = getattr(os, call), []

    def fail_late(*given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) >= 2:
            raise failure(28, "No space left on device")
        return true(*given, **named)

    monkeypatch.setattr(os, call, fail_late)
    if failure is OSError:
        monkeypatch.setattr(os, "replace", fail_late)
    with pytest.raises((KeyboardInterrupt, FozzyError)):
        import_zip(Corpus(tmp_path / "new" / "other"), tmp_path / "a.zip")
    assert len(calls) >= 2
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "corpus"]


def test_archives_too_large_to_read(tmp_path: Path, fz: Callable[..., Any]) -> None:
    """A file above the limit is refused, and so are a folder and nothing at all."""
    with (tmp_path / "huge.zip").open("wb") as stream:
        stream.truncate(1 << 40)
    for name, code in (
        ("huge.zip", "corpus.too_large"),
        (".", "corpus.unreadable"),
        ("none.zip", "corpus.unreadable"),
    ):
        ran = fz("corpus", "import", "seeds", name, "--json")
        assert (ran.code, ran.document()["error"]["code"]) == (2, code)
    assert os.listdir(tmp_path) == ["huge.zip"]


MEASURED = """
import resource, sys
from fozzy.cli.main import main
code = main(["corpus", "import", "seeds", sys.argv[1], "--json"])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def measured(name: str, fz_env: dict[str, str], cwd: Path) -> tuple[int, int]:
    """The status of an import in a process of its own, and the most memory it held, in MiB."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, name],
        env=fz_env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    code, peak = ran.stderr.split()
    return int(code), int(peak) // (MIB if sys.platform == "darwin" else 1024)


def test_memory_stays_bounded(tmp_path: Path, made: Callable[..., bytes], fz_env: dict[str, str]) -> None:
    """A bomb of 256 MiB, honest or lying, takes hardly more than a small archive, the largest import 128 MiB."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = b"".join([packer.compress(b"\0" * (64 * MIB)) for _ in range(4)]) + packer.flush()
    (tmp_path / "small.zip").write_bytes(made(Item(b"a")))
    honest = {"size": 256 * MIB}
    (tmp_path / "honest.zip").write_bytes(made(Item(b"a", method=8, packed=bomb, central=honest, local=honest)))
    (tmp_path / "lying.zip").write_bytes(made(Item(b"a", method=8, packed=bomb)))
    (tmp_path / "full.zip").write_bytes(made(*(Item(b"%d" % n, b"%064d" % n * (MIB // 64)) for n in range(64))))
    code, least = measured("small.zip", fz_env, tmp_path)
    assert code == 0 and least > 0
    for name in ("honest.zip", "lying.zip"):
        code, peak = measured(name, fz_env, tmp_path)
        assert code == 2 and peak < least + 32
    code, peak = measured("full.zip", fz_env, tmp_path)
    assert code == 0 and peak < least + 128

"""`fozzy corpus`: inputs are kept, shown, carried away and taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

TARGET = "py:shop.orders:parse"
FOLDER = Path(".fozzy/corpus/py-shop.orders-parse")


def name(data: bytes) -> str:
    """What an input is called."""
    return blake3(data).hexdigest()[:16]


@pytest.fixture
def inputs(project: Path) -> None:
    """Three files, two of them with one content."""
    for each, data in (("a", b"one"), ("b", b"one"), ("[c]", b"\0\xff")):
        Path(each).write_bytes(data)


def test_inputs_are_added_once(inputs: None, fz: Callable[..., Any]) -> None:
    """Files and texts are kept byte for byte in the target's own folder; what is there already is said to be."""
    ran = fz("corpus", "add", TARGET, "a", "b", "[c]", "--text", "one", "--text", "ä")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"    added  {name(b'one')}       3 bytes  a",
        f"      had  {name(b'one')}       3 bytes  b",
        f"    added  {name(bytes([0, 255]))}       2 bytes  [c]",
        f"      had  {name(b'one')}       3 bytes  --text",
        f"    added  {name('ä'.encode())}       2 bytes  --text",
        f"  3 entries added, 2 there already; {FOLDER} has 3 entries, 7 bytes",
    ]
    assert {path.read_bytes() for path in FOLDER.iterdir()} == {b"one", b"\0\xff", "ä".encode()}
    quiet = fz("corpus", "add", TARGET, "a", "-q").out
    assert quiet == f"  0 entries added, 1 there already; {FOLDER} has 3 entries, 7 bytes\n"


def test_the_document_tells_new_from_known(inputs: None, fz: Callable[..., Any]) -> None:
    """`added` and `present` hold every input once more, with its name and size."""
    fz("corpus", "add", TARGET, "a")
    document = fz("corpus", "add", TARGET, "a", "[c]", "--json").document()
    assert document["added"] == [{"name": name(b"\0\xff"), "sizeBytes": 2}]
    assert document["present"] == [{"name": name(b"one"), "sizeBytes": 3}]
    assert document["corpus"] == {"name": FOLDER.name, "path": str(FOLDER), "entries": 2, "sizeBytes": 5}


def test_one_bad_input_and_none_is_added(inputs: None, fz: Callable[..., Any]) -> None:
    """Everything that is wrong is told at once, and no folder was made."""
    with Path("large").open("wb") as stream:
        stream.truncate((1 << 20) + 1)
    ran = fz("corpus", "add", TARGET, "a", "large", "none", ".", "a\0b")
    assert ran.code == 2
    assert [line.split("]")[0] for line in ran.err.splitlines() if line.startswith("error")] == [
        "error[corpus.too_large",
        "error[corpus.unreadable",
        "error[corpus.unreadable",
        "error[corpus.unreadable",
    ]
    assert not Path(".fozzy").exists()


@pytest.mark.parametrize(("data", "code"), [(b"from\0stdin", 0), (b"", 0), (b"x" * ((1 << 20) + 1), 2)])
def test_stdin_is_an_input(data: bytes, code: int, project: Path, fz_env: dict[str, str]) -> None:
    """`-` is what comes on stdin, up to the limit; when there is no stdin that is an error."""
    command = [sys.executable, "-m", "fozzy", "corpus", "add", "seeds", "-"]
    ran = subprocess.run(command, input=data, env=fz_env, capture_output=True, timeout=60, check=False)
    assert ran.returncode == code, ran.stderr
    assert os.listdir() == (["seeds"] if code == 0 else [])
    if code == 0:
        assert Path("seeds", name(data)).read_bytes() == data
    closed = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *command], env=fz_env, capture_output=True, check=False)
    assert closed.returncode == 2 and b"corpus.unreadable" in closed.stderr


def test_a_pipe_is_an_input(inputs: None, project: Path, fz_env: dict[str, str]) -> None:
    """What can be read only once, such as `<(program)` in bash, is read once."""
    os.mkfifo("pipe")
    with subprocess.Popen(["sh", "-c", "printf hello > pipe"]):
        command = [sys.executable, "-m", "fozzy", "corpus", "add", "seeds", "a", "pipe"]
        ran = subprocess.run(command, env=fz_env, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert {path.read_bytes() for path in Path("seeds").iterdir()} == {b"one", b"hello"}


def test_all_corpora_are_listed(fz: Callable[..., Any]) -> None:
    """Without a name all corpora of targets appear, with counts and sizes; when there is none, how one is made."""
    empty = fz("corpus", "list")
    assert empty.code == 0 and empty.out.startswith("  no corpus yet\n")
    assert "fozzy corpus add py:shop.orders:parse --text hello" in empty.out
    fz("corpus", "add", TARGET, "--text", "hello")
    fz("corpus", "add", "cmd:jq", "--text", "[]", "--text", "{}")
    assert fz("corpus", "list").out.splitlines() == [
        "        2 entries       4 bytes  .fozzy/corpus/cmd-jq",
        "          1 entry       5 bytes  .fozzy/corpus/py-shop.orders-parse",
        "  2 corpora, 3 entries, 9 bytes",
    ]
    assert fz("corpus", "list", "-q").out == "  2 corpora, 3 entries, 9 bytes\n"
    assert "entries" not in fz("corpus", "list", "--json").document()


def test_the_entries_of_one_are_listed(project: Path, fz: Callable[..., Any]) -> None:
    """A folder or a target's words name one corpus; its entries are sorted, and names cannot play with the screen."""
    Path("seeds").mkdir()
    for each in ("zeta", "[bold]x", "esc\x1b[2J"):
        Path("seeds", each).write_bytes(b"12")
    assert fz("corpus", "list", "seeds").out.splitlines() == [
        "       2 bytes  [bold]x",
        "       2 bytes  esc\\x1b[2J",
        "       2 bytes  zeta",
        "  seeds  3 entries, 6 bytes",
    ]
    document = fz("corpus", "list", "seeds", "--json").document()
    assert [entry["name"] for entry in document["entries"]] == ["[bold]x", "esc\x1b[2J", "zeta"]


def test_a_corpus_travels(fz: Callable[..., Any]) -> None:
    """Export, and the command it suggests in another project: the same entries; twice changes nothing."""
    fz("corpus", "add", TARGET, "--text", "hello", "--text", "")
    ran = fz("corpus", "export", TARGET, "out/parse.zip")
    assert ran.code == 0 and ran.out.splitlines()[0] == "    wrote  out/parse.zip  2 entries, 5 bytes"
    assert "fozzy corpus import py:shop.orders:parse out/parse.zip" in ran.out
    Path("elsewhere").mkdir()
    for said in ("2 entries added", "0 entries added, 2 there already"):
        ran = fz("corpus", "import", TARGET, "../out/parse.zip", "--cwd", "elsewhere")
        assert ran.out == f"  {said}; {FOLDER} has 2 entries, 5 bytes\n"
        os.chdir("..")
    assert sorted(os.listdir(Path("elsewhere") / FOLDER)) == sorted([name(b"hello"), name(b"")])


def test_an_archive_that_is_there_stays(fz: Callable[..., Any]) -> None:
    """A taken name is refused with what to do, and --force does it."""
    fz("corpus", "add", "seeds", "--text", "hello")
    Path("a.zip").write_bytes(b"mine")
    ran = fz("corpus", "export", "seeds", "a.zip")
    assert ran.code == 2 and "corpus.exists" in ran.err and "--force" in ran.err
    assert Path("a.zip").read_bytes() == b"mine"
    assert fz("corpus", "export", "seeds", "a.zip", "--force").code == 0
    assert Path("a.zip").read_bytes().startswith(b"PK")


def test_the_folder_of_corpora_follows_the_configuration(project: Path, fz: Callable[..., Any]) -> None:
    """A target's corpus is below base_dir of the configuration, wherever the command is called."""
    Path("fozzy.toml").write_text('base_dir = "kept"\n')
    Path("deep").mkdir()
    assert fz("corpus", "add", TARGET, "--text", "x", "--cwd", "deep").code == 0
    assert (project / "kept/corpus/py-shop.orders-parse" / name(b"x")).is_file()


def test_a_corpus_that_is_not_there(fz: Callable[..., Any]) -> None:
    """`list` and `export` say that it is missing and how it is made, and make nothing; what names none is a mistake."""
    for words in (("list", TARGET), ("export", TARGET, "a.zip")):
        ran = fz("corpus", *words)
        assert ran.code == 2 and "corpus.missing" in ran.err
        assert f"fozzy corpus add {TARGET} FILE..." in ran.err
    for word in ("", "py:", "cmd:"):
        assert "usage.bad_value" in fz("corpus", "list", word).err
    assert os.listdir() == []

"""Reading a scenario: from bytes to a valid file, nothing cached, every mistake an InputError."""

from __future__ import annotations

import gc
import json
import os
import tracemalloc
from pathlib import Path

import pytest
from blake3 import blake3

from fozzy.core.limits import SCENARIO_BYTES_MAX
from fozzy.dsl.cluster.file import DistributedFile
from fozzy.dsl.load import assemble, decode, document, load, parse, read
from fozzy.dsl.scenario import StepsFile, SuiteFile
from fozzy.errors import InputError

TEXT = '{"version": 1, "name": "ü", "steps": [{"type": "assert_ok", "value": true}]}'
TOML = 'version = 1\nname = "ü"\n[[steps]]\ntype = "assert_ok"\nvalue = true\n'


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_both_notations_load_into_the_same(tmp_path: Path) -> None:
    """JSON and TOML that say the same are the same file."""
    in_json = load(write(tmp_path / "a.fozzy.json", TEXT))
    in_toml = load(write(tmp_path / "a.fozzy.toml", TOML))
    assert in_json.file == in_toml.file and isinstance(in_json.file, StepsFile)
    assert (in_json.document.form, in_toml.document.form) == ("json", "toml")


def test_the_document_is_as_read(tmp_path: Path) -> None:
    """The document keeps the text, the digest of the bytes, the name for seeds and the path for people."""
    loaded = load(write(tmp_path / "a.fozzy.json", TEXT), "x/a.fozzy.json", "shown")
    assert loaded.document.text == TEXT
    assert loaded.document.digest == blake3(TEXT.encode()).hexdigest()
    assert (loaded.document.name, loaded.document.shown) == ("x/a.fozzy.json", "shown")


def test_an_edit_is_seen_within_one_tick(tmp_path: Path) -> None:
    """A file edited to the same size at the same time stamp is loaded as it is now."""
    path = write(tmp_path / "a.fozzy.json", TEXT)
    assert load(path).file.name == "ü"
    before = path.stat()
    write(path, TEXT.replace('"ü"', '"ö"'))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    assert load(path).file.name == "ö"


def test_many_files_keep_nothing(tmp_path: Path) -> None:
    """Loading hundreds of files, and as many bad ones, leaves memory as it was."""

    def go(start: int, count: int) -> None:
        for index in range(start, start + count):
            path = write(tmp_path / f"{index}.fozzy.json", TEXT.replace("ü", f"n{index}"))
            load(path)
            write(path, TEXT.replace("assert_ok", f"assert_{index}"))
            with pytest.raises(InputError):
                load(path)
            path.unlink()

    go(0, 100)  # what is remembered on purpose is bounded, and filled by now
    gc.collect()
    tracemalloc.start()
    try:
        go(100, 50)
        gc.collect()
        first = tracemalloc.get_traced_memory()[0]
        go(150, 300)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - first < 60_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["missing.fozzy.json", "folder.fozzy.json", "pipe.fozzy.json", "loop.fozzy.json"])
def test_what_is_no_file_is_an_input_error(tmp_path: Path, name: str) -> None:
    """A missing file, a folder, a pipe nobody writes to and a link to itself are unreadable, at once."""
    (tmp_path / "folder.fozzy.json").mkdir()
    os.mkfifo(tmp_path / "pipe.fozzy.json")
    (tmp_path / "loop.fozzy.json").symlink_to("loop.fozzy.json")
    with pytest.raises(InputError) as caught:
        load(tmp_path / name)
    assert caught.value.code == "scenario.unreadable"
    assert caught.value.where is not None and name in caught.value.where.file


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may not be read is a problem that says so."""
    path = write(tmp_path / "a.fozzy.json", TEXT)

    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        load(path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    """A file over the limit is refused without being read whole."""
    path = tmp_path / "a.fozzy.json"
    with path.open("wb") as stream:
        stream.truncate(SCENARIO_BYTES_MAX + 1)
    with pytest.raises(InputError) as caught:
        read(path, "n", "n")
    assert caught.value.code == "scenario.too_large"


@pytest.mark.parametrize(
    ("data", "line", "col"),
    [(b"\xff", 1, 1), (b"a\n\xc3\xbc\xff", 2, 2), (b"ab\n\n\xed\xa0\x80", 3, 1), (b"\xc3", 1, 1)],
)
def test_bytes_that_are_not_utf8_have_a_place(data: bytes, line: int, col: int) -> None:
    """The first byte that is not UTF-8 is told with its line and its column in characters."""
    with pytest.raises(InputError) as caught:
        document(data, "n", "n", "json")
    where = caught.value.where
    assert caught.value.code == "scenario.not_utf8"
    assert where is not None and (where.line, where.col) == (line, col)


def test_the_form_of_the_file_is_its_type() -> None:
    """Each of the three forms loads as itself."""
    steps = {"version": 1, "name": "n"}
    forms = {
        StepsFile: {"steps": [{"type": "unfreeze"}]},
        DistributedFile: {"distributed": {"node_count": 1, "steps": [{"type": "tick", "duration": "1ms"}]}},
        SuiteFile: {"suites": {"a": ["b"]}},
    }
    for kind, part in forms.items():
        loaded = parse(document(json.dumps({**steps, **part}).encode(), "n", "n", "json"))
        assert type(loaded.file) is kind


def test_a_megabyte_loads() -> None:
    """A scenario of a megabyte, in one text or in many steps, loads."""
    one = {"version": 1, "name": "n", "steps": [{"type": "fail", "message": "x" * 10**6}]}
    many = {
        "version": 1,
        "name": "n",
        "steps": [{"type": "trace_event", "name": f"e{index}"} for index in range(25_000)],
    }
    for whole in (one, many):
        assert parse(document(json.dumps(whole).encode(), "n", "n", "json")).file.name == "n"


def test_a_scenario_is_assembled_of_parts() -> None:
    """As one that is loaded, without a text of its own; one that is not valid is none, and is not explained."""
    loaded = parse(document(TEXT.encode(), "a", "a", "json"))
    raw = decode(loaded.document)
    made = assemble(raw, loaded.document, {})
    assert made is not None and made.file == loaded.file and made.keeps == loaded.keeps
    kept = {**raw, "steps": [{"type": "set_kv", "key": "k", "value": "1"}, {"type": "trace_event", "name": "${k}"}]}
    again = assemble(kept, loaded.document, {})
    assert again is not None and again.keeps == {"k"}
    for wrong in ({**raw, "nope": 1}, {**raw, "steps": [kept["steps"][1]]}, {**raw, "steps": [{"type": "slep"}]}):
        assert assemble(wrong, loaded.document, {}) is None

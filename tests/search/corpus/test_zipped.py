"""Archives that must be refused, made by hand: each whole, with its own code, and without a trace in any folder."""

from __future__ import annotations

import io
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fozzy.search.corpus.archive import BOUNDS, ENTRIES_MAX
from fozzy.trace.zipped import REASONS, Archive, ArchiveFlaw

from .conftest import Item, archive, deflated

MIB = 1 << 20
GOOD = Item(b"good")
UTF8 = 0x0800
LATE = 0x0008


def by_zipfile(method: int = zipfile.ZIP_DEFLATED, **entries: bytes) -> bytes:
    """An archive as Python makes it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as out:
        for name, data in entries.items():
            out.writestr(name, data)
    return made.getvalue()


def altered(data: bytes, place: int, *changed: int) -> bytes:
    """Some bytes of an archive replaced; a place below zero counts from the end."""
    place %= len(data)
    return data[:place] + bytes(changed) + data[place + len(changed) :]


def descriptor(item: Item, sign: bytes = b"PK\7\x08", **other: int) -> bytes:
    """The sizes behind an entry's data."""
    packed = len(deflated(item.data) if item.method == 8 else item.data)
    said = {"crc": zlib.crc32(item.data), "packed": packed, "size": len(item.data), **other}
    return sign + struct.pack("<3L", said["crc"], said["packed"], said["size"])


def late(item: Item, behind: bytes) -> Item:
    """An entry whose sizes stand behind its data."""
    return item._replace(flags=LATE, local={"crc": 0, "packed": 0, "size": 0}, behind=behind)


def quoted_bomb() -> bytes:
    """Two entries over the same bytes: the first contains the whole of the second, as in a quoted bomb."""
    inner = archive(Item(b"b", b"x" * 100))[: 30 + 1 + 100]
    first = Item(b"a", inner)
    second_listed = Item(b"b", b"x" * 100, packed=b"", central={"start": 31, "packed": 100})
    return archive(first, second_listed)


def zip64_field(size: int = 5, packed: int = 5) -> bytes:
    """The extra field of zip64."""
    return struct.pack("<2H2Q", 1, 16, size, packed)


def zip64_end(whole: bytes) -> bytes:
    """An archive with the end records of zip64 before its own."""
    start, size = struct.unpack("<L", whole[-6:-2])[0], struct.unpack("<L", whole[-10:-6])[0]
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + size, 1)
    return whole[:-22] + record + locator + whole[-22:]


NAMES: dict[str, bytes] = {
    "absolute": b"/etc/passwd",
    "parent": b"..",
    "through a parent": b"../x",
    "deep through a parent": b"a/../../x",
    "drive": b"C:x",
    "absolute drive": b"C:/x",
    "backslash": b"..\\x",
    "shared folder": b"\\\\host\\x",
    "empty": b"",
    "dot": b".",
    "empty part": b"a//b",
    "dot part": b"a/./b",
    "folder": b"a/",
    "in a folder": b"a/b",
    "NUL": b"a\0.txt",
    "line end": b"a\nb",
    "escape": b"a\x1b[2J",
    "delete": b"a\x7f",
    "hidden": b".bashrc",
    "long": b"a" * 201,
    "very long": b"a" * 65000,
    "not ASCII": b"\xe4",
}

REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{
        f"name: {said}": ("corpus.bad_name", lambda name=name: archive(GOOD, Item(name)))  # type: ignore[misc]
        for said, name in NAMES.items()
    },
    "name: not UTF-8": ("corpus.bad_name", lambda: archive(GOOD, Item(b"\xff", flags=UTF8))),
    "name: half a character": ("corpus.bad_name", lambda: archive(GOOD, Item(b"\xed\xa0\x80", flags=UTF8))),
    "name: control in UTF-8": ("corpus.bad_name", lambda: archive(GOOD, Item("a\x85".encode(), flags=UTF8))),
    "symbolic link": (
        "corpus.not_a_file",
        lambda: archive(GOOD, Item(b"l", b"/etc", mode=(stat.S_IFLNK | 0o777) << 16)),
    ),
    "device": ("corpus.not_a_file", lambda: archive(GOOD, Item(b"l", mode=(stat.S_IFBLK | 0o644) << 16))),
    "character device": ("corpus.not_a_file", lambda: archive(Item(b"l", mode=stat.S_IFCHR << 16))),
    "pipe": ("corpus.not_a_file", lambda: archive(Item(b"l", mode=stat.S_IFIFO << 16))),
    "socket": ("corpus.not_a_file", lambda: archive(Item(b"l", mode=stat.S_IFSOCK << 16))),
    "folder by mode": ("corpus.not_a_file", lambda: archive(Item(b"l", b"", mode=stat.S_IFDIR << 16))),
    "folder by DOS": ("corpus.not_a_file", lambda: archive(Item(b"l", b"", mode=0x10))),
    "same name": ("corpus.duplicate", lambda: archive(Item(b"a", b"1"), Item(b"b"), Item(b"a", b"2"))),
    "same name but for case": ("corpus.duplicate", lambda: archive(Item(b"Seed"), Item(b"sEED"))),
    "same name but for accents": (
        "corpus.duplicate",
        lambda: archive(Item("ä".encode(), flags=UTF8), Item("a\u0308".encode(), flags=UTF8)),
    ),
    "one entry listed twice": (
        "corpus.duplicate",
        lambda: archive(Item(b"a"), Item(b"a", b"", packed=b"", central={"start": 0})),
    ),
    "encrypted": ("corpus.encrypted", lambda: archive(GOOD, Item(b"a", flags=0x1))),
    "strongly encrypted": ("corpus.encrypted", lambda: archive(GOOD, Item(b"a", flags=0x41))),
    "masked headers": ("corpus.encrypted", lambda: archive(GOOD, Item(b"a", flags=0x2000))),
    "AES": ("corpus.encrypted", lambda: archive(GOOD, Item(b"a", method=99, flags=0x1))),
    "bzip2": ("corpus.unsupported", lambda: by_zipfile(zipfile.ZIP_BZIP2, a=b"x" * 100)),
    "lzma": ("corpus.unsupported", lambda: by_zipfile(zipfile.ZIP_LZMA, a=b"x" * 100)),
    "unknown method": ("corpus.unsupported", lambda: archive(GOOD, Item(b"a", method=1234))),
    "patch data": ("corpus.unsupported", lambda: archive(GOOD, Item(b"a", flags=0x20))),
    "several parts": ("corpus.unsupported", lambda: archive(GOOD, disk=1)),
    "zip64 sizes": ("corpus.unsupported", lambda: archive(Item(b"a", extra=zip64_field()))),
    "zip64 that lies": ("corpus.unsupported", lambda: archive(Item(b"a", extra=zip64_field(1 << 40, 1 << 40)))),
    "zip64 in the local header": ("corpus.unsupported", lambda: archive(Item(b"a", local={"extra": zip64_field()}))),
    "zip64 end": ("corpus.unsupported", lambda: zip64_end(archive(GOOD))),
    "second name": (
        "corpus.unsupported",
        lambda: archive(Item(b"a", extra=struct.pack("<2HBL2s", 0x7075, 7, 1, 0, b"/x"))),
    ),
    "10,001 entries": ("corpus.too_many", lambda: archive(*(Item(b"%d" % n, b"") for n in range(ENTRIES_MAX + 1)))),
    "65,535 entries, it says": ("corpus.too_many", lambda: archive(GOOD, count=0xFFFF)),
    "large entry": ("corpus.too_large", lambda: archive(GOOD, Item(b"a", b"\0" * (MIB + 1)))),
    "large entry, packed": ("corpus.too_large", lambda: archive(GOOD, Item(b"a", bytes(range(256)) * 4097, method=8))),
    "large entry that says it is small": (
        "corpus.too_large",
        lambda: archive(Item(b"a", b"x", method=8, packed=deflated(b"x" * (MIB + 1)))),
    ),
    "large altogether": (
        "corpus.too_large",
        lambda: archive(
            *(Item(b"%d" % n, packed=b"", data=b"", central={"size": MIB, "packed": MIB}) for n in range(65))
        ),
    ),
    "bomb": ("corpus.bomb", lambda: archive(GOOD, Item(b"a", b"\0" * MIB, method=8))),
    "bomb just above the floor": ("corpus.bomb", lambda: archive(Item(b"a", b"\0" * (64 * 1024 + 1), method=8))),
    "bomb that says it is small": (
        "corpus.bomb",
        lambda: archive(Item(b"a", b"x", method=8, packed=deflated(b"\0" * MIB))),
    ),
    "bomb of many gigabytes, it says": ("corpus.too_large", lambda: archive(Item(b"a", central={"size": 0xFFFFFFFE}))),
    "overlap": ("corpus.damaged", lambda: archive(Item(b"a"), Item(b"b", b"", packed=b"", central={"start": 10}))),
    "quoted bomb": ("corpus.damaged", quoted_bomb),
    "one content under two names": (
        "corpus.damaged",
        lambda: archive(Item(b"a"), Item(b"b", b"", packed=b"", local={}, central={"start": 0})),
    ),
    "bytes before": ("corpus.damaged", lambda: archive(GOOD, before=b"#!/bin/sh\n")),
    "bytes before, with wrong places": ("corpus.damaged", lambda: b"#!/bin/sh\n" + archive(GOOD)),
    "bytes behind": ("corpus.damaged", lambda: archive(GOOD, after=b"\n")),
    "a comment": ("corpus.damaged", lambda: archive(GOOD, after=b"hello", comment=5)),
    "a comment that is not there": ("corpus.damaged", lambda: archive(GOOD, comment=5)),
    "bytes before the directory": ("corpus.damaged", lambda: archive(GOOD, between=b"xx")),
    "bytes between entries": ("corpus.damaged", lambda: archive(Item(b"a", behind=b"xx"), GOOD)),
    "a second archive behind": ("corpus.damaged", lambda: archive(GOOD) + archive(GOOD)),
    "fewer entries, it says": ("corpus.damaged", lambda: archive(GOOD, Item(b"b"), count=1)),
    "more entries, it says": ("corpus.damaged", lambda: archive(GOOD, count=2)),
    "no entries, it says": ("corpus.damaged", lambda: archive(GOOD, count=0)),
    "directory elsewhere": ("corpus.damaged", lambda: archive(GOOD, start=3)),
    "directory beyond the end": ("corpus.damaged", lambda: archive(GOOD, start=0xFFFFFFF0)),
    "entry beyond the end": ("corpus.damaged", lambda: archive(Item(b"a", central={"start": 0xFFFFFF00}))),
    "content beyond the end": (
        "corpus.damaged",
        lambda: archive(Item(b"a", central={"packed": 99, "size": 99}, local={"packed": 99, "size": 99})),
    ),
    "name beyond the end": ("corpus.damaged", lambda: altered(archive(GOOD), -22 - 4 - 46 + 28, 0xFF, 0x00)),
    "extra field cut off": ("corpus.damaged", lambda: archive(Item(b"a", extra=b"\x55\x54\x09\x00x"))),
    "extra field without a size": ("corpus.damaged", lambda: archive(Item(b"a", extra=b"\x55"))),
    "another name of its own": ("corpus.damaged", lambda: archive(Item(b"a", local={"name": b"/etc/passwd"}))),
    "another method of its own": ("corpus.damaged", lambda: archive(Item(b"a", local={"method": 8}))),
    "other flags of its own": ("corpus.damaged", lambda: archive(Item(b"a", local={"flags": 1}))),
    "another size of its own": ("corpus.damaged", lambda: archive(Item(b"a", method=8, local={"size": 4}))),
    "another packed size of its own": ("corpus.damaged", lambda: archive(Item(b"a", method=8, local={"packed": 4}))),
    "another checksum of its own": ("corpus.damaged", lambda: archive(Item(b"a", local={"crc": 4}))),
    "no sizes of its own": ("corpus.damaged", lambda: archive(Item(b"a", local={"crc": 0, "packed": 0, "size": 0}))),
    "two sizes of what is stored": ("corpus.damaged", lambda: archive(Item(b"a", packed=b"xx"))),
    "sizes that do not come": ("corpus.damaged", lambda: archive(late(Item(b"a"), b""))),
    "other sizes behind": ("corpus.damaged", lambda: archive(late(Item(b"a"), descriptor(Item(b"a"), size=9)))),
    "wrong checksum": ("corpus.damaged", lambda: archive(GOOD, Item(b"a", packed=b"inpux"))),
    "wrong checksum, packed": ("corpus.damaged", lambda: archive(Item(b"a", method=8, packed=deflated(b"inpux")))),
    "more content than it says": ("corpus.damaged", lambda: archive(Item(b"a", method=8, packed=deflated(b"input!")))),
    "less content than it says": ("corpus.damaged", lambda: archive(Item(b"a", method=8, packed=deflated(b"inpu")))),
    "bytes behind the content": (
        "corpus.damaged",
        lambda: archive(Item(b"a", method=8, packed=deflated(b"input") + b"x")),
    ),
    "a chunk behind the content": (
        "corpus.damaged",
        lambda: archive(Item(b"a", method=8, packed=deflated(b"input") + b"x" * (200 << 10))),
    ),
    "content that is no deflate": ("corpus.damaged", lambda: archive(Item(b"a", method=8, packed=b"\xff\xff\xff"))),
    "content cut off": ("corpus.damaged", lambda: archive(Item(b"a", method=8, packed=deflated(b"input")[:-1]))),
    "no content at all": ("corpus.damaged", lambda: archive(Item(b"a", b"", method=8, packed=b""))),
    "truncated in the end": ("corpus.damaged", lambda: archive(GOOD)[:-1]),
    "truncated in the directory": ("corpus.damaged", lambda: archive(GOOD)[:-30]),
    "truncated in an entry": ("corpus.damaged", lambda: archive(GOOD)[:33]),
    "two bytes": ("corpus.damaged", lambda: b"PK"),
    "nothing": ("corpus.not_an_archive", lambda: b""),
    "text": ("corpus.not_an_archive", lambda: b"hello\n" * 100),
    "gzip": ("corpus.not_an_archive", lambda: b"\x1f\x8b\x08\x00" + b"\0" * 100),
}


@pytest.mark.parametrize("there", [True, False], ids=["into a corpus", "into nothing"])
@pytest.mark.parametrize("what", REFUSED)
def test_a_bad_archive_is_refused_whole(
    what: str, there: bool, fz: Callable[..., Any], seen: Callable[[Path], Any], project: Path
) -> None:
    """The import ends with 2 and the code and names the archive; no file or folder anywhere was so much as touched."""
    code, make = REFUSED[what]
    (project / "bad.zip").write_bytes(make())
    if there:
        (project / "seeds").mkdir()
        (project / "seeds" / "good").write_bytes(b"mine")
    before = seen(project)
    ran = fz("corpus", "import", "seeds", "bad.zip", "--json")
    assert (ran.code, ran.document()["error"]["code"]) == (2, code), ran.said
    assert ran.document()["error"]["where"]["file"] == "bad.zip" and ran.document()["error"]["hint"]
    assert seen(project) == before


def test_what_surrounds_the_bad_is_good() -> None:
    """The archives above are refused for what is wrong in them: without it each is read."""
    item = Item(b"a", method=8)
    for good in (
        archive(GOOD),
        archive(),
        archive(item, Item(b"b")),
        archive(late(item, descriptor(item))),
        archive(late(item, descriptor(item, sign=b"")), GOOD),
        archive(Item("ä".encode(), flags=UTF8)),
        archive(Item(b"a", mode=0)),
        archive(Item(b"a", extra=struct.pack("<2H5s", 0x5455, 5, b"\1time"), local={"extra": b""})),
        archive(Item(b"a", b"\0" * MIB)),
        archive(Item(b"a", b"\0" * (64 << 10), method=8)),
        archive(Item(b"inner.zip", archive(Item(b"../x")))),
        by_zipfile(a=b"1", b=b"2"),
    ):
        assert all(isinstance(data, bytes) for _, data in Archive(good, "good.zip", BOUNDS).contents())


def test_contents_are_what_was_packed() -> None:
    """Entries come out byte for byte, sorted by name however they are packed; an archive inside is just bytes."""
    inner = archive(Item(b"../x"))
    made = archive(Item(b"b", b"1" * 100, method=8), Item(b"a", inner), Item(b"e", b"", method=8))
    assert list(Archive(made, "x", BOUNDS).contents()) == [("a", inner), ("b", b"1" * 100), ("e", b"")]


def test_a_hundred_thousand_entries_are_refused_from_the_end_alone(tmp_path: Path) -> None:
    """No entry is looked at: such an archive is refused a hundred times while zipfile lists it once."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for number in range(100_000):
            out.writestr(zipfile.ZipInfo(str(number)), b"")
    data = made.getvalue()
    before = time.process_time()
    with zipfile.ZipFile(io.BytesIO(data)) as listed:
        assert len(listed.infolist()) == 100_000
    listing = time.process_time() - before
    before = time.process_time()
    for _ in range(100):
        with pytest.raises(ArchiveFlaw) as caught:
            Archive(data, "x", BOUNDS).entries()
        assert caught.value.reason == "too_many"
    assert time.process_time() - before < listing


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda data: b"PK\3\4" + data + b"PK\5\6" + b"\0" * 18))
@example(b"PK\5\6" + b"\0" * 18)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but an `ArchiveFlaw` ever comes of bytes from somewhere."""
    try:
        assert isinstance(list(Archive(data, "x", BOUNDS).contents()), list)
    except ArchiveFlaw as error:
        assert error.reason in REASONS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=0), value=st.integers(0, 255), cut=st.booleans())
def test_an_altered_byte_never_changes_what_is_read(place: int, value: int, cut: bool) -> None:
    """An archive with one byte changed, or cut off there, is refused, or has the names and contents it always had.

    A changed name is another name: the format has no checksum over names.
    """
    item = Item(b"packed", b"input" * 20, method=8)
    whole = archive(GOOD, late(item, descriptor(item)))
    expected = sorted(data for _, data in Archive(whole, "x", BOUNDS).contents())
    changed = whole[: place % len(whole)] if cut else altered(whole, place % len(whole), value)
    try:
        assert sorted(data for _, data in Archive(changed, "x", BOUNDS).contents()) == expected
    except ArchiveFlaw as error:
        assert error.reason in REASONS

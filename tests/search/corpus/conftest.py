"""What tests of corpora share: archives made byte by byte, and everything below a folder as it is."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

REGULAR = 0o100644 << 16


class Item(NamedTuple):
    """An entry to write. `local` says what its own header has instead, `central` what the central directory has."""

    name: bytes
    data: bytes = b"input"
    method: int = 0
    flags: int = 0
    mode: int = REGULAR
    extra: bytes = b""
    behind: bytes = b""  # a descriptor, or something hidden
    packed: bytes | None = None  # what stands in the file instead of the data
    local: dict[str, Any] = {}
    central: dict[str, Any] = {}


def deflated(data: bytes) -> bytes:
    """Data as deflate packs it, without any header."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def archive(*items: Item, before: bytes = b"", between: bytes = b"", after: bytes = b"", **end: Any) -> bytes:
    """A zip archive of these entries, with bytes where none belong, and an end that may say something else."""
    body, listed = before, b""
    for item in items:
        packed = item.packed if item.packed is not None else deflated(item.data) if item.method == 8 else item.data
        said = {
            "flags": item.flags,
            "method": item.method,
            "crc": zlib.crc32(item.data),
            "packed": len(packed),
            "size": len(item.data),
            "name": item.name,
            "extra": item.extra,
            "start": len(body),
        }
        own, listing = {**said, **item.local}, {**said, **item.central}
        body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, own["flags"], own["method"], 0, 33, own["crc"], own["packed"], own["size"], len(own["name"]), len(own["extra"]))  # fmt: skip
        body += own["name"] + own["extra"] + packed + item.behind
        listed += struct.pack("<4s4H2H3L5H2L", b"PK\1\2", 0x0314, 20, listing["flags"], listing["method"], 0, 33, listing["crc"], listing["packed"], listing["size"], len(listing["name"]), len(listing["extra"]), 0, 0, 0, item.mode, listing["start"])  # fmt: skip
        listed += listing["name"] + listing["extra"]
    ends = {"count": len(items), "size": len(listed), "start": len(body) + len(between), "disk": 0, "comment": 0, **end}
    closing = struct.pack("<4s4H2LH", b"PK\5\6", ends["disk"], 0, ends["count"], ends["count"], ends["size"], ends["start"], ends["comment"])  # fmt: skip
    return body + between + listed + closing + after


Seen = dict[str, tuple[int, int, bytes]]


def _seen(folder: Path) -> Seen:
    """Every file and folder, hidden ones too, with its mode, when it was changed, and its content or target."""
    found: Seen = {}
    for path in [folder, *sorted(folder.rglob("*"))]:
        known = os.lstat(path)
        content = b""
        if stat.S_ISREG(known.st_mode):
            content = path.read_bytes()
        elif stat.S_ISLNK(known.st_mode):
            content = os.readlink(path).encode()
        found[path.relative_to(folder).as_posix()] = (known.st_mode, known.st_mtime_ns, content)
    return found


@pytest.fixture
def seen() -> Callable[[Path], Seen]:
    """Everything below a folder; two that are equal mean that nothing was written there in between."""
    return _seen


@pytest.fixture
def made() -> Callable[..., bytes]:
    """Makes an archive by hand: `made(Item(b"a", b"data"))`."""
    return archive

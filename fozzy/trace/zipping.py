"""A zip archive of which the same entries make the same bytes everywhere.

Entries are stored, not compressed: what deflate makes of them depends on the library's version, and many equal bytes
would be refused as a bomb. They have one time, one mode and one maker, and the order they are given in.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip archive knows
_MODE = 0o100644 << 16
_UNIX = 3  # who made it, whoever did


def write_zip(path: Path, entries: Iterable[tuple[str, bytes]]) -> None:
    """Write a new archive. At most one content is held at a time. *Errors*: `OSError`, also when the file exists."""
    with ZipFile(path, "x", ZIP_STORED) as archive:
        for name, data in entries:
            header = ZipInfo(name, _EPOCH)
            header.create_system, header.external_attr = _UNIX, _MODE
            archive.writestr(header, data)

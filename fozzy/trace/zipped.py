"""A zip archive from anywhere, read with suspicion. Only what every reader understands the same way is read at all.

Nothing is believed twice: the central directory is held against each local header, the entries must fill the file
without gap or overlap, and sizes are measured while decompressing. So an archive has one meaning or is refused.
The format: PKWARE's APPNOTE.TXT, 4.3. What an archive is for, and which error a flaw in it is, its users say.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

from fozzy.trace.entry_names import flaw_of, same_name

RATIO_MAX = 100  # text compresses to a tenth; deflate reaches 1,032 only on what was made for it
RATIO_FLOOR_BYTES = 64 << 10  # less than this harms nobody, and short runs of zeros are fair inputs
HEADERS_BYTES_MAX = 16 << 20  # of 10,000 entries: twice, with names of full length, and some room for extra fields
CHUNK_BYTES = 64 << 10

_END, _CENTRAL, _LOCAL = struct.Struct("<4s4H2LH"), struct.Struct("<4s4H2H3L5H2L"), struct.Struct("<4s5H3L2H")
_DESCRIPTOR = struct.Struct("<3L")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _LATE, _UTF8 = (
    0x2041,
    0x0008,
    0x0800,
)  # of the flags: any encryption; sizes behind the data; the name's code
_HARMLESS = 0x0006 | _LATE | _UTF8  # the first is how hard the writer tried
_ZIP64, _OTHER_NAME = 0x0001, 0x7075  # extra fields that give a reader another size, another name
_DOS_FOLDER, _DOS_LABEL = 0x10, 0x08
_NAME_SHOWN_MAX = 100

REASONS = (
    "bad_name",
    "bomb",
    "damaged",
    "duplicate",
    "encrypted",
    "not_a_file",
    "not_an_archive",
    "too_large",
    "too_many",
    "unsupported",
)


class Bounds(NamedTuple):
    """How much an archive may hold: entries, the bytes of each and of all together."""

    entries_max: int
    entry_bytes_max: int
    total_bytes_max: int

    @property
    def archive_bytes_max(self) -> int:
        """How large the archive itself may be."""
        return self.total_bytes_max + HEADERS_BYTES_MAX


class ArchiveFlaw(Exception):
    """An archive is refused. `reason` is one word of `REASONS`, `message` and `hint` are for people."""

    def __init__(self, reason: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.hint = hint


class Packed(NamedTuple):
    """An entry as the central directory tells it."""

    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    start: int
    mode: int  # from the attributes: Unix in the upper half, DOS in the lower


Buffer = bytes | mmap


@contextmanager
def mapped(path: Path) -> Iterator[mmap]:
    """A file's bytes without reading them all at once. *Errors*: `OSError`; `ValueError` for an empty file."""
    with path.open("rb") as stream:
        data = mmap(stream.fileno(), 0, access=ACCESS_READ)
        yield data
        with suppress(BufferError):  # an error on its way still holds a part; then it is unmapped when that is gone
            data.close()


class Archive:
    """An archive in memory or mapped into it. *Errors*: every method `ArchiveFlaw`, whatever is wrong."""

    def __init__(self, data: Buffer, shown: str, bounds: Bounds) -> None:
        self._data = memoryview(data)
        self._shown = shown
        self._bounds = bounds

    def entries(self) -> list[Packed]:
        """Every entry, sorted by name, checked but for its content."""
        count, start, end = self._end()
        found = list(self._listed(count, start, end))
        self._check_names(found)
        for entry in found:
            self._check_kind(entry)
            self._check_sizes(entry)
        if sum(entry.size_bytes for entry in found) > self._bounds.total_bytes_max:
            raise self._too_large("its entries together have")
        self._check_layout(found, start)
        return sorted(found, key=lambda entry: entry.name)

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """Every entry's name and content, as it is measured. At most one content is held at a time."""
        total = 0
        for entry in self.entries():
            data = self._content(entry)
            total += len(data)
            if total > self._bounds.total_bytes_max:
                raise self._too_large("its entries together have")
            yield entry.name, data

    def _end(self) -> tuple[int, int, int]:
        """The number of entries, and where the central directory begins and ends."""
        end = len(self._data) - _END.size
        if end < 0 or bytes(self._data[end : end + 4]) != b"PK\5\6":
            raise self._not_whole()
        _, disk, first_disk, here, count, size, start, comment = _END.unpack(self._data[end:])
        if max(here, count) > self._bounds.entries_max:
            raise ArchiveFlaw(
                "too_many", f"the archive has more than {self._bounds.entries_max:,} entries", "copy the files instead"
            )
        if disk or first_disk or here != count:
            raise self._unsupported("is a part of several")
        if bytes(self._data[max(0, end - 20) : end][:4]) == b"PK\6\7":
            raise self._unsupported("uses zip64, which nothing so small needs")
        if comment or start + size != end:
            raise self._damaged("its central directory is not where it says")
        return count, start, end

    def _listed(self, count: int, start: int, end: int) -> Iterator[Packed]:
        """What the central directory lists: as many as it says, and nothing behind them."""
        place = start
        for _ in range(count):
            if place + _CENTRAL.size > end or bytes(self._data[place : place + 4]) != b"PK\1\2":
                raise self._damaged("its central directory is cut off")
            fields = _CENTRAL.unpack(self._data[place : place + _CENTRAL.size])
            _, _, _, flags, method, _, _, crc, packed, size, name, extra, comment, disk, _, mode, local = fields
            place += _CENTRAL.size
            if place + name + extra + comment > end:
                raise self._damaged("its central directory is cut off")
            raw = bytes(self._data[place : place + name])
            self._check_extra(self._data[place + name : place + name + extra])
            if disk:
                raise self._unsupported("is a part of several")
            yield Packed(self._name(raw, flags), raw, flags, method, crc, packed, size, local, mode)
            place += name + extra + comment
        if place != end:
            raise self._damaged("its central directory holds more than it says")

    def _name(self, raw: bytes, flags: int) -> str:
        try:
            name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
        except UnicodeDecodeError:
            raise self._bad_name(raw, "is neither ASCII nor UTF-8 that is marked as such") from None
        flaw = flaw_of(name)
        if flaw:
            raise self._bad_name(raw, flaw)
        return name

    def _check_extra(self, extra: memoryview) -> None:
        """Extra fields are skipped, but for those that would change what an entry is."""
        while extra:
            if len(extra) < 4:
                raise self._damaged("an extra field is cut off")
            kind, size = struct.unpack("<2H", extra[:4])
            if kind == _ZIP64:
                raise self._unsupported("uses zip64, which nothing so small needs")
            if kind == _OTHER_NAME:
                raise self._unsupported("gives an entry two names")
            if len(extra) < 4 + size:
                raise self._damaged("an extra field is cut off")
            extra = extra[4 + size :]

    def _check_names(self, entries: list[Packed]) -> None:
        seen: dict[str, str] = {}
        for entry in entries:
            other = seen.get(same_name(entry.name))
            seen[same_name(entry.name)] = entry.name
            if other is not None:
                message = f'two entries are named "{entry.name}"'
                if other != entry.name:
                    message = f'"{other}" and "{entry.name}" are one name where case does not count'
                hint = "rename one of them"
                raise ArchiveFlaw("duplicate", message, hint)

    def _check_kind(self, entry: Packed) -> None:
        if entry.flags & _ENCRYPTED:
            message, hint = f'"{entry.name}" is encrypted', "make the archive without a password"
            raise ArchiveFlaw("encrypted", message, hint)
        unix = stat.S_IFMT(entry.mode >> 16)
        if unix not in (0, stat.S_IFREG) or entry.mode & (_DOS_FOLDER | _DOS_LABEL):
            message = f'"{entry.name}" is {_KINDS.get(unix, "no regular file")}'
            raise ArchiveFlaw("not_a_file", message, "pack regular files alone")
        if entry.method not in (_STORED, _DEFLATED):
            raise self._unsupported(f'packs "{entry.name}" by method {entry.method}')
        if entry.flags & ~_HARMLESS:
            raise self._unsupported(f'gives "{entry.name}" flags {entry.flags:#06x}')

    def _check_sizes(self, entry: Packed) -> None:
        """Refuse at once what an entry itself says is too much; what it really holds is measured later."""
        if entry.size_bytes > self._bounds.entry_bytes_max:
            raise self._too_large(f'"{entry.name}" has', self._bounds.entry_bytes_max)
        if entry.method == _STORED and entry.size_bytes != entry.packed_bytes:
            raise self._damaged(f'"{entry.name}" has two sizes')
        self._check_ratio(entry, entry.size_bytes)

    def _check_ratio(self, entry: Packed, size_bytes: int) -> None:
        if size_bytes > RATIO_FLOOR_BYTES and size_bytes > RATIO_MAX * entry.packed_bytes:
            raise ArchiveFlaw(
                "bomb",
                f'"{entry.name}" unpacks to more than {RATIO_MAX} times its size',
                "if it is meant, store it: zip -0",
            )

    def _check_layout(self, entries: list[Packed], end: int) -> None:
        """The entries fill the file from its first byte to the central directory, each where the other ends."""
        place = 0
        for entry in sorted(entries, key=lambda entry: entry.start):
            if entry.start != place:
                raise self._damaged(f'"{entry.name}" overlaps another entry, or there is something before it')
            place = self._content_start(entry, end) + entry.packed_bytes
            place += self._descriptor_bytes(entry, place) if entry.flags & _LATE else 0
            if place > end:
                raise self._damaged(f'"{entry.name}" is cut off')
        if place != end:
            raise self._damaged("there is something between its entries and its central directory")

    def _content_start(self, entry: Packed, end: int) -> int:
        """Where an entry's packed bytes begin, behind a local header that says what the central directory says."""
        place: int = entry.start + _LOCAL.size
        if place > end or bytes(self._data[entry.start : entry.start + 4]) != b"PK\3\4":
            raise self._damaged(f'"{entry.name}" is not where it should be')
        _, _, flags, method, _, _, *sizes, name, extra = _LOCAL.unpack(self._data[entry.start : place])
        said = [entry.crc, entry.packed_bytes, entry.size_bytes]
        alike = sizes == said or (entry.flags & _LATE and sizes == [0, 0, 0])
        raw = bytes(self._data[place : place + name])
        if (
            place + name + extra > end
            or not alike
            or (flags, method, raw) != (entry.flags, entry.method, entry.raw_name)
        ):
            raise self._damaged(f'"{entry.name}" is something else in its own header than in the central directory')
        place += name
        self._check_extra(self._data[place : place + extra])
        return place + int(extra)

    def _descriptor_bytes(self, entry: Packed, place: int) -> int:
        """How long the sizes behind an entry's data are; their signature may be left out."""
        wanted = _DESCRIPTOR.pack(entry.crc, entry.packed_bytes, entry.size_bytes)
        for each in (b"PK\7\x08" + wanted, wanted):
            if bytes(self._data[place : place + len(each)]) == each:
                return len(each)
        raise self._damaged(f'"{entry.name}" has other sizes behind its data than in the central directory')

    def _content(self, entry: Packed) -> bytes:
        start = self._content_start(entry, len(self._data))
        packed = self._data[start : start + entry.packed_bytes]
        data = self._inflated(entry, packed) if entry.method == _DEFLATED else bytes(packed)
        self._check_ratio(entry, len(data))
        if len(data) != entry.size_bytes or zlib.crc32(data) != entry.crc:
            raise self._damaged(f'the content of "{entry.name}" is not what was packed')
        return data

    def _inflated(self, entry: Packed, packed: memoryview) -> bytes:
        """An entry's content. *Limits*: one byte more than an entry may have is ever made of it."""
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        made = bytearray()
        try:
            for place in range(0, len(packed), CHUNK_BYTES):
                made += inflater.decompress(
                    packed[place : place + CHUNK_BYTES], self._bounds.entry_bytes_max + 1 - len(made)
                )
                if len(made) > self._bounds.entry_bytes_max:
                    raise self._too_large(f'"{entry.name}" has', self._bounds.entry_bytes_max)
                if inflater.unused_data or (inflater.eof and place + CHUNK_BYTES < len(packed)):
                    raise self._damaged(f'"{entry.name}" has something behind its content')
        except zlib.error as error:
            raise self._damaged(f'"{entry.name}" cannot be unpacked') from error
        if not inflater.eof:
            raise self._damaged(f'"{entry.name}" is cut off')
        return bytes(made)

    def _not_whole(self) -> ArchiveFlaw:
        if bytes(self._data[:2]) == b"PK":
            return self._damaged("its end is missing, or something stands behind it")
        message = f"{self._shown} is no zip archive"
        hint = "name an archive that fozzy made, or one of plain files: zip -j FILE.zip FOLDER/*"
        return ArchiveFlaw("not_an_archive", message, hint)

    def _bad_name(self, raw: bytes, flaw: str) -> ArchiveFlaw:
        name = raw[:_NAME_SHOWN_MAX].decode("utf-8", "backslashreplace")
        message = f'the name of the entry "{name}" {flaw}'
        hint = "an archive has plain file names and no folders: zip -j FILE.zip FOLDER/*"
        return ArchiveFlaw("bad_name", message, hint)

    def _too_large(self, who: str, limit: int | None = None) -> ArchiveFlaw:
        message = f"{who} more than {limit or self._bounds.total_bytes_max:,} bytes"
        hint = "leave out what is large"
        return ArchiveFlaw("too_large", message, hint)

    def _unsupported(self, what: str) -> ArchiveFlaw:
        message = f"the archive {what}"
        hint = "pack it again, plainly: zip -j -X FILE.zip FOLDER/*"
        return ArchiveFlaw("unsupported", message, hint)

    def _damaged(self, why: str) -> ArchiveFlaw:
        message = f"the archive cannot be trusted: {why}"
        return ArchiveFlaw("damaged", message, "fetch or make it again")


_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}

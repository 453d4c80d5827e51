"""Content codings (RFC 9110, 8.4.1): undone piece by piece, so that a small body cannot unpack to a large one.

Only gzip and deflate, with the standard library: what a recording holds must not depend on which packages are
installed. A body in another coding stays as it came.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import _Decompress


class CodingError(Exception):
    """The body is not in the coding its header names."""


class Plain:
    """No coding."""

    def feed(self, chunk: bytes, bytes_max: int) -> bytes:
        """The bytes of a chunk. *Limits*: at most `bytes_max`."""
        return chunk[:bytes_max]

    def finish(self) -> None:
        """Check that nothing is missing."""


class Packed:
    """gzip or deflate."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._held = b""  # the first byte, as long as it does not tell which kind of deflate this is
        self._unpacker: _Decompress | None = None

    def feed(self, chunk: bytes, bytes_max: int) -> bytes:
        """The bytes a chunk unpacks to. *Limits*: at most `bytes_max`. *Errors*: `CodingError`."""
        unpacked = bytearray()
        while chunk and len(unpacked) < bytes_max:
            if self._unpacker is None:
                self._held, chunk = b"", self._held + chunk
                if len(chunk) < 2:
                    self._held = chunk
                    break
                self._unpacker = zlib.decompressobj(self._bits(chunk))
            unpacked += self._unpack(self._unpacker, chunk, bytes_max - len(unpacked))
            if not self._unpacker.eof or self._coding != "gzip":
                break  # it is used up, or there is no room for more; what follows deflate is ignored
            chunk = self._unpacker.unused_data
            if chunk:
                self._unpacker = None  # gzip may go on with a further member (RFC 1952, 2.2)
        return bytes(unpacked)

    def finish(self) -> None:
        """Check that nothing is missing. *Errors*: `CodingError`."""
        if self._held or (self._unpacker is not None and not self._unpacker.eof):
            raise CodingError(f"the {self._coding} body ends too early")

    def _unpack(self, unpacker: _Decompress, chunk: bytes, bytes_max: int) -> bytes:
        try:
            return unpacker.decompress(chunk, bytes_max)
        except zlib.error as error:
            raise CodingError(f"the body is not {self._coding}: {error}") from None

    def _bits(self, chunk: bytes) -> int:
        """What zlib is to expect. Some servers send `deflate` without the header it should have (RFC 1950, 2.2)."""
        if self._coding == "gzip":
            return 16 + zlib.MAX_WBITS
        has_header = chunk[0] & 15 == 8 and (chunk[0] << 8 | chunk[1]) % 31 == 0
        return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS


def decoder(content_encoding: str | None) -> Plain | Packed:
    """What undoes the coding a response names."""
    coding = (content_encoding or "").strip().lower().removeprefix("x-")
    return Packed(coding) if coding in ("gzip", "deflate") else Plain()

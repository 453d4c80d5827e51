"""The memory that a child of the user's interpreter shares with fozzy: which execution it is at, with which input.

A file without a name that the child maps and fozzy reads. So fozzy knows the input when the child hangs or dies, it
costs the child no call of the system, and nothing is left when either of them ends.
"""

from __future__ import annotations

import os
import struct
import tempfile

BEAT = struct.Struct("<qi")  # the execution's number, the length of the input that follows
NOT_BEGUN, NONSENSE = -0x666F7A7A79, -1  # numbers of no execution; nothing else writes the first by chance


class Shared:
    """The memory a child writes its beats to. Nothing the child does to it can harm who reads it. *Closes*: `close`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._descriptor, self.path = tempfile.mkstemp(prefix="fozzy-") if size else (-1, "")
        if size:
            os.truncate(self._descriptor, size)
            os.pwrite(self._descriptor, BEAT.pack(NOT_BEGUN, 0), 0)

    def hide(self) -> None:
        """Whoever should, has mapped it by now: let nobody else find it, and none stay behind."""
        path, self.path = self.path, ""
        if path:
            os.unlink(path)

    def number(self) -> int:
        """The execution that was begun last."""
        return self.read(0)[0]

    def read(self, bytes_max: int | None = None) -> tuple[int, bytes]:
        """The execution that was begun last, and its input."""
        got = os.pread(self._descriptor, BEAT.size, 0)
        number, length = BEAT.unpack(got) if len(got) == BEAT.size else (NONSENSE, 0)
        most = self._size - BEAT.size if bytes_max is None else bytes_max
        return number, os.pread(self._descriptor, min(max(length, 0), most), BEAT.size)

    def close(self) -> None:
        """End it."""
        self.hide()
        if self._descriptor != -1:
            os.close(self._descriptor)
            self._descriptor = -1

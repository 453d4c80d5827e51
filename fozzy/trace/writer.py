"""Writes a trace as the run goes: first to memory or to a `.partial` file, at the end sealed and linked to its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
from blake3 import blake3

from fozzy.core.events import Ask, Draw, Record
from fozzy.core.redact import Redactor
from fozzy.errors import StoreError
from fozzy.trace.format import BLOCK, ENDING, Counts, Footer, Header, encode_footer

MEMORY_BYTES_MAX = 1 << 20  # a buffered trace above this goes to its file
BLOCK_DIGEST_BYTES = 8


class Recorder:
    """One trace being written; a sink of the run's log.

    With `buffered` nothing touches the disk until the trace is sealed or grows large, so that a run that turns out
    not to be worth keeping costs no file. *Closes*: `seal` and `discard` end it.
    """

    def __init__(self, header: Header, partial: Path, redactor: Redactor, *, buffered: bool = False) -> None:
        self.header = header
        self.partial = partial
        self._redactor = redactor
        self._secrets = set(redactor.values)
        self._buffered = buffered
        self._chunks: list[bytes] = []
        self._memory_bytes = 0
        self._file: BinaryIO | None = None
        self._hash = blake3()
        self._encode = msgspec.json.Encoder().encode
        self._count = 0
        self._draws = 0
        self._asks = 0
        self._blocks: list[str] = []
        self._block = blake3()
        self._end = 0
        try:
            self._put(msgspec.json.encode(header) + b"\n")
        except StoreError:
            self.close()
            raise

    def __call__(self, records: Sequence[Record]) -> None:
        """Write a block of records."""
        encode, number = self._encode, self._count
        lines: list[bytes] = []
        for record in records:
            if type(record) is Draw:
                self._draws += 1
            elif type(record) is Ask:
                self._asks += 1
            lines.append(b'{"n":%d,%b\n' % (number, encode(record)[1:]))
            number += 1
        self._hash_blocks(lines)
        self._count = number
        self._put(b"".join(lines))

    @property
    def counts(self) -> Counts:
        """What was written so far."""
        events = self._count - self._draws - self._asks
        return Counts(records=self._count, draws=self._draws, asks=self._asks, events=events)

    @property
    def blocks(self) -> list[str]:
        """Digests of the blocks written so far, the last one unfinished."""
        rest = [self._block.hexdigest(length=BLOCK_DIGEST_BYTES)] if self._count % BLOCK else []
        return self._blocks + rest

    def late_secrets(self) -> bool:
        """Whether a value turned out to be a secret after earlier lines may have been written with it."""
        return self._redactor.values != self._secrets

    def rewrite(self) -> None:
        """Go over everything written and replace what turned out to be secret; digests are made anew."""
        text = self._read().decode()
        lines = [line.encode() + b"\n" for line in self._redactor.text(text).split("\n")[:-1]]
        self._hash, self._block, self._blocks, self._end = blake3(), blake3(), [], 0
        self._chunks, self._memory_bytes = [], 0
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
        self._count = 0
        self._put(lines[0])
        self._hash_blocks(lines[1:])
        self._count = len(lines) - 1
        self._put(b"".join(lines[1:]))
        self._secrets = set(self._redactor.values)

    def seal(self, footer: Footer, *, durable: bool) -> str:
        """Write the footer over an earlier one, if any, and return the seal. *Errors*: `OSError`, `StoreError`."""
        self.to_disk()
        line = encode_footer(footer)
        sealing = self._hash.copy()
        sealing.update(line[:-1])  # the seal covers what stands before its own opening quote
        digest = sealing.hexdigest()
        assert self._file is not None
        self._file.seek(self._end)
        self._file.truncate()
        self._write(line + digest.encode() + ENDING)
        if durable:
            os.fsync(self._file.fileno())
        return digest

    def to_disk(self) -> None:
        """From here on write to the file. *Errors*: `StoreError`."""
        if self._file is not None:
            return
        try:
            self.partial.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.partial.open("w+b", buffering=0)
        except OSError as error:
            raise self._unwritable(error) from error
        self._write(b"".join(self._chunks))
        self._chunks = []

    def close(self) -> None:
        """Let go of the file; it stays."""
        if self._file is not None:
            self._file.close()

    def discard(self) -> None:
        """Let go of the trace; nothing stays."""
        self.close()
        if self._file is not None:
            self.partial.unlink(missing_ok=True)
        self._chunks = []

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._end += len(data)
        if self._file is None and self._buffered and self._memory_bytes + len(data) <= MEMORY_BYTES_MAX:
            self._chunks.append(data)
            self._memory_bytes += len(data)
            return
        self.to_disk()
        self._write(data)

    def _write(self, data: bytes) -> None:
        """Write all of it: a nearly full disk takes only a part at first. *Errors*: `StoreError`."""
        assert self._file is not None
        try:
            done = self._file.write(data)
            while done < len(data):
                done += self._file.write(data[done:])
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError("trace.unwritable", f"cannot write {self.partial.as_posix()}: {error.strerror or error}")

    def _read(self) -> bytes:
        if self._file is None:
            return b"".join(self._chunks)
        self._file.seek(0)
        return self._file.read()[: self._end]

    def _hash_blocks(self, lines: list[bytes]) -> None:
        index = 0
        filled = self._count % BLOCK
        while index < len(lines):
            part = lines[index : index + BLOCK - filled]
            self._block.update(b"".join(part))
            index += len(part)
            filled = (filled + len(part)) % BLOCK
            if filled == 0:
                self._blocks.append(self._block.hexdigest(length=BLOCK_DIGEST_BYTES))
                self._block = blake3()

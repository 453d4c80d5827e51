"""Reads traces defensively: nothing is interpreted before its seal holds, everything is bounded, nothing is executed.

A file that does not begin as a trace is unusable input (exit 2); any defect inside a trace is evidence that cannot be
trusted (exit 6).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec
from blake3 import blake3

from fozzy.core.events import Record
from fozzy.core.limits import RECORD_BYTES_MAX
from fozzy.errors import EvidenceError, StoreError, Where
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import (
    ENDING,
    FOOTER_OPENING,
    OPENING,
    SEAL_CHARS,
    SEAL_OPENING,
    VERSION,
    Footer,
    Header,
)
from fozzy.trace.migrate import migrate_header

CHUNK_BYTES = 1 << 20
T = TypeVar("T")

header_decoder = msgspec.json.Decoder(Header)
footer_decoder = msgspec.json.Decoder(Footer)
record_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_VERSION = re.compile(rb"(\d{1,9})[,}]")
_TAIL = len(SEAL_OPENING) + SEAL_CHARS + len(ENDING)


class Trace:
    """An open trace. *Closes*: use it in a `with` block."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.shown = shown_path(path)
        self._stream = stream
        self.size_bytes = stream.seek(0, 2)
        self.header_bytes, self.version = self._opening()
        self.footer_start = self._find_footer()

    def __enter__(self) -> Trace:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    @property
    def is_sealed(self) -> bool:
        """Whether a footer line stands at the end; whether it is true says `seal_holds`."""
        return self.footer_start is not None

    def seal(self) -> tuple[str, str]:
        """The seal as written and as it should be. *Limits*: reads the file once, in chunks."""
        end = self.size_bytes - SEAL_CHARS - len(ENDING) - 1  # the opening quote is not sealed
        hasher = blake3()
        self._stream.seek(0)
        left = end
        while left > 0:
            chunk = self._stream.read(min(CHUNK_BYTES, left))
            if not chunk:
                break
            hasher.update(chunk)
            left -= len(chunk)
        written = self._stream.read(1 + SEAL_CHARS)[1:].decode("ascii", "replace")
        return written, hasher.hexdigest()

    def check_seal(self) -> None:
        """*Errors*: `EvidenceError` when the trace has no seal or another one than its bytes."""
        if not self.is_sealed:
            raise EvidenceError(
                "trace.unsealed",
                f"{self.shown} has no footer: the run that wrote it was cut off",
                hint=f"fozzy trace recover {self.shown}",
                where=Where(self.shown),
            )
        written, actual = self.seal()
        if written != actual:
            raise EvidenceError(
                "trace.seal_broken",
                f"{self.shown} was changed after it was sealed: its seal is {written[:8]}…, its bytes are {actual[:8]}…",
                hint=f"fozzy trace verify {self.shown} shows where",
                where=Where(self.shown),
            )

    def header(self) -> Header:
        """The header. *Errors*: `EvidenceError`."""
        try:
            newest = migrate_header(self.header_bytes, self.version)
        except (*_UNREADABLE, LookupError, TypeError) as error:  # the last two: a step misses what it needs
            raise self._bad(f"its header makes no sense: {error}") from error
        return self._decode(newest, header_decoder, "header")

    def footer(self) -> Footer | None:
        """The footer, none when there is none. *Errors*: `EvidenceError`."""
        if self.footer_start is None:
            return None
        self._stream.seek(self.footer_start)
        line = self._stream.read(self.size_bytes - self.footer_start)
        return self._decode(line[:-_TAIL] + b"}", footer_decoder, "footer")

    def blocks(self) -> Iterator[bytes]:
        """The bytes of the records, in chunks of whole lines. *Errors*: `EvidenceError` for a line without end."""
        start = len(self.header_bytes) + 1
        end = self.size_bytes if self.footer_start is None else self.footer_start
        self._stream.seek(start)
        rest = b""
        left = end - start
        while left > 0:
            chunk = self._stream.read(min(CHUNK_BYTES, left))
            if not chunk:
                break
            left -= len(chunk)
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield rest + chunk[:cut]
                rest = chunk[cut:]
            else:
                rest += chunk
            if len(rest) > RECORD_BYTES_MAX:
                raise self._bad("a record is longer than any record can be")
        if rest:
            yield rest

    def records(self) -> Iterator[Record]:
        """The records in order. *Errors*: `EvidenceError` at the first that makes no sense."""
        number = 0
        for block in self.blocks():
            for record in self._decode_block(block, number):
                yield record
                number += 1

    def whole_records(self) -> Iterator[Record]:
        """The records in order, up to the last that is whole and in its place."""
        for number, line in enumerate(line for block in self.blocks() for line in block.split(b"\n") if line):
            try:
                record = record_decoder.decode(line)
            except _UNREADABLE:
                return
            if not line.startswith(b'{"n":%d,' % number):
                return
            yield record

    def _decode_block(self, block: bytes, number: int) -> list[Record]:
        try:
            return record_decoder.decode_lines(block)
        except _UNREADABLE:
            pass
        for index, line in enumerate(line for line in block.split(b"\n") if line):
            try:
                record_decoder.decode(line)
            except _UNREADABLE as error:
                raise self._bad(f"record #{number + index} makes no sense: {error}") from error
        raise self._bad("its records are not separated by line ends")

    def _opening(self) -> tuple[bytes, int]:
        self._stream.seek(0)
        head = self._stream.read(len(OPENING) + 10)
        version = _VERSION.match(head, len(OPENING))
        if not head.startswith(OPENING) or version is None:
            message = f"{self.shown} does not begin as a fozzy trace"
            raise StoreError("trace.not_a_trace", message, where=Where(self.shown, 1, 1))
        if int(version[1]) > VERSION:
            raise EvidenceError(
                "trace.newer_format",
                f"{self.shown} has trace format {int(version[1])}; this fozzy reads up to {VERSION}",
                hint="update fozzy, or record the run again with this one",
                where=Where(self.shown, 1, len(OPENING) + 1),
            )
        self._stream.seek(0)
        line = self._stream.readline(RECORD_BYTES_MAX)
        if not line.endswith(b"\n"):
            raise self._bad("the header is cut off")
        return line[:-1], int(version[1])

    def _find_footer(self) -> int | None:
        """Where the last line starts, if it has the form of a footer."""
        tail_start = max(0, self.size_bytes - _TAIL)
        self._stream.seek(tail_start)
        tail = self._stream.read(_TAIL)
        if not (tail.startswith(SEAL_OPENING) and tail.endswith(ENDING)):
            return None
        end, line = self.size_bytes - 1, b""
        while end > 0 and len(line) <= RECORD_BYTES_MAX:
            start = max(0, end - CHUNK_BYTES)
            self._stream.seek(start)
            chunk = self._stream.read(end - start)
            cut = chunk.rfind(b"\n")
            if cut >= 0:
                line = chunk[cut + 1 :] + line
                return start + cut + 1 if line.startswith(FOOTER_OPENING) else None
            line, end = chunk + line, start
        return None

    def _decode(self, data: bytes, decoder: msgspec.json.Decoder[T], part: str) -> T:
        try:
            return decoder.decode(data)
        except _UNREADABLE as error:
            raise self._bad(f"its {part} makes no sense: {error}") from error

    def _bad(self, what: str) -> EvidenceError:
        return EvidenceError(
            "trace.damaged",
            f"{self.shown}: {what}",
            hint=f"fozzy trace verify {self.shown} shows what still holds",
            where=Where(self.shown),
        )


def open_trace(path: Path) -> Trace:
    """Open a trace. *Errors*: `StoreError` when it is missing, unreadable or no trace; `EvidenceError` for its format."""
    try:
        stream = path.open("rb")
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
        message = f"cannot read {shown_path(path)}: {reason}"
        raise StoreError("trace.unreadable", message, where=Where(shown_path(path))) from error
    try:
        return Trace(path, stream)
    except BaseException:
        stream.close()
        raise


def is_of_proxy(path: Path) -> bool:
    """Whether a trace was recorded by a proxy: it holds no scenario. *Errors*: as `open_trace`."""
    with open_trace(path) as trace:
        return trace.header().mode == "proxy"

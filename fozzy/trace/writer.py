"""Writes a trace as the run goes: first to memory or to a `.partial` file, at the end sealed and linked to its name."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
from blake3 import blake3

from fozzy.core.events import Ask, Draw, Record
from fozzy.core.redact import Redactor
from fozzy.core.redact_records import RecordCleaner
from fozzy.errors import StoreError
from fozzy.trace.format import BLOCK, ENDING, Counts, EmbeddedScenario, Footer, Header, encode_footer

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
        self._rests = False
        self.sealed = ""  # the seal, once there is one
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

    def adopt(self, lines: list[bytes]) -> None:
        """Write lines of another trace as they are, its first ones in order. *Errors*: `StoreError`."""
        self._draws += sum(b'"kind":"draw"' in line[:40] for line in lines)
        self._asks += sum(b'"kind":"ask"' in line[:40] for line in lines)
        self._hash_blocks(lines)
        self._count += len(lines)
        self._put(b"".join(lines))

    @property
    def end(self) -> int:
        """How many bytes were written."""
        return self._end

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
        return not self._redactor.values <= self._secrets

    def acquit(self, values: Iterable[str]) -> None:
        """These values are known to stand nowhere in what was written: they are not late."""
        self._secrets.update(values)

    def rewrite(self) -> None:
        """Go over everything written and replace what turned out to be secret; digests are made anew.

        *Limits*: works through the file in blocks, whatever its size. *Errors*: `OSError`, `StoreError`.
        """
        suspect = _anywhere(self._redactor.values - self._secrets)
        if self._rests:
            self.to_disk()
        before, end, chunks = self._file, self._end, self._chunks
        self._hash, self._block, self._blocks, self._end, self._count = blake3(), blake3(), [], 0, 0
        self._chunks, self._memory_bytes = [], 0
        cleaned = self.partial.with_name(self.partial.name + ".cleaned")
        lines = iter(b"".join(chunks).splitlines(keepends=True)) if before is None else _lines(before, end)
        if before is not None:
            self._file = cleaned.open("w+b", buffering=0)
        try:
            next(lines)
            self.header = _clean_header(self.header, self._redactor)
            self._put(self._encode(self.header) + b"\n")
            while block := list(islice(lines, BLOCK)):
                block = [self._clean_line(line) if suspect.search(line) or _is_hidden(line) else line for line in block]
                self._hash_blocks(block)
                self._count += len(block)
                self._put(b"".join(block))
            if before is not None:
                os.replace(cleaned, self.partial)
        except BaseException:
            cleaned.unlink(missing_ok=True)
            raise
        finally:
            if before is not None:
                before.close()
        self._secrets = set(self._redactor.values)

    def _clean_line(self, line: bytes) -> bytes:
        record, clean = msgspec.json.decode(line), self._redactor.clean
        if record["kind"] not in _TEXTS:
            cleaned = RecordCleaner(self._redactor).clean(_records.decode(line))
            return b'{"n":%d,%b\n' % (record["n"], self._encode(cleaned)[1:])
        for field in _TEXTS[record["kind"]]:
            if field in record:
                record[field] = clean(record[field])
        return self._encode(record) + b"\n"

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
        self.sealed = digest
        return digest

    def to_disk(self) -> None:
        """From here on write to the file. *Errors*: `StoreError`."""
        if self._file is not None:
            return
        try:
            if self._rests:
                self._file = self.partial.open("r+b", buffering=0)
                self._file.seek(0, os.SEEK_END)
                return
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

    def rest(self) -> None:
        """Let go of the file until something more is written. *Errors*: `StoreError`."""
        self.to_disk()
        self.close()
        self._file, self._rests = None, True

    def discard(self) -> None:
        """Let go of the trace; nothing stays."""
        self.close()
        if self._file is not None or self._rests:
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


# The fields of each kind of record that hold what somebody said; the others are ours, and replay goes by them.
# A proxy's records are cleaned as such.
_TEXTS = {
    "draw": (),
    "ask": ("request", "answer"),
    "step": ("note", "failed"),
    "event": ("name", "fields"),
    "finding": ("message", "label", "details"),
    "net": (),
}
_PLAIN = re.compile(r"[\w-]+", re.ASCII)
_records: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def plain_run(secret: str) -> str:
    """The longest part of a secret that is written the same however it is escaped."""
    return max(_PLAIN.findall(secret), key=len, default="")


def _is_hidden(line: bytes) -> bool:
    """Whether it is an exchange with a body that cannot be searched as it stands."""
    return b'"kind":"exchange"' in line[:40] and b'"base64":' in line


def _anywhere(secrets: Iterable[str]) -> re.Pattern[bytes]:
    """What finds a line that may hold one of the secrets, however often it is escaped: escapes leave such runs alone."""
    runs = {plain_run(secret) for secret in secrets}
    return re.compile(b"|".join(re.escape(run.encode()) for run in sorted(runs)))


def _lines(stream: BinaryIO, end: int) -> Iterator[bytes]:
    """The lines of a file up to a position. *Closes*: the file."""
    stream.seek(0)
    done = 0
    with io.BufferedReader(cast(io.RawIOBase, stream)) as reader:
        while done < end and (line := reader.readline()):
            done += len(line)
            yield line


def _clean_header(header: Header, redactor: Redactor) -> Header:
    clean = redactor.clean
    scenario = _clean_scenario(header.scenario, redactor)
    return msgspec.structs.replace(
        header, scenario=scenario, http_base_url=clean(header.http_base_url), case=clean(header.case)
    )


def _clean_scenario(scenario: EmbeddedScenario, redactor: Redactor) -> EmbeddedScenario:
    """A scenario and the files it includes without what turned out to be secret."""
    text = redactor.source(scenario.text, scenario.form)
    return msgspec.structs.replace(
        scenario,
        text=text,
        redacted=scenario.redacted or text != scenario.text,
        included=[_clean_scenario(each, redactor) for each in scenario.included],
    )

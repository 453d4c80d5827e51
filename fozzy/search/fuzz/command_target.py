"""A program as a target: the input is its stdin, or a file named by `@@` among its words.

What an execution reached is told by how it ended and by the shape of what it wrote: its lines without digits and
quoted parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from zlib import crc32

from fozzy.core.blob import Blob
from fozzy.core.choice import Choices
from fozzy.core.clock import Clock
from fozzy.core.limits import Limits
from fozzy.core.log import Log
from fozzy.core.redact import Redactor
from fozzy.core.sources import Seeded
from fozzy.errors import StoreError
from fozzy.search.fuzz.mutate import FIRST_INPUTS, Means, mutate
from fozzy.search.fuzz.portion import Crash, Result
from fozzy.search.fuzz.rng import Rng
from fozzy.world.host_loop import HostLoop
from fozzy.world.proc.base import Exited, Spawn
from fozzy.world.proc.host import HostProc

FILE_WORD = "@@"
LINES_MAX = 64  # of each stream; the shape of a program's words is seen in the first of them
_VARYING = re.compile(rb"0x[0-9a-fA-F]+|\d+|'[^']*'|\"[^\"]*\"")


class CommandTarget:
    """Runs a program, each time anew. *Closes*: `close`. *Limits*: those of host processes; `call_ms_max` ends one that hangs."""

    def __init__(self, program: Sequence[str], input_file: Path, limits: Limits, words: Sequence[bytes] = ()) -> None:
        cmd, *args = program
        self.words = list(words)
        self.first = list(FIRST_INPUTS)
        self._cmd = cmd
        self._args = list(args)
        self._file = input_file if takes_file(args) else None
        self._loop = HostLoop()
        clock, log, redactor = Clock(), Log(), Redactor()
        self._log = log
        choices = Choices(Seeded(0), clock, log, redactor, limits.call_ms_max * 10**6)
        self._proc = HostProc(choices, self._loop, limits, Path(), ends_strays=True)

    def mutate(self, data: bytes, rng: Rng, means: Means) -> bytes:
        """Another input."""
        return mutate(data, rng, means)

    def execute(self, data: bytes) -> Result:
        """Run the program. *Errors*: `StoreError` when its file cannot be written."""
        ended = self._proc.spawn(self._request(data))
        self._log.buffer.clear()
        return Result(set(_features(ended)), _crash(self._cmd, ended))

    def close(self) -> None:
        """End everything."""
        self._loop.close()
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def _request(self, data: bytes) -> Spawn:
        if self._file is None:
            return Spawn(cmd=self._cmd, args=self._args, stdin=Blob.of(data))
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_bytes(data)
        except OSError as error:
            raise StoreError("store.unwritable", f"cannot write {self._file}: {error.strerror or error}") from error
        args = [word.replace(FILE_WORD, str(self._file)) for word in self._args]
        return Spawn(cmd=self._cmd, args=args)


def takes_file(args: Sequence[str]) -> bool:
    """Whether the input is a file that is named among a program's words."""
    return any(FILE_WORD in word for word in args)


def _crash(cmd: str, ended: Exited) -> Crash | None:
    failure = ended.failure
    if failure is not None and failure.kind == "timeout":
        return Crash(kind="hang", title="proc_timeout", message=failure.message, status="timeout")
    if failure is not None and failure.kind == "limit":
        return Crash(kind="limit", title="proc_limit", message=failure.message, status="fail")
    if failure is not None:
        return Crash(kind="target_behavior", title=f"proc_{failure.kind}", message=failure.message, status="error")
    if ended.signal is not None:
        message = f"{cmd} was ended by signal {ended.signal}"
        return Crash(kind="panic", title="proc_signal", message=message, status="crash", cause=[str(ended.signal)])
    return None


def _features(ended: Exited) -> Iterator[int]:
    yield crc32(b"exit %d" % (ended.exit_code if ended.exit_code is not None else -(ended.signal or 0)))
    for name, blob in ((b"out", ended.stdout), (b"err", ended.stderr)):
        lines = blob.data().splitlines()
        yield crc32(b"%s %d" % (name, len(lines).bit_length()))
        for line in lines[:LINES_MAX]:
            yield crc32(name + _VARYING.sub(b"#", line))

"""Runs scenarios and writes down what each of them said, for somebody who compares: in this process or in another.

A statement is a file of lines: the header, then every record, without what only the end of a trace holds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from fozzy.core.events import Record
from fozzy.core.log import Log
from fozzy.core.sources import Seeded, member_seed
from fozzy.dsl.load import load
from fozzy.engine.code import allowance_of, with_code
from fozzy.engine.discover import Chosen
from fozzy.engine.prepare import Options, Ready, for_host, header_of, ready, runnable_file, start
from fozzy.errors import FozzyError

WITNESS_S_MAX = 1800  # all scenarios of a large project, with real programs; longer is stuck
_ROOT = Path(__file__).resolve().parents[2]
# The new process runs this very fozzy, wherever this one has it from.
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from fozzy.gate.witness import main; main()"


class Item(msgspec.Struct, frozen=True):
    """A scenario to run, in one combination of its matrix."""

    path: str
    name: str
    case: dict[str, Any]
    seed: int


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a witness runs. Paths are relative to `root`; statements go into `folder`, by number."""

    items: list[Item]
    numbers: list[int]
    options: Options
    root: str
    folder: str


def items_of(chosen: Sequence[Chosen], seed: int) -> list[Item]:
    """The scenarios as a witness in any process finds them again, with the seeds `test` gives them."""
    made = []
    for each in chosen:
        assert each.loaded is not None
        own = runnable_file(each.loaded).seed
        derived = member_seed(seed, f"{each.name} {each.label}".rstrip())
        made.append(Item(str(each.path), each.name, each.case, derived if own is None else own))
    return made


def testify(job: Job) -> None:
    """Run the scenarios in this process, one after the other. What one of them raises is its statement."""
    for number, item in zip(job.numbers, job.items, strict=True):
        with statement(job.folder, number).open("wb") as out:
            try:
                _run(item, job, out.write)
            except FozzyError as error:
                out.write(msgspec.json.encode({"error": error.code, "message": error.message}) + b"\n")


def statement(folder: str | Path, number: int) -> Path:
    """Where the statement of a scenario is."""
    return Path(folder) / f"{number}.jsonl"


def prepared(item: Item, options: Options, root: Path) -> Ready:
    """A scenario ready to run as a witness runs it. *Errors*: `InputError`, `NotAllowedError`."""
    path = Path(item.name) if Path(item.name).is_absolute() else root / item.name
    loaded = load(path, item.name, item.name)
    header, redactor = header_of(loaded, options, item.seed, "test", item.case)
    run = for_host(ready(header, loaded, redactor, root, item.case), options.settings)
    return with_code(run, loaded, allowance_of(options, root))


def _run(item: Item, job: Job, write: Callable[[bytes], object]) -> None:
    run = prepared(item, job.options, Path(job.root))
    write(msgspec.json.encode(run.header) + b"\n")
    encode = msgspec.json.Encoder().encode_lines

    def say(records: Sequence[Record]) -> None:
        write(encode(records))

    start(run, Seeded(item.seed), Log([say]))


def send(job: Job, environment: Mapping[str, str], cwd: str) -> subprocess.Popen[bytes]:
    """A witness in a process of its own, which has begun. *Closes*: whoever waits for it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _START, str(_ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
        env=dict(environment),
    )
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(msgspec.json.encode(job))
    return process


def main() -> None:
    """A witness that was sent: its job comes through stdin."""
    testify(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))

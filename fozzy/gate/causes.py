"""Why two runs differ: found out by running again with one thing different at a time, and by looking at what differs.

First the same surroundings are tried again. What differs even then is made by the program itself: a clock, chance,
threads; the text tells which, and for user code an informant in its interpreter. What stays the same is tried with one
aspect changed at a time, and the first that changes it is the cause.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from fozzy.core.events import Ask, Event, Record
from fozzy.engine.tape import CALL
from fozzy.gate.checked import Cause
from fozzy.gate.statements import Parting, texts
from fozzy.gate.ways import ASPECTS, Aspect, Way

HASH_SEED = 3
PID_GAP_MAX = 20_000  # between the numbers of processes that are started one soon after the other

IN_PLAIN = {
    "clock": "it tells the time",
    "random": "it says something else each time: a random number, most often",
    "process_id": "it tells the number of a process",
    "threads": "threads race for who comes first",
    "address": "it tells the address of an object, or follows from the order of addresses",
    "native": "it calls machine code past Python (ctypes), which lives in true time",
    "system_file": "it reads what the system tells of itself: a file below /proc, /sys or /dev",
    "file_time": "it tells when a file was changed",
    "file_order": "it takes files in the order the system lists them",
    "folder_list": "it lists a folder that others write to",
    "folder": "it tells the folder it runs in",
    "environment": "it reads a variable of the environment",
    "locale": "it writes in the language and manner of the locale",
    "zone": "it tells local time, by the time zone",
    "hash_order": "it depends on the order of a set, or on hash(): PYTHONHASHSEED changes it",
    "left_over": "something outlives an execution in its process: what a package counts or keeps",
    "shared": "an object of a package, a file, the environment",
    "unknown": "it differs now and then; what changes it was not found",
}
_OF_ASPECT: dict[Aspect, str] = {
    "hash_seed": "hash_order",
    "order": "file_order",
    "folder": "folder",
    "locale": "locale",
    "zone": "zone",
    "environment": "environment",
    "memory": "address",
    "times": "file_time",
}
_TIME = re.compile(r"\b\d{1,2}:\d{2}:\d{2}\b|\b\d{4}-\d{2}-\d{2}\b|(?<!\d)1[5-9]\d{8}(?:\d{3}){0,3}(?!\d)")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")
_NUMBER = re.compile(r"-?\d+")
_PAST_PATCHES = ("native", "system_file")  # all else that a simulated machine can ask is answered by the simulator
_MADE_BY_ITSELF = (*_PAST_PATCHES, "threads", "clock", "process_id", "address", "random")

Again = Callable[[Way], Path]  # run the scenario in a way; where its statement is
Compare = Callable[[Path, Path], Parting | None]


class Case(NamedTuple):
    """A scenario whose runs differed, and how to run and compare it again."""

    again: Again
    compare: Compare
    informant: Path
    aspects: Sequence[Aspect] = ASPECTS
    is_simulated: bool = False  # what differs is made by user code under the simulator, and told as a digest most often


def causes_of(case: Case, seen: Parting) -> list[Cause]:
    """The likely causes, the surest first; at least one."""
    first = case.again(Way(informant=str(case.informant)))
    asked = list(_asked(case.informant))
    if case.is_simulated:
        first = case.again(Way())  # who is watched has his objects at other addresses
    parted = list(_apart_by_itself(case, first))
    if parted:
        return _inherent(case, parted, asked)
    races = any(cause.kind == "threads" for cause in asked)
    changed: list[Aspect] = []
    for aspect in _in_order(case):
        if case.compare(first, case.again(Way(frozenset([aspect]), HASH_SEED))) is not None:
            changed.append(aspect)
            if not races or len(changed) > 1:  # with threads, a second aspect shows that it is neither
                break
    if len(changed) > 1:
        return _inherent(case, [seen], asked)
    return [_of_aspect(changed[0], asked)] if changed else _inherent(case, [seen], asked)


def _in_order(case: Case) -> list[Aspect]:
    """What is tried first: under the simulator addresses, which anything else that is changed moves as well."""
    return sorted(case.aspects, key=lambda each: each != "memory") if case.is_simulated else list(case.aspects)


def _apart_by_itself(case: Case, first: Path) -> Iterator[Parting]:
    """How runs in the same surroundings differ: none when the second is as the first."""
    for _ in range(2):
        parting = case.compare(first, case.again(Way()))
        if parting is None:
            return
        yield parting


def _of_aspect(aspect: Aspect, asked: Sequence[Cause]) -> Cause:
    kind = _OF_ASPECT[aspect]
    return _cause(kind, next((each.at for each in asked if each.kind == kind), ""))


def _inherent(case: Case, parted: Sequence[Parting], asked: Sequence[Cause]) -> list[Cause]:
    """Causes of what differs although nothing around it does."""
    if case.is_simulated:
        past = [each for each in asked if each.kind in _PAST_PATCHES]
        addresses = [each for each in asked if each.kind == "address"]
        return _first_of_each(past) or _first_of_each(addresses) or [_cause("unknown")]
    if is_call(parted[0].record):
        own = [each for kind in _MADE_BY_ITSELF for each in asked if each.kind == kind]
        return _first_of_each(own) or [_by_text(parted)]
    return [_by_text(parted)]


def is_call(record: Record | None) -> bool:
    """Whether a record is what a call of user code came to."""
    return isinstance(record, Event) and record.name == CALL


def _first_of_each(causes: Sequence[Cause]) -> list[Cause]:
    return list({cause.kind: cause for cause in reversed(causes)}.values())[::-1]


def _by_text(parted: Sequence[Parting]) -> Cause:
    """What the texts that differ look like."""
    pairs = [told for each in parted if (told := next(iter(texts(each)), None)) is not None]
    if not pairs:
        return _cause("unknown")
    a, b = pairs[0]
    if all(_ADDRESS.search(text) for text in (a, b)) and _ADDRESS.sub("", a) == _ADDRESS.sub("", b):
        return _cause("address")
    if all(_TIME.search(text) for text in (a, b)) and _TIME.sub("", a)[:40] != a[:40]:
        return _cause("clock")
    if _is_listing(parted[0], a, b):
        return _cause("folder_list")
    return _cause("process_id" if _are_process_ids(pairs) else "random")


def _is_listing(parting: Parting, a: str, b: str) -> bool:
    """Whether both are mostly the same lines, with some more on one side."""
    record = parting.record
    command = record.request.get("cmd", "") if isinstance(record, Ask) and isinstance(record.request, dict) else ""
    args = record.request.get("args", []) if isinstance(record, Ask) and isinstance(record.request, dict) else []
    words = {*re.split(r"[\s;|&/]+", " ".join([command, *map(str, args)]))}
    ours, theirs = set(a.split()), set(b.split())
    listed = bool(words & {"ls", "find", "dir", "tree", "listdir", "glob"})
    return listed or (len(ours & theirs) > len(ours ^ theirs) > 0 and "\n" in a)


def _are_process_ids(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether nothing differs but numbers, and those grow by little from run to run."""
    texts_of_runs = [pairs[0][0], *(b for _, b in pairs)]
    if len({_NUMBER.sub("", text) for text in texts_of_runs}) > 1:
        return False
    rows = [[int(each) for each in _NUMBER.findall(text)] for text in texts_of_runs]
    columns = [column for column in zip(*rows, strict=True) if len(set(column)) > 1]
    return bool(columns) and all(_grows(column) for column in columns)


def _grows(numbers: Sequence[int]) -> bool:
    return all(0 < after - before < PID_GAP_MAX for before, after in zip(numbers, numbers[1:], strict=False))


def _asked(informant: Path) -> Iterator[Cause]:
    """What the informant wrote: what user code asked, and where."""
    try:
        lines = informant.read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        kind, _, at = msgspec.json.decode(line.encode(), type=tuple[str, str, str])
        yield _cause(kind, at)


def _cause(kind: str, at: str = "") -> Cause:
    return Cause(kind=kind, message=IN_PLAIN[kind], at=at)

"""How two runs differ: how they went, where they part, what they kept, and the numbers beside them.

Rule 1: what a run is called and when the wall clock said so is no difference.
Rule 2: scenarios of suites are held together by path and combination, whatever their numbers are.
Rule 3: real times differ between any two runs. They are told and do not make runs differ; lines that were run do.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fozzy.core.outcome import Camel
from fozzy.core.summary import Summary
from fozzy.errors import EvidenceError, Where
from fozzy.insight.artifacts import Artifact, artifacts_of, files_of, renamed, unreadable
from fozzy.trace.diff import Difference, TraceDiff, diff, differences
from fozzy.trace.finalize import shown_path

if TYPE_CHECKING:
    from fozzy.insight.recall import Recalled  # documents are made of what stands here, and need no more than that

DIFFERENCES_MAX = 200  # of one summary or side file; more are counted
SIDE_BYTES_MAX = 64 << 20  # a larger side file is of a run that nobody compares number by number
NAMING = ("schemaVersion", "command", "startedAt", "finishedAt", "durationMs", "kept")
Side = Literal["profile", "coverage"]
SIDES: tuple[Side, ...] = ("coverage", "profile")


class Kept(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A file that only one run kept, or both with other bytes; null where it is not there."""

    name: str
    a: Artifact | None
    b: Artifact | None


class Numbers(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """The numbers of a side file that differ. A list of lines is compared as a set: how many are on one side only."""

    kind: Side
    differences: list[Difference]
    more: int  # differences beyond what is listed


class RunsDiff(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """How two runs differ. `trace` is null when one of them has none of its own, as a suite."""

    same: bool
    summary: list[Difference]
    summary_more: int
    files: list[Kept]
    sides: list[Numbers]
    trace: TraceDiff | None


def compare(a: Recalled, b: Recalled, *, unsafe: bool = False) -> RunsDiff:
    """Compare two runs. *Errors*: `StoreError`; `EvidenceError` for a trace or side file that cannot be trusted."""
    found, more = _bounded(differences(_plain(a.summary), _plain(b.summary), ""))
    kept = list(_kept(_files(a), _files(b)))
    sides = [each for kind in SIDES for each in _side(kind, a, b)]
    traces = diff(a.trace, b.trace, unsafe=unsafe) if a.trace and b.trace else None
    lines = any(each.kind == "coverage" and each.differences for each in sides)
    alone = any(each.a is None or each.b is None for each in kept)
    same = not found and not lines and not alone and (traces is None or traces.same)
    return RunsDiff(same=same, summary=found, summary_more=more, files=kept, sides=sides, trace=traces)


def _plain(summary: Summary) -> dict[str, Any]:
    """The summary without names and wall time, its scenarios by what they are."""
    whole: dict[str, Any] = msgspec.to_builtins(summary)
    plain = {key: value for key, value in whole.items() if key not in NAMING}
    if summary.scenarios or not summary.det:
        plain.pop("durationNs")  # of the wall too
    plain["identity"] = {"seed": summary.identity.seed}
    plain["scenarios"] = {
        f"{each['path']} {each.get('case', '')}".rstrip(): {
            key: value for key, value in each.items() if key not in ("number", "tracePath", "durationNs")
        }
        for each in whole.get("scenarios", [])
    }
    return plain


def _bounded(found: Iterator[Difference]) -> tuple[list[Difference], int]:
    kept = list(islice(found, DIFFERENCES_MAX))
    return kept, sum(1 for _ in found)


def _files(run: Recalled) -> dict[str, Artifact]:
    """The files of a run by names that mean the same in both, whatever its trace is called."""
    files = files_of(run.named)
    named = renamed(files, run.trace, "trace") if run.named.member or run.named.folder is None else files
    return {each.name: each for each in artifacts_of(named)}


def _kept(a: dict[str, Artifact], b: dict[str, Artifact]) -> Iterator[Kept]:
    for name in sorted({*a, *b}):
        ours, theirs = a.get(name), b.get(name)
        if ours is None or theirs is None or ours.blake3 != theirs.blake3:
            yield Kept(name=name, a=ours, b=theirs)


def _side(kind: Side, a: Recalled, b: Recalled) -> Iterator[Numbers]:
    """The side files of that kind, when both have one."""
    ours, theirs = (_read(run.named.beside(kind)) for run in (a, b))
    if ours is not None and theirs is not None:
        found, more = _bounded(_numbers(ours, theirs, ""))
        yield Numbers(kind=kind, differences=found, more=more)


def _read(path: Path | None) -> Any:
    """A side file, none when there is none. *Errors*: `StoreError`, `EvidenceError`."""
    if path is None or not path.is_file():
        return None
    shown = shown_path(path)
    try:
        if path.stat().st_size > SIDE_BYTES_MAX:
            message = f"{shown} has more than {SIDE_BYTES_MAX:,} bytes"
            raise EvidenceError("artifacts.bad_side_file", message, hint="remove it", where=Where(shown))
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message, hint = f"{shown} makes no sense: {error}", "remove it, or run again with --profile or --coverage"
        raise EvidenceError("artifacts.bad_side_file", message, hint=hint, where=Where(shown)) from error


def _numbers(a: Any, b: Any, path: str) -> Iterator[Difference]:
    """The numbers that differ, at any depth."""
    if isinstance(a, dict) or isinstance(b, dict):
        members = [each if isinstance(each, dict) else {} for each in (a, b)]
        for key in dict.fromkeys([*members[0], *members[1]]):
            yield from _numbers(members[0].get(key), members[1].get(key), f"{path}.{key}" if path else key)
    elif _is_lines(a) and _is_lines(b):
        ours, theirs = set(a or ()), set(b or ())
        if ours != theirs:
            yield Difference(field=f"{path} on one side only", a=len(ours - theirs), b=len(theirs - ours))
    elif isinstance(a, list) or isinstance(b, list):
        lists = [each if isinstance(each, list) else [] for each in (a, b)]
        for index, (mine, its) in enumerate(zip_longest(*lists)):
            yield from _numbers(mine, its, f"{path}[{index}]")
    elif a != b and (_is_number(a) or _is_number(b)):
        yield Difference(field=path, a=a, b=b)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_lines(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(map(_is_number, value)))

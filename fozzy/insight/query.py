"""Questions to a recorded run by JSONPath (RFC 9535).

A run is one JSON value: `{"summary": …, "header": …, "records": […]}`. The summary is that of `report show --json`; the
header and the records are the trace's, each record with its number `n`. A suite has no header and no records of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from fozzy.core.outcome import Camel
from fozzy.errors import StoreError, UsageError
from fozzy.trace.reader import open_trace

if TYPE_CHECKING:
    from fozzy.insight.recall import Recalled  # documents are made of what stands here, and need no more than that

RECORDS_MAX = 1_000_000  # all are held in memory at once, about a kilobyte each
PATHS_MAX = 1_000  # the keys of what users wrote are theirs, and may be many
DEPTH_MAX = 100
# A path that begins so asks nothing of the records, which then need not be read.
_ELSEWHERE = re.compile(r"\$\s*(\.\s*(summary|header)(?![\w-])|\[\s*(['\"])(summary|header)\3\s*\])")
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}


class Match(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """A value that was found, and its normalized path."""

    path: str
    value: Any


class KnownPath(Camel, frozen=True, kw_only=True):
    """A path there is and the types of what stands there; `[*]` stands for every place of an array."""

    path: str
    types: list[str]


class Paths(NamedTuple):
    """The paths there are, in the order they come up, and how many more there are."""

    listed: list[KnownPath]
    more: int


def document(recalled: Recalled, *, with_records: bool = True) -> dict[str, Any]:
    """A run as one JSON value. *Limits*: `RECORDS_MAX`. *Errors*: `StoreError`; `EvidenceError` for a bad trace."""
    records = list(_records(recalled)) if with_records else []
    header = msgspec.to_builtins(recalled.header) if recalled.header is not None else None
    return {"summary": msgspec.to_builtins(recalled.summary), "header": header, "records": records}


def query(recalled: Recalled, path: str) -> Iterator[Match]:
    """Every value the path finds, in the order of RFC 9535. *Errors*: `UsageError` when it is no JSONPath."""
    from jsonpath_rfc9535 import JSONPathError
    from jsonpath_rfc9535 import compile as compile_path

    try:
        compiled = compile_path(path)
        for node in compiled.finditer(document(recalled, with_records=not _ELSEWHERE.match(path))):
            yield Match(path=node.path(), value=node.value)
    except (JSONPathError, RecursionError) as error:
        said = str(error).partition(", line")[0]
        hint = "such as $.summary.status or $.records[?@.kind=='step'].note; see RFC 9535"
        raise UsageError("report.bad_path", f'"{path}" is not a JSONPath: {said}', hint=hint) from error


def paths(recalled: Recalled) -> Paths:
    """The paths a run has. *Limits*: `PATHS_MAX`; what lies deeper than `DEPTH_MAX` is not gone into."""
    found: dict[str, dict[str, None]] = {}
    _walk(document(recalled), "$", 0, found)
    listed = [KnownPath(path=path, types=list(types)) for path, types in found.items()]
    return Paths(listed[:PATHS_MAX], max(0, len(listed) - PATHS_MAX))


def _records(recalled: Recalled) -> Iterator[dict[str, Any]]:
    if recalled.trace is None:
        return
    with open_trace(recalled.trace) as trace:
        for number, record in enumerate(trace.records() if trace.is_sealed else trace.whole_records()):
            if number >= RECORDS_MAX:
                message = f"{trace.shown} has more than {RECORDS_MAX:,} records"
                raise StoreError("report.too_many", message, hint=f"fozzy trace show {trace.shown} --from 0 --to 1000")
            yield {"n": number, **msgspec.to_builtins(record)}


def _walk(value: Any, path: str, depth: int, found: dict[str, dict[str, None]]) -> None:
    """Note a path and all below it. Types are kept in the order they come up."""
    found.setdefault(path, {})[_NAMES.get(type(value), "null")] = None
    if depth >= DEPTH_MAX:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _walk(inner, f"{path}[{_quoted(key)}]", depth + 1, found)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, f"{path}[*]", depth + 1, found)


def _quoted(key: str) -> str:
    """A member's name as a normalized path has it (RFC 9535, 2.7)."""
    plain = msgspec.json.encode(key).decode()[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{plain}'"

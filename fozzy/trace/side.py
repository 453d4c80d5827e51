"""Side files: what stands beside a trace because it differs between two runs of the same inputs.

`<stem>.profile.json` has the real time of every record and what user code did; `<stem>.coverage.json` has the lines of
the user's files that ran. The stem is that of the trace in the run's folder. `traceDigest` is the seal of the trace a
side file belongs to; it is empty when that trace was not kept, which only happens to coverage.
"""

from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from fozzy.core.outcome import Camel
from fozzy.errors import EvidenceError, StoreError, Where
from fozzy.trace.finalize import shown_path
from fozzy.trace.format import SUFFIX
from fozzy.trace.store import write_whole

SIDE_VERSION = 1
SIDE_BYTES_MAX = 256 << 20  # ten million records have about 70 MB of times
PROFILE, COVERAGE = ".profile.json", ".coverage.json"

Kind = Literal[".profile.json", ".coverage.json"]


class FunctionNode(Camel, frozen=True, kw_only=True):
    """A function in the tree of one call; `real_ns` includes what it called. `at` is empty for what is not the user's."""

    name: str
    at: str = ""
    calls: int
    real_ns: int
    inside: list["FunctionNode"] = []


class Site(Camel, frozen=True, kw_only=True):
    """A line and what a call left of its allocations; less than nothing when it gave back those of earlier calls."""

    at: str
    bytes: int
    count: int


class CallProfile(Camel, frozen=True, kw_only=True):
    """One `call` of user code, in the order of the run. Nothing is known of one that hung or died.

    `living_bytes` is what it left behind, `peak_bytes` the most it had at once, both from where it began.
    """

    function: str
    functions: list[FunctionNode] = []
    living_bytes: int | None = None
    peak_bytes: int | None = None
    sites: list[Site] = []


class ProfileFile(Camel, frozen=True, kw_only=True):
    """Real time. `record_ns[n]` is how long after the record before it record n was made; `end_ns` is what came after
    the last one. *Units*: nanoseconds."""

    schema_version: int
    trace_digest: str
    scenario: str
    case: str = ""
    record_ns: list[int]
    end_ns: int
    calls: list[CallProfile] = []
    memory: bool = False  # whether allocations were watched


class CoverageFile(Camel, frozen=True, kw_only=True, omit_defaults=False):
    """The lines that ran, by file relative to the project's root; lines of an import are among them."""

    schema_version: int
    trace_digest: str
    scenario: str = ""
    case: str = ""
    files: dict[str, list[int]]


Side = TypeVar("Side", ProfileFile, CoverageFile)


def side_path(trace: Path, kind: Kind) -> Path:
    """Where the side file of a trace stands."""
    return trace.with_name(trace.name.removesuffix(SUFFIX) + kind)


def write_side(path: Path, side: ProfileFile | CoverageFile) -> None:
    """Write a side file whole or not at all. *Errors*: `StoreError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.encode(side) + b"\n")
    except OSError as error:
        raise StoreError("store.unwritable", f"cannot write {shown_path(path)}: {error.strerror or error}") from error


def read_side(path: Path, kind: type[Side]) -> Side | None:
    """A side file, none when there is none. *Limits*: `SIDE_BYTES_MAX`. *Errors*: `StoreError` when it cannot be read,
    `EvidenceError` when it makes no sense."""
    shown = shown_path(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(SIDE_BYTES_MAX + 1)
        if len(data) > SIDE_BYTES_MAX:
            raise _damaged(shown, f"has more than {SIDE_BYTES_MAX:,} bytes")
        side = msgspec.json.decode(data, type=kind)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError("store.unreadable", f"cannot read {shown}: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(shown, f"makes no sense: {error}") from error
    if side.schema_version > SIDE_VERSION:
        raise _damaged(shown, f"has format {side.schema_version}; this fozzy reads up to {SIDE_VERSION}")
    return side


def _damaged(shown: str, what: str) -> EvidenceError:
    hint = "remove it; fozzy run --profile or --coverage makes a new one"
    return EvidenceError("store.damaged_side_file", f"{shown} {what}", hint=hint, where=Where(shown))
